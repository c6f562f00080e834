//! The commands, one file each, and the table of them.

pub mod bundle;
mod certinfo;
mod completions;
mod crl;
mod db;
pub mod expiry;
mod gencert;
mod gencrl;
mod gencsr;
mod genkey;
mod help;
mod info;
mod man;
pub mod manual;
pub mod mkbundle;
mod multirootca;
mod ocspdump;
mod ocsprefresh;
mod ocspserve;
mod ocspsign;
mod print_defaults;
mod renew;
mod revoke;
mod scan;
mod selfsign;
mod serve;
mod sign;
mod table;
mod version;

pub use table::{Command, find};
pub use version::print as print_version;

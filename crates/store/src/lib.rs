//! Certificate databases: cfssl's two tables in SQLite, PostgreSQL, MySQL or MariaDB.
//!
//! A [`Store`] is asynchronous, for a server; [`blocking::Store`] is the same for commands,
//! with its own runtime. cfssl and this crate can share a database: tables, columns and
//! values are the same.

pub mod blocking;
mod config;
mod connection;
mod dsn;
mod error;
mod moment;
mod own;
mod pool;
mod revoked;
mod rows;
mod schema;
mod sql;
mod store;

pub use config::{Config, Driver};
pub use error::{Error, Kind, Result};
pub use own::Own;
pub use revoked::Revoked;
pub use schema::{Counts, Version};
pub use store::{Pages, Select, Store};

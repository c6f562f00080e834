//! The network: addresses, connections, TLS, HTTP, and the system's roots. Nothing
//! here is set up before a command asks for it.

pub mod address;
pub mod dial;
pub mod hello;
pub mod http;
pub mod roots;
pub mod tls;

//! What a server and the service manager that runs it say to each other.

use std::net::TcpListener;

/// What a server is doing, for the service manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It serves; also after a reload.
    Ready,
    /// It reads its files again.
    Reloading,
    /// It finishes the requests in progress.
    Stopping,
}

/// The service manager's side of a server.
pub struct Host {
    /// A socket that is open already. The server then opens none of its own.
    pub listener: Option<TcpListener>,
    /// Takes each change of state.
    pub report: fn(State),
}

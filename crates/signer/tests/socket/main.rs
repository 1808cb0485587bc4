//! A signer behind a real socket, and clients that mean well, or do not.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail as its own lines do"
)]

mod honest;
mod hostile;
mod log;
mod world;

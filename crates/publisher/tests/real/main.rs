//! The publisher against the real thing: Nix itself, tar, xz, zstd, and HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail as its own lines do"
)]

mod cache;
mod keys;
mod killed;
mod latest;
mod latest_attacks;
mod locks;
mod log_attacks;
mod mend;
mod release;
mod release_log;
mod repair;
mod retention;
mod server;
mod staging;
mod tampering;
mod upstream;
mod verify;
mod world;

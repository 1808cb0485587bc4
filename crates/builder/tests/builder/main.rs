//! The builder against a real Nix, with stores in temporary folders.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail as its own lines do"
)]

mod build;
mod evaluate;
mod faults;
mod nixpkgs;
mod store;
mod world;

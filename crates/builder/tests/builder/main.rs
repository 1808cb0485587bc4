//! The builder against a real Nix, with stores in temporary folders.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail as its own lines do"
)]

mod bounds;
mod build;
mod carried;
mod classes;
mod confined;
mod evaluate;
mod faults;
mod gate;
mod nixpkgs;
mod package_tests;
mod remote;
mod store;
mod world;

//! Picket's test world: everything outside of Picket, small but real.
//!
//! A stateful fake GitHub over HTTP, a small nixpkgs that really evaluates and builds, throw-away
//! Nix stores, the official channel with its signed binary cache, and a throw-away PostgreSQL.
//! Used by tests and by the demo.

pub mod github;
pub mod nix;
pub mod nixpkgs;
pub mod official;
pub mod postgres;

//! The evaluator against a real Nix, with stores in temporary folders.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail as its own lines do"
)]

mod bounds;
mod hostile;
mod jobs;
mod traces;
mod world;

//! The router as a whole, on a real database, a real git repository and real files.

#![expect(
    clippy::unwrap_used,
    reason = "what a test stands on is there, or the test fails"
)]

mod api;
mod common;
mod conflicts;
mod decisions;
mod files;
mod hostile;
mod pages;
mod resolving;
mod seen;
mod sign_in;

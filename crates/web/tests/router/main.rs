//! The router as a whole, on a real database, a real git repository and real files.

#![expect(
    clippy::unwrap_used,
    reason = "what a test stands on is there, or the test fails"
)]

mod accounts;
mod addresses;
mod advisories;
mod api;
mod below_path;
mod builds;
mod common;
mod compressed;
mod conflicts;
mod decisions;
mod dismissals;
mod exploited;
mod feeds;
mod files;
mod forms;
mod health;
mod hostile;
mod impacts;
mod large;
mod latest;
mod long_lists;
mod out;
mod own_patches;
mod pages;
mod ports;
mod pushes;
mod receptions;
mod release_log;
mod resolving;
mod search;
mod seen;
mod sign_in;
mod targets;
mod trojan;
mod unseen;
mod webhook;

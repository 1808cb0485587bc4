//! The merger on real repositories.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;
#[path = "../../../mirror/tests/it/upstream.rs"]
mod upstream;

mod alone;
mod conflicting;
mod contained;
mod diff;
mod explain;
mod forms;
mod hostile;
mod investigate;
mod like_git;
mod merges;
mod opinion;
mod picks;
mod ports;
mod pushed;
mod resolutions;
mod resolve;
mod unavailable;

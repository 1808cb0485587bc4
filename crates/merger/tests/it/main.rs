//! The merger on real repositories.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

mod base;
mod contained;
mod diff;
mod explain;
mod export;
mod fetch;
mod investigate;
mod like_git;
mod merges;
mod mirror;
mod opinion;
mod picks;
mod publish;
mod pushed;
mod reference;
mod resolve;

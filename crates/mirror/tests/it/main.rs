//! The mirror on real repositories.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;
#[expect(dead_code, reason = "the merger's tests share it")]
mod upstream;

mod base;
mod branches;
mod export;
mod fetch;
mod lost;
mod maintenance;
mod mirror;
mod own;
mod push;
mod reference;
mod transport;

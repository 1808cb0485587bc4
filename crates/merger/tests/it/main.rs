//! The merger on real repositories.

mod support;

mod base;
mod contained;
mod diff;
mod export;
mod fetch;
mod like_git;
mod merges;
mod mirror;
mod picks;
mod publish;

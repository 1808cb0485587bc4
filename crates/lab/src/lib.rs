//! What measures: [`replay`] holds Picket's merges against those that people and git made.
//!
//! The benches are in `benches/`; `cargo xtask bench` runs them.

pub mod replay;

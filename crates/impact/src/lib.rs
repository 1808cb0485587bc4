#![doc = include_str!("../README.md")]

mod cancel;
mod carry;
mod changed;
mod checkout;
mod cleaning;
mod compare;
mod counted;
mod dirt;
#[cfg(test)]
mod dirt_tests;
mod doubles;
mod error;
mod estimate;
mod finding;
mod follow;
mod git;
mod graph;
mod impact;
mod index;
mod laboratory;
mod overlay;
mod progress;
mod questions;
mod rebuilt;
mod references;
mod source;
mod subject;
mod times;
mod walker;
mod words;
mod worker;
mod workshop;

pub use cancel::Cancel;
pub use compare::{Changed, Differences, Failing};
pub use error::ImpactError;
pub use finding::{AttributePath, Finding, Findings, Package};
pub use impact::{Exact, Impact};
pub use laboratory::Laboratory;
pub use picket_evaluator::Limits;
pub use progress::Progress;
pub use subject::{JobSet, Setting};

//! What is built when: what is ready, the longest way to the end first; as much at a time as the
//! machines take, over all runs.

mod durations;
mod graph;
mod machines;
mod order;
mod slots;

pub use durations::Durations;
pub(crate) use graph::Graph;
pub(crate) use machines::{Lane, Machines};
pub(crate) use order::Order;
pub(crate) use slots::{Rank, Slots};

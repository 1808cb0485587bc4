//! Picket end to end: the program as it is shipped, in a world of its own.
//!
//! [`Stage`] is a running world (nixpkgs, a stand-in for GitHub, the official channel) and the
//! `picket serve` process that works in it. Everything goes over HTTP and through real programs:
//! nothing here reaches into Picket.

mod command;
mod machine;
mod picket;
mod stage;

pub use command::{Ran, run, run_demo};
pub use machine::Machine;
pub use picket::{LogLine, Picket, SignServer, demo_program, program};
pub use stage::{Stage, eventually};

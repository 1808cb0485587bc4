//! The demo: a world to run in, people who decide, and a report of what came of it.
//!
//! Everything is real but small: a nixpkgs that builds, git, Nix, signatures, a web server. What
//! stands in for the world outside comes from `picket-testkit`. It is a program of its own, so
//! that Picket's holds nothing of the sort.

mod cli;
mod evidence;
mod person;
mod report;
mod run;
mod scene;
mod world;

pub use cli::Demo;
pub use person::Person;
pub use report::{PickReport, Report};
pub use run::main;
pub use scene::{Scene, Timing};
pub use world::{CHANNEL, World};

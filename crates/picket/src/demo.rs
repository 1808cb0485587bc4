//! The demo's parts: a world to run in, people who decide, and a report of what came of it.
//!
//! Everything is real but small: a nixpkgs that builds, git, Nix, signatures, a web server. What
//! stands in for the world outside comes from `picket-testkit`.

mod person;
mod report;
mod scene;
mod world;

pub use person::Person;
pub use report::{PickReport, Report};
pub use scene::{Scene, Timing};
pub use world::{CHANNEL, World};

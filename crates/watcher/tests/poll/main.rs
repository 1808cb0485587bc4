//! The watcher against the fake GitHub, over real HTTP.

mod failures;
mod hostile;
mod receptions;
mod resuming;
mod sweeping;
mod watching;
mod world;

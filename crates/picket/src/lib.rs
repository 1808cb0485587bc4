//! The `picket` program: command line, configuration, wiring, and the reconcile loop.
//!
//! Everything that does one kind of work is a crate of its own; here they are put together.
//! [`Service`] is Picket on one machine: it opens what the configuration names, serves the web
//! side, and reconciles. [`reconcile`] is the loop itself.

pub mod cli;
mod commands;
pub mod config;
pub mod demo;
mod dirs;
pub mod logging;
pub mod reconcile;
mod service;

pub use config::Config;
pub use dirs::Dirs;
pub use service::Service;

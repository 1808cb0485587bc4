//! The `picket` program: command line, configuration and wiring.
//!
//! Everything that does one kind of work is a crate of its own; here they are put together.
//! [`Service`] is Picket on one machine: it opens what the configuration names, serves the web
//! side, and lets [`picket_reconcile::Engine`] work.

pub mod cli;
mod commands;
pub mod config;
mod connections;
mod fresh;
pub mod logging;
mod process;
mod service;
mod signing;

pub use config::Config;
pub use picket_reconcile::Dirs;
pub use process::{stop_on_signals, use_tls};
pub use service::Service;

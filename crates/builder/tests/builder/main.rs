//! The builder against a real Nix, with stores in temporary folders.

mod build;
mod evaluate;
mod faults;
mod store;
mod world;

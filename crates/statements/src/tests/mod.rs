//! Channels in which something of everything happens, and what is stated of them.

mod derivation;
mod forms;
mod schemas;
mod world;

//! Mirrors of a public folder: in a store that writes down what is done with it, in a real S3 server on
//! loopback, and in folders.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail as its own lines do"
)]

mod bucket;
mod folder;
mod order;
mod outages;
mod recorder;
mod server;
mod shared;
mod world;

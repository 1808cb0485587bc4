//! The store on a real SQLite file and a real PostgreSQL server: every test runs on both.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, a failure is best shown where it happens"
)]

#[macro_use]
mod engines;
mod fixtures;

mod accounts;
mod audit;
mod candidates;
mod deliveries;
mod facts;
mod junk;
mod migrations;
mod opening;
mod own_patches;
mod records;
mod refreshed;
mod releases;
mod resolutions;
mod sessions;

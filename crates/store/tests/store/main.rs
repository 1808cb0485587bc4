//! The store on a real SQLite file and a real PostgreSQL server: every test runs on both.

#[macro_use]
mod engines;
mod fixtures;

mod audit;
mod facts;
mod junk;
mod migrations;
mod opening;
mod records;
mod releases;
mod sessions;

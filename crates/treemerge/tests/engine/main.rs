//! The engine against the real `git`.

mod attributes;
mod by_name;
mod conflicts;
mod cost;
mod fuzzed;
mod known;
mod moves;
mod proposals;
mod put;
mod random;
mod repository;
mod steps;

//! The engine against the real `git`.

mod attributes;
mod by_name;
mod conflicts;
mod cost;
mod known;
mod proposals;
mod put;
mod random;
mod repository;

//! The engine against the real `git`.

mod attributes;
mod by_name;
mod conflicts;
mod cost;
mod known;
mod put;
mod random;
mod repository;

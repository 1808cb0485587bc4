//! The engine against the real `git`.

mod attributes;
mod by_name;
mod cost;
mod known;
mod random;
mod repository;

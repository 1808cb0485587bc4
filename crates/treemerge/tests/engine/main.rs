//! The engine against the real `git`.

mod by_name;
mod known;
mod random;
mod repository;

//! The engine against the real `git`.

mod random;
mod repository;

//! The router as a whole, on a real database, a real git repository and real files.

mod api;
mod common;
mod decisions;
mod files;
mod pages;
mod sign_in;

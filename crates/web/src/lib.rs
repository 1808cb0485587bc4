//! Picket's web side: the pages, the JSON API, and the channel and cache endpoints.
//!
//! [`router`] makes one axum service of an [`AppState`]. Everything that it shows is derived from
//! the store's facts at every request; the only things that it writes are the audit log's entries
//! (a person's decisions, with the files that they name) and sessions. After each decision it wakes
//! the reconciler.
//!
//! - [`ROUTES`] is the table that the router is built from.
//! - `pages` are for people, `api` for scripts, `files` for Nix clients, `ops` for monitoring.
//! - `seen` is what an approval covers, `conflict` what a resolution is of, and `proposal` what
//!   Picket would make of it: forms carry a digest of what their page showed of those.
//! - `sign_in` and `forms` are the only ways to become, and to act as, a person.

mod api;
mod assets;
mod checked;
mod conflict;
mod decide;
mod error;
mod files;
mod forms;
mod headers;
mod look;
mod ops;
mod pages;
mod proposal;
mod routes;
mod seen;
mod shell;
mod sign_in;
mod state;
mod time;
mod view;

pub use files::reserved::is_reserved;
pub use routes::{ROUTES, Route, router};
pub use sign_in::{DemoPerson, GitHubSignIn, GitHubSignInError, GitHubSignInSettings, SignIn};
pub use state::{AppState, ChannelInfo, Health};

//! Picket's web side: the pages, the JSON API, and the channel and cache endpoints.
//!
//! [`router`] makes one axum service of an [`AppState`]. Everything that it shows is derived from
//! the store's facts at every request; the only things that it writes are the audit log's entries
//! (a person's decisions, with the files that they name) and sessions. After each decision it wakes
//! the reconciler.
//!
//! - [`ROUTES`] is the table that the router is built from.
//! - `pages` are for people, `api` for scripts, `files` for Nix clients, `feeds` for feed readers and
//!   scanners, `ops` for monitoring.
//! - `stated` keeps what is stated of what is fixed and what is not, and `search` looks it up.
//! - `decide` is what a member's decisions do, and `conflict` all that is done with a pick that
//!   conflicts. Forms carry a digest of what their page showed; what that means for a decision are
//!   rules of `picket_domain`.
//! - `identity` is how people prove who they are, `session` who is asking; `sign_in` and `forms` are
//!   the only ways to become, and to act as, a person.
//! - `page_threads` are where all but files is made, so that Nix clients never wait for pages.
//! - `prefix` puts the path of the server's address before those on it, where it has one.

mod aim;
mod api;
mod assets;
mod builds;
mod chain;
mod clock;
mod compress;
mod conflict;
mod decide;
mod delta;
mod error;
mod extract;
mod feeds;
mod files;
mod forms;
mod headers;
mod identity;
mod lag_chart;
mod layout;
mod lines;
mod log_line;
mod look;
mod odd;
mod ops;
mod page_threads;
mod pages;
mod prefix;
mod reception;
mod reserved;
mod risks;
mod routes;
mod search;
mod session;
mod sign_in;
mod state;
mod stated;
mod stream;
mod streams;
mod time;
mod versions;
mod view;
mod waivers;
mod webhook;

pub use conflict::Conflicts;
pub use files::SmallFiles;
pub use identity::{
    DemoPerson, GitHubSignIn, GitHubSignInError, GitHubSignInSettings, SignIn, Tries,
};
pub use reserved::is_reserved;
pub use risks::Risks;
pub use routes::{ROUTES, Route, router};
pub use state::{AppState, ChannelInfo};
pub use stated::Feeds;
pub use streams::Streams;

//! For those who run the server.

mod comments;
mod healthz;
mod metrics;
mod mirrors;
mod prometheus;
mod reviews;
mod sources;

pub(crate) use healthz::healthz;
pub(crate) use metrics::metrics;

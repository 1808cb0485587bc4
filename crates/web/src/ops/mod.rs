//! For those who run the server.

mod healthz;
mod metrics;
mod prometheus;
mod sources;

pub(crate) use healthz::healthz;
pub(crate) use metrics::metrics;

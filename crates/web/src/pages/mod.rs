//! The pages, one a file: the template's data, and the handler that fills it in.

pub(crate) mod audit_log;
pub(crate) mod build;
pub(crate) mod candidate;
pub(crate) mod channel;
pub(crate) mod form;
pub(crate) mod log;
pub(crate) mod nominate;
mod notice;
pub(crate) mod own_patch;
pub(crate) mod queue;
pub(crate) mod search;
pub(crate) mod subscribe;

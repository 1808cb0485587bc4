//! What history tells: which commits a pull request has, and which of them a base has.

pub(crate) mod known;
pub(crate) mod source;

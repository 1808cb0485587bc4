//! The expression that workers evaluate.

/// What workers are asked with.
pub(crate) const WALKER: &str = include_str!("worker.nix");

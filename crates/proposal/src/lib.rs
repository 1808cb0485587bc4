//! Proposals for conflicts: what a person would probably make of them.

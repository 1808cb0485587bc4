//! The program's commands, one a file.

pub(crate) mod accounts;
pub(crate) mod audit_log;
pub(crate) mod check_config;
mod clone;
pub(crate) mod explain;
pub(crate) mod gc;
pub(crate) mod impact;
pub(crate) mod keygen;
pub(crate) mod mirror;
pub(crate) mod recognise;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod sign_server;
pub(crate) mod tarball;
pub(crate) mod verify;

//! The command line: what it prints, refuses and leaves behind.

mod accounts;
mod audit_log;
mod demo;
mod explain;
mod files;
mod gc;
mod help;
mod mirror;
mod recognise;
mod replay;
mod serve;
mod tarball;

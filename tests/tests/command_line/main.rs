//! The command line: what it prints, refuses and leaves behind.

mod audit_log;
mod demo;
mod explain;
mod files;
mod help;
mod replay;
mod serve;

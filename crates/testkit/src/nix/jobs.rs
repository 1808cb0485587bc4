//! Trees with small job sets, written by tests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

/// What job files are written with, as `helpers.nix` beside them: `mk NAME SCRIPT` is a derivation
/// whose builder is a shell script of built-ins, and `mkWith { .. } SCRIPT` one with more
/// attributes.
pub const HELPERS: &str = r#"
rec {
  mk = name: script: mkWith { inherit name; } script;
  mkWith = more: script: derivation ({
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" script ];
  } // more);
}
"#;

/// A job file with this text, in which what [`HELPERS`] has is in scope.
pub fn with_helpers(jobs: &str) -> String {
    format!("with import ./helpers.nix;\n{jobs}\n")
}

/// Writes files below a folder, by their paths there. Content that reads `-> TARGET` makes a
/// symbolic link.
///
/// # Errors
/// Where they cannot be written.
pub fn write_files(folder: &Path, files: &[(&str, &str)]) -> Result<()> {
    for (path, content) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        match content.strip_prefix("-> ") {
            Some(target) => symlink(target, path)?,
            None => fs::write(path, content)?,
        }
    }
    Ok(())
}

//! The Rust files of the project.

use std::fs;
use std::path::PathBuf;

use super::root;

/// Every source file, by its path from the root.
pub(crate) fn all() -> Vec<PathBuf> {
    let mut sources = Vec::new();
    let mut folders = ["crates", "fuzz", "tests", "xtask"]
        .map(|it| root().join(it))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("an entry of ours").path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                sources.push(path.strip_prefix(root()).expect("it is below").to_owned());
            }
        }
    }
    assert!(sources.len() > 500, "only {} were found", sources.len());
    sources
}

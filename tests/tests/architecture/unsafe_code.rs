//! Unsafe code is in one file.

use std::fs;

use super::{root, sources};

/// The file: what it does, no library does.
const HERE: &str = "crates/reads/src/kernel.rs";

#[test]
fn unsafe_code_is_in_one_file() {
    let permits = |text: &str| {
        let lines = text.lines().map(str::trim_start);
        let mut attributes = lines.filter(|line| line.starts_with("#[") || line.starts_with("#!["));
        attributes.any(|line| line.contains("unsafe_code"))
    };
    let mut found = sources::all();
    found.retain(|path| permits(&fs::read_to_string(root().join(path)).unwrap()));
    let found: Vec<_> = found.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(found, [HERE]);
}

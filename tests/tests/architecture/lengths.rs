//! No source file is about more than one thing: none has more than 400 lines.

use std::collections::BTreeSet;
use std::fs;

use super::root;

const MOST: usize = 400;

/// The ones that have more, each a list of cases of one kind; none is to be added.
const LONGER: &[&str] = &[
    "crates/picket/tests/config.rs",
    "tests/tests/command_line/help.rs",
];

#[test]
fn no_source_file_is_long() {
    let (mut sources, mut long) = (0, BTreeSet::new());
    let mut folders = ["crates", "fuzz", "tests", "xtask"]
        .map(|it| root().join(it))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                sources += 1;
                if fs::read_to_string(&path).unwrap().lines().count() > MOST {
                    let path = path.strip_prefix(root()).unwrap();
                    long.insert(path.to_str().unwrap().to_owned());
                }
            }
        }
    }
    assert!(sources > 500, "only {sources} files were found");
    let known = LONGER.iter().map(ToString::to_string).collect();
    let new: Vec<_> = long.difference(&known).collect();
    assert!(
        new.is_empty(),
        "these have more than {MOST} lines: {new:#?}"
    );
    let shorter: Vec<_> = known.difference(&long).collect();
    assert!(shorter.is_empty(), "take off the list: {shorter:#?}");
}

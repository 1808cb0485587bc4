//! No source file is about more than one thing: none has more than 400 lines.

use std::collections::BTreeSet;
use std::fs;

use super::{root, sources};

const MOST: usize = 400;

/// The ones that have more, each a list of cases of one kind; none is to be added.
const LONGER: &[&str] = &[
    "crates/picket/tests/config.rs",
    "tests/tests/command_line/help.rs",
];

#[test]
fn no_source_file_is_long() {
    let mut long = BTreeSet::new();
    for path in sources::all() {
        if fs::read_to_string(root().join(&path))
            .unwrap()
            .lines()
            .count()
            > MOST
        {
            long.insert(path.to_str().unwrap().to_owned());
        }
    }
    let known = LONGER.iter().map(ToString::to_string).collect();
    let new: Vec<_> = long.difference(&known).collect();
    assert!(
        new.is_empty(),
        "these have more than {MOST} lines: {new:#?}"
    );
    let shorter: Vec<_> = known.difference(&long).collect();
    assert!(shorter.is_empty(), "take off the list: {shorter:#?}");
}

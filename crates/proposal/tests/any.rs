//! What must hold of proposals for any files.

use picket_proposal::{ConflictedFile, HunkChoice, assemble, hunks, propose};
use proptest::prelude::*;

/// Files that differ as versions of one file do: lines of a small package, some of them left out
/// or with another value.
fn nix() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        (0..4u8).prop_map(|n| format!("  version = \"{n}\";")),
        (0..4u8).prop_map(|n| format!("  hash = \"sha256-{n}\";")),
        (0..4u8, 0..4u8).prop_map(|(a, b)| format!("  attribute{a} = [ a{b} b{a} ];")),
        (0..6u8).prop_map(|n| format!("  # remark {n}")),
        Just(String::new()),
    ];
    let lines = prop::collection::vec(line, 0..12);
    lines.prop_map(|lines| format!("{{\n{}\n}}\n", lines.join("\n")).into_bytes())
}

fn file<'a>(path: &'a str, texts: &'a [Vec<u8>; 3]) -> ConflictedFile<'a> {
    let [base, ours, theirs] = texts;
    ConflictedFile {
        path,
        base: Some(base),
        ours: Some(ours),
        theirs: Some(theirs),
    }
}

fn parses(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| rnix::Root::parse(text).errors().is_empty())
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(
        texts in prop::array::uniform3(prop::collection::vec(any::<u8>(), 0..200)),
        is_nix in any::<bool>(),
    ) {
        let path = if is_nix { "default.nix" } else { "patch" };
        let proposals = propose(&[file(path, &texts)]);
        prop_assert_eq!(proposals.len(), 1);
        let _ = hunks(&file(path, &texts));
    }

    #[test]
    fn where_all_sides_are_nix_so_is_the_proposal(texts in prop::array::uniform3(nix())) {
        prop_assume!(texts.iter().all(|text| parses(text)));
        let file = file("default.nix", &texts);
        if let Some(content) = propose(&[file]).remove(0).and_then(|it| it.content) {
            prop_assert!(parses(&content), "{}", String::from_utf8_lossy(&content));
        }
    }

    #[test]
    fn a_proposal_is_what_its_hunks_make(texts in prop::array::uniform3(nix())) {
        let file = file("default.nix", &texts);
        let proposal = propose(&[file]).remove(0).and_then(|it| it.content);
        let count = hunks(&file).map_or(0, |hunks| hunks.len());
        if let Some(content) = proposal {
            let made = assemble(&file, &vec![HunkChoice::Proposal; count]);
            prop_assert_eq!(made, Some(content));
        }
        prop_assert_eq!(assemble(&file, &vec![HunkChoice::Ours; count + 1]), None);
    }

    /// With ours chosen everywhere, the file is ours wherever the pull request did not change
    /// anything that merges by itself; so it is where the pull request's file is the base.
    #[test]
    fn choosing_ours_where_they_changed_nothing_is_ours([base, ours] in prop::array::uniform2(nix())) {
        let texts = [base.clone(), ours.clone(), base];
        let file = file("default.nix", &texts);
        let count = hunks(&file).map_or(0, |hunks| hunks.len());
        prop_assert_eq!(assemble(&file, &vec![HunkChoice::Ours; count]), Some(ours));
    }
}

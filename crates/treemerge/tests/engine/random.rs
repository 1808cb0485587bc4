//! Random trees and edits, merged by this engine and by git.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    fuzzed,
    moves::moved_case,
    repository::{Case, Entry, Scratch, Tree},
    steps::{DIRECTORIES, Edit, NAMES, Path, Step, apply, apply_edits, line, put},
};

fn path() -> impl Strategy<Value = Path> {
    (0..DIRECTORIES.len(), 0..NAMES.len()).prop_map(|(directory, name)| Path { directory, name })
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>().prop_map(line), 0..14).prop_map(|lines| lines.concat())
}

fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        8 => content().prop_map(Entry::File),
        1 => content().prop_map(Entry::Executable),
        1 => (0_u8..3).prop_map(|target| Entry::Symlink(vec![b'x' + target])),
        1 => (1_u8..4).prop_map(Entry::Submodule),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = 0_usize..14;
    prop_oneof![
        6 => (at.clone(), any::<u8>()).prop_map(|(at, line)| Edit::Replace { at, line }),
        6 => (at.clone(), any::<u8>()).prop_map(|(at, line)| Edit::Insert { at, line }),
        3 => (at.clone(), 1_usize..4).prop_map(|(at, count)| Edit::Remove { at, count }),
        2 => at.prop_map(|at| Edit::Swap { at }),
        1 => Just(Edit::NoLastNewline),
        1 => Just(Edit::CrLf),
        1 => Just(Edit::Nul),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let file = 0_usize..12;
    let edits = || prop::collection::vec(edit(), 1..4);
    prop_oneof![
        8 => (file.clone(), edits()).prop_map(|(file, edits)| Step::Edit { file, edits }),
        4 => (file.clone(), path(), prop::collection::vec(edit(), 0..2))
            .prop_map(|(file, to, edits)| Step::Rename { file, to, edits }),
        2 => (1..DIRECTORIES.len(), 0..DIRECTORIES.len())
            .prop_map(|(from, to)| Step::RenameDirectory { from, to }),
        2 => file.clone().prop_map(|file| Step::Remove { file }),
        1 => (1..DIRECTORIES.len()).prop_map(|directory| Step::RemoveDirectory { directory }),
        2 => (path(), entry()).prop_map(|(path, entry)| Step::Add { path, entry }),
        1 => (file.clone(), path()).prop_map(|(file, path)| Step::Copy { file, path }),
        1 => file.clone().prop_map(|file| Step::Mode { file }),
        1 => (file.clone(), 0_u8..3).prop_map(|(file, target)| Step::Link { file, target }),
        1 => (file, 1_u8..4).prop_map(|(file, commit)| Step::Submodule { file, commit }),
    ]
}

fn base() -> impl Strategy<Value = Tree> {
    prop::collection::vec((path(), entry()), 1..12).prop_map(|files| {
        let mut tree = Tree::new();
        for (path, entry) in files {
            put(&mut tree, path.bytes(), entry);
        }
        tree
    })
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    let steps = || prop::collection::vec(step(), 0..6);
    (base(), steps(), steps()).prop_map(|(base, ours, theirs)| {
        let side = |steps: &[Step]| {
            let mut tree = base.clone();
            steps.iter().for_each(|step| apply(&mut tree, step));
            tree
        };
        let (ours, theirs) = (side(&ours), side(&theirs));
        [base, ours, theirs]
    })
}

/// One file, edited on both sides, of few different lines: the diff's tie-breaks decide.
fn text_case() -> impl Strategy<Value = Case> {
    let edits = || prop::collection::vec(edit(), 1..8);
    let text = prop::collection::vec((0_u8..28).prop_map(line), 4..60).prop_map(|l| l.concat());
    (text, edits(), edits()).prop_map(|(text, ours, theirs)| {
        let side = |edits: &[Edit]| {
            let mut entry = Entry::File(text.clone());
            apply_edits(&mut entry, edits);
            Tree::from([(b"f".to_vec(), entry)])
        };
        [side(&[]), side(&ours), side(&theirs)]
    })
}

pub(crate) fn generate(
    strategy: &impl Strategy<Value = Case>,
    seed: u8,
    count: usize,
) -> Vec<Case> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).expect("a case").current())
        .collect()
}

/// The cases that the engines see differently; at least a tenth must be clean merges and a tenth
/// conflicts, or the cases prove little.
fn check(cases: &[Case]) {
    let compared = Scratch::compare(cases);
    let clean = compared
        .iter()
        .filter(|compared| compared.tree().is_some())
        .count();
    assert!(
        clean * 10 > cases.len() && clean * 10 < cases.len() * 9,
        "{clean} clean merges"
    );
    let mut wrong: Vec<_> = cases
        .iter()
        .zip(&compared)
        .filter(|(_, compared)| !compared.agree())
        .collect();
    wrong.sort_by_key(|(case, _)| format!("{case:?}").len());
    let count = wrong.len();
    if let Some((case, compared)) = wrong.first() {
        panic!(
            "{count} of {} differ, the smallest: {compared:#?} of {case:?}",
            cases.len()
        );
    }
}

#[test]
fn trees_merge_as_gits() {
    check(&generate(&case(), 1, 500));
}

#[test]
fn texts_merge_as_gits() {
    check(&generate(&text_case(), 2, 500));
}

#[test]
fn moves_are_followed_as_gits() {
    check(&generate(&moved_case(), 3, 250));
}

#[test]
#[ignore = "minutes long: for changes of the engine"]
fn many_merge_as_gits() {
    for seed in 10..30 {
        check(&generate(&case(), seed, 3000));
        check(&generate(&text_case(), seed, 3000));
        check(&generate(&moved_case(), seed, 3000));
    }
}

/// The fuzz targets' bodies, of random bytes.
#[test]
fn fuzz_targets_hold() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[8; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = prop::collection::vec(any::<u8>(), 0..400);
    for _ in 0..2000 {
        let data = strategy.new_tree(&mut runner).expect("bytes").current();
        fuzzed::texts(&data);
        fuzzed::trees(&data);
    }
}

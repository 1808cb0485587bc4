//! Random trees and edits, merged by this engine and by git.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::repository::{Case, Entry, Scratch, Tree};

/// Directories and names are few, so that sides meet.
pub(crate) const DIRECTORIES: [&str; 6] = ["", "a/", "a/b/", "b/", "c/", "c/d/"];
pub(crate) const NAMES: [&str; 7] = ["x", "y", "z", "t", "t-2", "a", "\u{e4}"];

#[derive(Clone, Debug)]
enum Edit {
    Replace { at: usize, line: u8 },
    Insert { at: usize, line: u8 },
    Remove { at: usize, count: usize },
    Swap { at: usize },
    NoLastNewline,
    CrLf,
    Nul,
}

#[derive(Clone, Debug)]
enum Step {
    Edit {
        file: usize,
        edits: Vec<Edit>,
    },
    Rename {
        file: usize,
        to: Path,
        edits: Vec<Edit>,
    },
    RenameDirectory {
        from: usize,
        to: usize,
    },
    Remove {
        file: usize,
    },
    RemoveDirectory {
        directory: usize,
    },
    Add {
        path: Path,
        entry: Entry,
    },
    Copy {
        file: usize,
        path: Path,
    },
    Mode {
        file: usize,
    },
    Link {
        file: usize,
        target: u8,
    },
    Submodule {
        file: usize,
        commit: u8,
    },
}

#[derive(Clone, Copy, Debug)]
struct Path {
    directory: usize,
    name: usize,
}

impl Path {
    fn bytes(self) -> Vec<u8> {
        [
            DIRECTORIES[self.directory].as_bytes(),
            NAMES[self.name].as_bytes(),
        ]
        .concat()
    }
}

fn path() -> impl Strategy<Value = Path> {
    (0..DIRECTORIES.len(), 0..NAMES.len()).prop_map(|(directory, name)| Path { directory, name })
}

/// Lines of few kinds, so that there are equal ones, and of many, so that files differ.
fn line(number: u8) -> Vec<u8> {
    match number {
        0..=3 => b"\n".to_vec(),
        4..=7 => b"}\n".to_vec(),
        8..=11 => b"  end;\n".to_vec(),
        _ => format!("the line of number {number}\n").into_bytes(),
    }
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

/// Adds an entry; what cannot stay beside it goes.
fn put(tree: &mut Tree, path: Vec<u8>, entry: Entry) {
    let below = [path.as_slice(), b"/"].concat();
    tree.retain(|other, _| {
        let above = [other.as_slice(), b"/"].concat();
        !other.starts_with(&below) && !path.starts_with(&above)
    });
    tree.insert(path, entry);
}

fn lines(content: &[u8]) -> Vec<Vec<u8>> {
    content
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

fn apply_edit(content: &mut Vec<u8>, edit: &Edit) {
    let mut text = lines(content);
    match edit {
        Edit::Replace { at, line: number } if !text.is_empty() => {
            let at = at % text.len();
            text[at] = line(*number);
        }
        Edit::Insert { at, line: number } => text.insert(at % (text.len() + 1), line(*number)),
        Edit::Remove { at, count } if !text.is_empty() => {
            let at = at % text.len();
            text.drain(at..(at + count).min(text.len()));
        }
        Edit::Swap { at } if text.len() > 1 => {
            let at = at % (text.len() - 1);
            text.swap(at, at + 1);
        }
        Edit::NoLastNewline => {
            if let Some(last) = text.last_mut() {
                last.retain(|byte| *byte != b'\n');
            }
        }
        Edit::CrLf => {
            for line in &mut text {
                if line.ends_with(b"\n") && !line.ends_with(b"\r\n") {
                    line.insert(line.len() - 1, b'\r');
                }
            }
        }
        Edit::Nul => text.push(b"\0\n".to_vec()),
        Edit::Replace { .. } | Edit::Remove { .. } | Edit::Swap { .. } => {}
    }
    *content = text.concat();
}

fn apply_edits(entry: &mut Entry, edits: &[Edit]) {
    if let Entry::File(content) | Entry::Executable(content) = entry {
        edits.iter().for_each(|edit| apply_edit(content, edit));
    }
}

fn nth(tree: &Tree, file: usize) -> Option<Vec<u8>> {
    tree.keys().nth(file % tree.len().max(1)).cloned()
}

fn apply(tree: &mut Tree, step: &Step) {
    match step {
        Step::Edit { file, edits } => {
            if let Some(path) = nth(tree, *file)
                && let Some(entry) = tree.get_mut(&path)
            {
                apply_edits(entry, edits);
            }
        }
        Step::Rename { file, to, edits } => {
            if let Some(path) = nth(tree, *file)
                && let Some(mut entry) = tree.remove(&path)
            {
                apply_edits(&mut entry, edits);
                put(tree, to.bytes(), entry);
            }
        }
        Step::RenameDirectory { from, to } => {
            let (from, to) = (DIRECTORIES[*from].as_bytes(), DIRECTORIES[*to].as_bytes());
            for (path, entry) in taken(tree, from) {
                put(tree, [to, &path[from.len()..]].concat(), entry);
            }
        }
        Step::Remove { file } => {
            if let Some(path) = nth(tree, *file) {
                tree.remove(&path);
            }
        }
        Step::RemoveDirectory { directory } => {
            taken(tree, DIRECTORIES[*directory].as_bytes());
        }
        Step::Add { path, entry } => put(tree, path.bytes(), entry.clone()),
        Step::Copy { file, path } => {
            if let Some(entry) = nth(tree, *file).and_then(|file| tree.get(&file).cloned()) {
                put(tree, path.bytes(), entry);
            }
        }
        Step::Mode { file } => change(tree, *file, |entry| match entry {
            Entry::File(content) => Entry::Executable(content),
            Entry::Executable(content) => Entry::File(content),
            other => other,
        }),
        Step::Link { file, target } => {
            change(tree, *file, |_| Entry::Symlink(vec![b'x' + target]));
        }
        Step::Submodule { file, commit } => change(tree, *file, |_| Entry::Submodule(*commit)),
    }
}

fn taken(tree: &mut Tree, directory: &[u8]) -> Vec<(Vec<u8>, Entry)> {
    let paths: Vec<_> = tree
        .keys()
        .filter(|path| path.starts_with(directory))
        .cloned()
        .collect();
    paths
        .into_iter()
        .filter_map(|path| tree.remove_entry(&path))
        .collect()
}

fn change(tree: &mut Tree, file: usize, with: impl FnOnce(Entry) -> Entry) {
    if let Some(path) = nth(tree, file)
        && let Some(entry) = tree.remove(&path)
    {
        tree.insert(path, with(entry));
    }
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

/// Many files, each unlike the others, in directories that are moved as a whole or in part: which
/// file became which, and where a directory went, is to be found out.
pub(crate) fn moved_case() -> impl Strategy<Value = Case> {
    let place = || (0_usize..9, 0_usize..9);
    let file = (place(), 0_usize..30, 4_usize..16).prop_map(|(place, name, length)| {
        let name = if name < 18 {
            format!("f{name}")
        } else {
            "default.nix".to_owned()
        };
        (below(place, &name), length)
    });
    let base = prop::collection::vec(file, 10..60).prop_map(|files| {
        let mut tree = Tree::new();
        for (number, (path, length)) in files.into_iter().enumerate() {
            let text: String = (0..length)
                .map(|line| format!("file {number} line {line}\n"))
                .collect();
            put(&mut tree, path, Entry::File(text.into_bytes()));
        }
        tree
    });
    let step = || {
        prop_oneof![
            3 => (place(), place(), 0_u8..4).prop_map(|(from, to, edited)| Move::Directory {
                from,
                to,
                edited,
            }),
            3 => (0_usize..60, place(), 0_u8..9).prop_map(|(file, to, edited)| Move::File {
                file,
                to,
                edited,
            }),
            2 => (0_usize..60, any::<u8>()).prop_map(|(file, name)| Move::Rename { file, name }),
            4 => (0_usize..60, 0_u8..9).prop_map(|(file, edited)| Move::Edit { file, edited }),
            1 => (0_usize..60).prop_map(|file| Move::Remove { file }),
            3 => (place(), any::<u8>()).prop_map(|(to, name)| Move::Add { to, name }),
        ]
    };
    let steps = move || prop::collection::vec(step(), 0..9);
    (base, steps(), steps()).prop_map(|(base, ours, theirs)| {
        let side = |moves: &[Move]| {
            let mut tree = base.clone();
            moves.iter().for_each(|step| step.apply(&mut tree));
            tree
        };
        let (ours, theirs) = (side(&ours), side(&theirs));
        [base, ours, theirs]
    })
}

/// A directory one or two levels deep; zero is the level above.
type Place = (usize, usize);

fn below((outer, inner): Place, name: &str) -> Vec<u8> {
    let outer = if outer == 0 {
        String::new()
    } else {
        format!("d{outer}/")
    };
    let inner = if inner < 4 {
        String::new()
    } else {
        format!("e{inner}/")
    };
    format!("{outer}{inner}{name}").into_bytes()
}

#[derive(Clone, Debug)]
enum Move {
    /// With some of its files edited.
    Directory {
        from: Place,
        to: Place,
        edited: u8,
    },
    File {
        file: usize,
        to: Place,
        edited: u8,
    },
    Rename {
        file: usize,
        name: u8,
    },
    Edit {
        file: usize,
        edited: u8,
    },
    Remove {
        file: usize,
    },
    Add {
        to: Place,
        name: u8,
    },
}

impl Move {
    fn apply(&self, tree: &mut Tree) {
        match self {
            Self::Directory { from, to, edited } => {
                let (from, to) = (below(*from, ""), below(*to, ""));
                for (number, (path, mut entry)) in taken(tree, &from).into_iter().enumerate() {
                    rework(&mut entry, if number % 3 == 0 { *edited } else { 0 });
                    put(tree, [&to, &path[from.len()..]].concat(), entry);
                }
            }
            Self::File { file, to, edited } => self.carry(tree, *file, *edited, |path| {
                let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
                [below(*to, "").as_slice(), name].concat()
            }),
            Self::Rename { file, name } => self.carry(tree, *file, 1, |path| {
                let end = path
                    .iter()
                    .rposition(|byte| *byte == b'/')
                    .map_or(0, |slash| slash + 1);
                [&path[..end], format!("g{name}").as_bytes()].concat()
            }),
            Self::Edit { file, edited } => self.carry(tree, *file, *edited, <[u8]>::to_vec),
            Self::Remove { file } => {
                if let Some(path) = nth(tree, *file) {
                    tree.remove(&path);
                }
            }
            Self::Add { to, name } => {
                let text = format!("new {name}\n").repeat(3);
                put(
                    tree,
                    below(*to, &format!("n{name}")),
                    Entry::File(text.into_bytes()),
                );
            }
        }
    }

    fn carry(&self, tree: &mut Tree, file: usize, edited: u8, to: impl Fn(&[u8]) -> Vec<u8>) {
        if let Some(path) = nth(tree, file)
            && let Some(mut entry) = tree.remove(&path)
        {
            rework(&mut entry, edited);
            put(tree, to(&path), entry);
        }
    }
}

/// Changes about so many tenths of a file's lines.
fn rework(entry: &mut Entry, tenths: u8) {
    if let Entry::File(content) = entry {
        let mut text = lines(content);
        let count = text.len() * usize::from(tenths) / 10;
        for line in text.iter_mut().take(count) {
            *line = [b"edited ", line.as_slice()].concat();
        }
        *content = text.concat();
    }
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

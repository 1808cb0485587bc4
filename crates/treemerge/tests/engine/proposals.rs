//! Replayed picks that conflict, with proposals for them.

use std::process::Stdio;

use picket_lab::replay::{
    Backport, ConflictedFile, ConflictedPick, Figures, Pick, ProposalFigures, Proposer, Replayed,
    Verdict, replay_all,
};
use picket_treemerge::{AllText, ConflictKind, Mode, ObjectId};

use crate::repository::{Entry, Scratch, Tree, file, numbered, tree};

/// Proposes theirs for every file of the commits whose message ends with this.
struct Theirs(&'static str);

impl Proposer for Theirs {
    fn propose(&self, pick: &ConflictedPick<'_>) -> Option<Vec<Option<Vec<u8>>>> {
        let theirs = |file: &ConflictedFile<'_>| file.contents[2].as_deref().cloned();
        let all = pick.files.iter().map(theirs).collect();
        pick.message
            .trim_ascii_end()
            .ends_with(self.0.as_bytes())
            .then_some(all)
    }
}

/// A proposer that has something for the first file only.
struct First;

impl Proposer for First {
    fn propose(&self, _: &ConflictedPick<'_>) -> Option<Vec<Option<Vec<u8>>>> {
        Some(vec![Some(b"text\n".to_vec())])
    }
}

fn commit(scratch: &Scratch, tree: ObjectId, parent: Option<ObjectId>) -> ObjectId {
    let mut git = scratch.git();
    git.args([
        "-c",
        "user.name=a",
        "-c",
        "user.email=a",
        "commit-tree",
        "-m",
        "a fix",
    ]);
    git.args(parent.map(|parent| format!("-p{parent}")));
    let output = git.arg(tree.to_string()).stderr(Stdio::inherit()).output();
    let text = String::from_utf8(output.expect("git runs").stdout).expect("text");
    text.trim().parse().expect("an id")
}

/// Replays a pick of `theirs` onto `ours`, of which people made `settled`.
fn pick(proposer: &dyn Proposer, trees: [&Tree; 4]) -> Pick {
    let scratch = Scratch::new();
    let [base, ours, theirs, settled] = scratch.add(trees)[..] else {
        panic!("four trees")
    };
    let source = commit(&scratch, theirs, Some(commit(&scratch, base, None)));
    let backport = commit(&scratch, settled, Some(commit(&scratch, ours, None)));
    let picks = [Backport { backport, source }];
    let mut done = replay_all(&scratch.path(), &AllText, Some(proposer), &picks, |_| ());
    done.as_mut().expect("a repository").remove(0)
}

fn with(line: &str, d: &str) -> Tree {
    tree(&[("f", numbered(9, Some((5, line)))), ("d/x", file(d))])
}

fn verdict(pick: &Pick) -> Option<Verdict> {
    pick.proposed.as_ref().map(|proposed| proposed.verdict)
}

#[test]
fn a_proposal_is_compared_with_what_people_made() {
    let (base, ours, theirs) = (with("a", "d\n"), with("b", "ours\n"), with("c", "d\n"));
    let same = pick(
        &Theirs("a fix"),
        [&base, &ours, &theirs, &with("c", "ours\n")],
    );
    assert_eq!(verdict(&same), Some(Verdict::Identical));
    assert_eq!(same.outcome, Replayed::Conflict);
    let conflicts = &same.proposed.as_ref().expect("proposed").conflicts;
    assert_eq!(conflicts[0].path, b"f");
    let other = pick(
        &Theirs("a fix"),
        [&base, &ours, &theirs, &with("x", "ours\n")],
    );
    assert!(matches!(verdict(&other), Some(Verdict::Different(_))));
    let none = pick(
        &Theirs("another"),
        [&base, &ours, &theirs, &with("c", "ours\n")],
    );
    assert_eq!(verdict(&none), Some(Verdict::None));
    let clean = pick(&Theirs("a fix"), [&base, &base, &theirs, &theirs]);
    assert_eq!(
        (verdict(&clean), clean.outcome.clone()),
        (None, Replayed::Identical)
    );

    let picks = [same, other, none, clean];
    let figures = ProposalFigures::of(&picks);
    assert_eq!((figures.made, figures.identical), (2, 1));
    let json = serde_json::to_value(Figures::of(&picks)).expect("json");
    assert!(json.get("proposals_identical").is_none());
    let figures = Figures {
        proposals: Some(figures),
        ..Figures::of(&picks)
    };
    let json = serde_json::to_value(figures).expect("json");
    assert_eq!(json["proposals_identical"], 1);
    assert_eq!(json["conflict"], 3);
}

#[test]
fn a_proposal_may_remove_files_and_keeps_their_modes() {
    let executable =
        |text: &str| tree(&[("d/f", Entry::Executable(text.into())), ("g", file("g"))]);
    let plain = |text: &str| tree(&[("d/f", file(text)), ("g", file("g"))]);
    let gone = tree(&[("g", file("g"))]);
    let made = pick(
        &Theirs(""),
        [
            &plain("a\n"),
            &plain("b\n"),
            &executable("c\n"),
            &executable("c\n"),
        ],
    );
    assert_eq!(verdict(&made), Some(Verdict::Identical));
    let made = pick(
        &Theirs(""),
        [&plain("a\n"), &executable("b\n"), &gone, &gone],
    );
    assert_eq!(verdict(&made), Some(Verdict::Identical));
    let conflict = &made.proposed.expect("proposed").conflicts[0];
    assert_eq!(conflict.kind, ConflictKind::ModifyDelete);
    assert_eq!(conflict.merged_mode(), Some(Mode::Executable));
}

#[test]
fn modes_are_merged_for_proposals() {
    let executable = |text: &str| tree(&[("f", Entry::Executable(text.into()))]);
    let plain = |text: &str| tree(&[("f", file(text))]);
    let mode = |base: Tree, ours: Tree, theirs: Tree| {
        let made = pick(&Theirs(""), [&base, &ours, &theirs, &theirs]);
        made.proposed.expect("proposed").conflicts[0].merged_mode()
    };
    let (file, program) = (Some(Mode::File), Some(Mode::Executable));
    assert_eq!(mode(plain("a"), executable("b"), plain("c")), program);
    assert_eq!(mode(executable("a"), executable("b"), plain("c")), file);
    assert_eq!(mode(plain("a"), Tree::new(), executable("c")), program);
    assert_eq!(mode(Tree::new(), executable("b"), plain("c")), program);
}

/// A proposal for some files settles nothing; and links are not asked for.
#[test]
fn a_proposal_is_for_all_files() {
    let with = |text: &str| tree(&[("f", file(text)), ("g", file(text))]);
    let made = pick(&First, [&with("a"), &with("b"), &with("c"), &with("c")]);
    assert_eq!(verdict(&made), Some(Verdict::None));
    let link = |target: &str| tree(&[("f", Entry::Symlink(target.into())), ("g", file("g"))]);
    let made = pick(&First, [&link("a"), &link("b"), &link("c"), &link("c")]);
    assert_eq!(verdict(&made), Some(Verdict::None));
}

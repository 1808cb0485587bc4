//! A conflicting file hunk by hunk, for the page on which a person decides.

use std::ops::Range;

use crate::{
    bump,
    decide::decide,
    file::{ConflictedFile, sides},
    nix,
    plan::Plan,
    settle::{Sides, Span},
};

/// One place where a file conflicts. The ranges are of lines, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HunkView {
    /// Its lines in the version of the picked commit's parent.
    pub base: Range<usize>,
    /// In the stable branch's.
    pub ours: Range<usize>,
    /// In the picked commit's.
    pub theirs: Range<usize>,
    /// What is proposed for it, where something is proposed for the file.
    pub proposal: Option<Vec<u8>>,
}

/// What a person wants in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HunkChoice {
    /// The stable branch's lines.
    Ours,
    /// The picked commit's lines.
    Theirs,
    /// What is proposed.
    Proposal,
    /// Something else.
    Text(Vec<u8>),
}

/// A file that all sides have, taken apart.
struct Parted<'a> {
    sides: Sides<'a>,
    plan: Plan,
    /// What is proposed for each hunk.
    proposals: Option<Vec<Vec<u8>>>,
}

impl<'a> Parted<'a> {
    fn of(file: &ConflictedFile<'a>) -> Option<Self> {
        let sides = sides(file.path, file.base?, file.ours?, file.theirs?);
        let mut plan = Plan::of(&sides)?;
        bump::mark(&sides, &mut plan);
        let decided = decide(&sides, &plan);
        let proposals = decided.map(|hunks| {
            let texts = hunks
                .iter()
                .map(|parts| parts.iter().map(|part| part.text.as_slice()));
            texts
                .map(|texts| texts.collect::<Vec<_>>().concat())
                .collect()
        });
        Some(Self {
            sides,
            plan,
            proposals,
        })
    }

    /// The hunks, each with what is proposed for it.
    fn hunks(&self) -> impl Iterator<Item = (&Span, Option<&[u8]>)> {
        let proposals = self.proposals.as_deref();
        let proposal = move |at: usize| Some(proposals?.get(at)?.as_slice());
        let hunks = self.plan.hunks().enumerate();
        hunks.map(move |(at, span)| (span, proposal(at)))
    }
}

/// The places where a file conflicts, in order. Where a proposal had to go beyond them, as for a
/// version whose hash merged by itself, there is a place for that too. Nothing where one side lacks
/// the file, or has something else than text.
#[must_use]
pub fn hunks(file: &ConflictedFile<'_>) -> Option<Vec<HunkView>> {
    let parted = Parted::of(file)?;
    let view = |(span, proposal): (&Span, Option<&[u8]>)| HunkView {
        base: span.base.clone(),
        ours: span.ours.clone(),
        theirs: span.theirs.clone(),
        proposal: proposal.map(<[u8]>::to_vec),
    };
    Some(parted.hunks().map(view).collect())
}

/// The file that choices make, one for each of [`hunks`]; nothing where they are not as many, or
/// where a proposal is chosen and there is none.
#[must_use]
pub fn assemble(file: &ConflictedFile<'_>, choices: &[HunkChoice]) -> Option<Vec<u8>> {
    let parted = Parted::of(file)?;
    if parted.hunks().count() != choices.len() {
        return None;
    }
    let chosen = parted.hunks().zip(choices);
    let texts: Option<Vec<&[u8]>> = chosen
        .map(|((span, proposal), choice)| match choice {
            HunkChoice::Ours => Some(parted.sides.ours.lines(&span.ours)),
            HunkChoice::Theirs => Some(parted.sides.theirs.lines(&span.theirs)),
            HunkChoice::Proposal => proposal,
            HunkChoice::Text(text) => Some(text.as_slice()),
        })
        .collect();
    Some(parted.plan.text(&parted.sides, texts?))
}

/// Whether a file is no Nix any more with this text, although these of its versions are.
#[must_use]
pub fn stops_parsing(path: &str, sides: &[&[u8]], text: &[u8]) -> bool {
    let parses = |text: &[u8]| nix::parse(text).is_some();
    path.ends_with(".nix") && sides.iter().all(|side| parses(side)) && !parses(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::propose;

    const BASE: &[u8] = b"{\n  version = \"2.0\";\n  hash = \"b\";\n  doCheck = true;\n}\n";
    const OURS: &[u8] = b"{\n  version = \"1.0\";\n  hash = \"o\";\n  doCheck = true;\n}\n";
    const THEIRS: &[u8] = b"{\n  version = \"2.1\";\n  hash = \"t\";\n  doCheck = true;\n}\n";

    fn file() -> ConflictedFile<'static> {
        ConflictedFile {
            path: "default.nix",
            base: Some(BASE),
            ours: Some(OURS),
            theirs: Some(THEIRS),
        }
    }

    #[test]
    fn choices_make_the_file() {
        let hunks = hunks(&file()).unwrap();
        assert_eq!((hunks.len(), hunks[0].ours.clone()), (1, 1..3));
        let made = |choice| assemble(&file(), &[choice]);
        assert_eq!(made(HunkChoice::Ours).unwrap(), OURS);
        assert_eq!(made(HunkChoice::Theirs).unwrap(), THEIRS);
        let proposal = propose(&[file()]).remove(0).unwrap();
        assert_eq!(made(HunkChoice::Proposal), proposal.content);
        let own = b"  version = \"1.1\";\n".to_vec();
        assert_eq!(
            made(HunkChoice::Text(own)).unwrap(),
            b"{\n  version = \"1.1\";\n  doCheck = true;\n}\n"
        );
        assert_eq!(assemble(&file(), &[]), None);
    }

    #[test]
    fn what_one_side_lacks_has_no_hunks() {
        let gone = ConflictedFile {
            ours: None,
            ..file()
        };
        assert_eq!(hunks(&gone), None);
    }

    #[test]
    fn only_nix_can_stop_parsing() {
        assert!(stops_parsing("a.nix", &[OURS, THEIRS], b"{ version = ; }"));
        assert!(!stops_parsing("a.nix", &[OURS, THEIRS], BASE));
        assert!(!stops_parsing("a.nix", &[b"{ a = ; }", THEIRS], b"{"));
        assert!(!stops_parsing("a.txt", &[OURS, THEIRS], b"{"));
    }
}

//! Why a proposal says what it says.

use std::{fmt, ops::Range};

/// A rule that settles a conflict, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Both sides changed a version, or its hash, address or revision.
    VersionBump,
    /// Both sides added something at the same place.
    BothAdded,
    /// Both sides made the same change.
    SameChange,
    /// The changes are beside each other.
    Apart,
    /// The changes are in the same lines, but not of the same words.
    WordByWord,
    /// Both sides changed the same words.
    SameWords,
    /// Not all of the pull request's change can be made.
    InPart,
    /// Both sides changed the same value.
    TheirValue,
    /// The pull request changes something beside lines that stable lacks.
    WithoutContext,
    /// The pull request changes something that stable lacks.
    LackingHere,
    /// The pull request changes or removes what stable lacks, and adds nothing of its own.
    NothingToDo,
    /// The pull request removes what stable has in another form.
    Removed,
    /// A side changed nothing but blanks.
    Spacing,
    /// Stable has what the pull request changes under another name.
    Renamed,
    /// The pull request's names are written as stable writes them.
    Spelling,
    /// The pull request's lines.
    TheirLines,
    /// Stable has no such file.
    StaysAway,
    /// The pull request removes the file.
    FileRemoved,
    /// The pull request brings a file that stable does not have.
    FileAdded,
    /// Both sides have the file, but not from the same one.
    FileReplaced,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 20] = [
        Self::VersionBump,
        Self::BothAdded,
        Self::SameChange,
        Self::Apart,
        Self::WordByWord,
        Self::SameWords,
        Self::InPart,
        Self::TheirValue,
        Self::WithoutContext,
        Self::LackingHere,
        Self::NothingToDo,
        Self::Removed,
        Self::Spacing,
        Self::Renamed,
        Self::Spelling,
        Self::TheirLines,
        Self::StaysAway,
        Self::FileRemoved,
        Self::FileAdded,
        Self::FileReplaced,
    ];

    /// A stable name, for records and markup.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VersionBump => "version-bump",
            Self::BothAdded => "both-added",
            Self::SameChange => "same-change",
            Self::Apart => "apart",
            Self::WordByWord => "word-by-word",
            Self::SameWords => "same-words",
            Self::InPart => "in-part",
            Self::TheirValue => "their-value",
            Self::WithoutContext => "without-context",
            Self::LackingHere => "lacking-here",
            Self::NothingToDo => "nothing-to-do",
            Self::Removed => "removed",
            Self::Spacing => "spacing",
            Self::Renamed => "renamed",
            Self::Spelling => "spelling",
            Self::TheirLines => "their-lines",
            Self::StaysAway => "stays-away",
            Self::FileRemoved => "file-removed",
            Self::FileAdded => "file-added",
            Self::FileReplaced => "file-replaced",
        }
    }

    /// Why, in one sentence for a person.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::VersionBump => {
                "Both sides moved the version: version, hash, address and revision are taken from the pull request together, never half of them."
            }
            Self::BothAdded => "Both sides added something here: both are kept, in order.",
            Self::SameChange => "Both sides made the same change.",
            Self::Apart => {
                "The two changes are beside each other and do not concern the same lines: both are made."
            }
            Self::WordByWord => {
                "Both sides changed these lines, but not the same words: both changes are made."
            }
            Self::SameWords => "Both sides changed the same words: the pull request's are taken.",
            Self::InPart => {
                "The pull request's change does not fit what stable has here, and is made in part."
            }
            Self::TheirValue => "Both sides changed the same value: the pull request's is taken.",
            Self::WithoutContext => {
                "The pull request's change is made without the lines around it that stable lacks."
            }
            Self::LackingHere => {
                "The pull request changes something that stable lacks: it is taken whole, since its change would have nothing to stand in."
            }
            Self::NothingToDo => {
                "The pull request only removes or moves here what stable does not have."
            }
            Self::Removed => {
                "The pull request removes these lines, which stable has in another form: they are removed."
            }
            Self::Spacing => {
                "One side changed nothing but spaces and line breaks here: the other's change is taken."
            }
            Self::Renamed => {
                "Stable has this under another name: the name stays, and the pull request's change is made to its value."
            }
            Self::Spelling => {
                "The pull request's change is made with names written as stable writes them."
            }
            Self::TheirLines => {
                "The two changes cannot be told apart: the pull request's lines are taken."
            }
            Self::StaysAway => {
                "Stable has no such file, so there is nothing there that the pull request could change: it stays away."
            }
            Self::FileRemoved => "The pull request removes the file, so it is removed.",
            Self::FileAdded => "The pull request brings this file, so it is added.",
            Self::FileReplaced => {
                "Stable and the pull request each brought this file: the pull request's is taken."
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// Which rule settled what. Lines count from zero; the ranges may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedRule {
    /// The rule.
    pub rule: Rule,
    /// Which of the file's hunks this is a part of, as [`hunks`](crate::hunks) counts them;
    /// nothing for a rule about the whole file.
    pub hunk: Option<usize>,
    /// The lines of stable's version that it concerns.
    pub ours: Range<usize>,
    /// The lines of the pull request's version.
    pub theirs: Range<usize>,
    /// The lines of the proposal that came of it.
    pub result: Range<usize>,
    /// Why, for a person: the rule's sentence, and what of either change is not made.
    pub why: String,
}

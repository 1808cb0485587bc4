//! Conflicts: where a pick does not merge by itself, and what people made of it.

use serde::{Deserialize, Serialize};

use crate::id::{BlobId, CommitSha, ContentId};

/// One file in which a pick conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The file. Bytes that are not UTF-8 are shown as U+FFFD.
    pub path: String,
    /// How the two sides differ.
    pub kind: ConflictKind,
    /// What is to be merged; all of them `None` where it is not one file's versions.
    #[serde(default)]
    pub versions: Versions,
}

impl Conflict {
    /// Whether it is settled by saying what the file is to be. Two renames, a file in the place of a
    /// folder, or a merge made by hand take a branch made by hand and another pull request.
    pub fn can_be_resolved(&self) -> bool {
        self.versions != Versions::default() && !self.path.contains('\u{fffd}')
    }
}

/// How the two sides of a conflict differ. "Ours" is the channel, "theirs" the pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Both changed the same lines.
    BothModified,
    /// Both added a file at this path.
    BothAdded,
    /// The channel does not have the file (any more), the pull request changes it.
    DeletedByUs,
    /// The pull request deletes the file, the channel changed it.
    DeletedByThem,
    /// Conflict markers that neither side had would be left in the file.
    Markers,
    /// A merge inside the pull request is not what git makes of its parents there.
    MergedByHand,
    /// Any other: two renames, a file against a folder.
    Other,
}

/// What a file is, as git's trees tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileMode {
    /// An ordinary file (100644).
    Plain,
    /// A program (100755).
    Executable,
    /// A symbolic link (120000).
    Link,
    /// Another repository's commit (160000).
    Submodule,
}

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileVersion {
    /// What it is.
    pub mode: FileMode,
    /// Its content.
    pub blob: BlobId,
}

/// The three versions that a merge of one file starts from; `None` where a side lacks the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Versions {
    /// In the parent of the commit that is picked.
    pub base: Option<FileVersion>,
    /// In the commit that is picked onto.
    pub ours: Option<FileVersion>,
    /// In the commit that is picked.
    pub theirs: Option<FileVersion>,
}

/// What a person made of a conflicting file. It holds wherever the same three versions meet at the
/// same path, on whichever base.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResolvedFile {
    /// The file.
    pub path: String,
    /// The versions that it was made from.
    pub versions: Versions,
    /// What it is to be; `None` where it is to be gone.
    pub result: Option<ResolvedContent>,
}

/// What a conflicting file is to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResolvedContent {
    /// What kind of file.
    pub mode: FileMode,
    /// The hash of its content, under which the content is kept.
    pub content: ContentId,
}

/// How a person came to a resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum ResolvedBy {
    /// By accepting what Picket proposed, unchanged.
    Proposal,
    /// By choosing or writing it on the page.
    Hand,
    /// By pushing a commit.
    Branch {
        /// The commit.
        rev: CommitSha,
    },
}

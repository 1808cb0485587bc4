//! Conflicts: where a pick does not merge by itself, and what people made of it.

use serde::{Deserialize, Serialize};

use crate::audit::{Action, Entry};
use crate::digest::Sha256;
use crate::id::{BlobId, ChannelName, CommitSha, ContentId, PrNumber, ResolvedSetId};

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
    /// Whether it is settled by saying what the file is to be. Two renames, or a file in the place
    /// of a folder, take a branch made by hand and another pull request.
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

/// The resolutions of a pull request's conflicts that are in force, one for each file and its
/// three versions, in a fixed order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResolvedSet(Vec<ResolvedFile>);

impl ResolvedSet {
    /// Folds the audit log: a later resolution of the same versions takes an earlier one's place,
    /// and dropping ends them all.
    pub fn of(channel: &ChannelName, pr: PrNumber, log: &[Entry]) -> Self {
        let mut set = Self::default();
        for entry in log {
            if entry.action.pick() != Some((channel, pr)) {
                continue;
            }
            match &entry.action {
                Action::ResolveConflict { files, .. } => set.take_in(files),
                Action::DropResolutions { .. } => set.0.clear(),
                Action::Nominate { .. }
                | Action::Approve { .. }
                | Action::Veto { .. }
                | Action::Withdraw { .. }
                | Action::Released { .. }
                | Action::Superseded { .. } => {}
            }
        }
        set.0.sort();
        set
    }

    fn take_in(&mut self, files: &[ResolvedFile]) {
        for file in files {
            self.0
                .retain(|it| (&it.path, &it.versions) != (&file.path, &file.versions));
            self.0.push(file.clone());
        }
    }

    /// The set's hash, which names it.
    pub fn id(&self) -> ResolvedSetId {
        let json = serde_json::to_vec(self).expect("a list of files has no maps");
        Sha256::of(&json).into()
    }

    /// What is to become of a file in which these versions meet.
    pub fn find(&self, path: &str, versions: &Versions) -> Option<&ResolvedFile> {
        self.0
            .iter()
            .find(|it| (it.path.as_str(), &it.versions) == (path, versions))
    }

    /// The files.
    pub fn files(&self) -> &[ResolvedFile] {
        &self.0
    }

    /// Whether nothing was resolved.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The contents that it needs.
    pub fn contents(&self) -> impl Iterator<Item = &ContentId> {
        self.0
            .iter()
            .filter_map(|file| Some(&file.result.as_ref()?.content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::fixtures::{channel, decisions, sha};

    fn file(path: &str, result: &str) -> ResolvedFile {
        let blob = BlobId::parse(&"a1".repeat(20)).unwrap();
        let mode = FileMode::Plain;
        let version = Some(FileVersion { mode, blob });
        ResolvedFile {
            path: path.to_owned(),
            versions: Versions {
                ours: version.clone(),
                theirs: version,
                base: None,
            },
            result: Some(ResolvedContent {
                mode,
                content: Sha256::of(result.as_bytes()).into(),
            }),
        }
    }

    fn resolve(pr: u64, files: Vec<ResolvedFile>) -> Action {
        Action::ResolveConflict {
            channel: channel(),
            pr: PrNumber(pr),
            commit: sha("commit"),
            by: ResolvedBy::Hand,
            files,
        }
    }

    fn set(log: &[(&str, Action)]) -> ResolvedSet {
        ResolvedSet::of(&channel(), PrNumber(7), &decisions(log))
    }

    #[test]
    fn a_later_resolution_of_the_same_versions_takes_the_earlier_ones_place() {
        let set = set(&[
            ("ada", resolve(7, vec![file("b", "1"), file("a", "1")])),
            ("grace", resolve(7, vec![file("b", "2")])),
            ("grace", resolve(8, vec![file("c", "1")])),
        ]);
        assert_eq!(set.files(), [file("a", "1"), file("b", "2")]);
        let b = file("b", "2");
        assert_eq!(set.find("b", &b.versions), Some(&b));
        assert_eq!(set.find("b", &Versions::default()), None);
    }

    #[test]
    fn dropping_ends_them_and_the_id_tells_sets_apart() {
        let drop = Action::DropResolutions {
            channel: channel(),
            pr: PrNumber(7),
            reason: "wrong".into(),
        };
        let one = resolve(7, vec![file("a", "1")]);
        let dropped = set(&[("ada", one.clone()), ("ada", drop)]);
        assert!(dropped.is_empty());
        assert_ne!(dropped.id(), set(&[("ada", one)]).id());
    }
}

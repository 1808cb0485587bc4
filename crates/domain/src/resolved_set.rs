//! What people made of a pull request's conflicts, as the audit log has it.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};

use crate::audit::{Action, Entry};
use crate::conflict::{ResolvedFile, Versions};
use crate::digest::Sha256;
use crate::id::{ChannelName, ContentId, PrNumber, ResolvedSetId};

/// The resolutions of a pull request's conflicts that are in force, one for each file and its
/// three versions, in a fixed order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResolvedSet(Vec<ResolvedFile>);

impl ResolvedSet {
    /// Folds the audit log: a later resolution of the same versions takes an earlier one's place,
    /// and dropping ends them all.
    pub fn of<E: Borrow<Entry>>(channel: &ChannelName, pr: PrNumber, log: &[E]) -> Self {
        let actions = log.iter().map(|entry| &entry.borrow().action);
        actions
            .filter(|action| action.pick() == Some((channel, pr)))
            .fold(Self::default(), Self::after)
    }

    /// The set after one more action that is about the same pull request and channel.
    pub(crate) fn after(mut self, action: &Action) -> Self {
        match action {
            Action::ResolveConflict { files, .. } => self.take_in(files),
            Action::DropResolutions { .. } => self.0.clear(),
            Action::Nominate { .. }
            | Action::SubmitPatch { .. }
            | Action::Approve { .. }
            | Action::ChooseForm { .. }
            | Action::Veto { .. }
            | Action::Withdraw { .. }
            | Action::Overrule { .. }
            | Action::CancelBuild { .. }
            | Action::RetryBuild { .. }
            | Action::Waive { .. }
            | Action::EndWaiver { .. }
            | Action::Dismiss { .. }
            | Action::Reopen { .. }
            | Action::Released { .. }
            | Action::Superseded { .. }
            | Action::Returned { .. }
            | Action::Account { .. } => {}
        }
        self.0.sort();
        self
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
    use crate::conflict::{FileMode, FileVersion, ResolvedBy, ResolvedContent};
    use crate::fixtures::{channel, decisions, sha};
    use crate::id::BlobId;

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

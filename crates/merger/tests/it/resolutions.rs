//! What people make of conflicts.

use git2::Oid;
use picket_domain::{
    Action, Actor, Candidate, Entry, FileMode, Form, Login, PickOutcome, ResolvedBy,
    ResolvedContent, ResolvedFile, ResolvedSet, Sha256, Timestamp,
};
use picket_merger::{ConflictedFile, Contents, Merger};

use crate::support::*;

/// What people made of one candidate's conflicts.
#[derive(Clone, Default)]
pub(crate) struct Resolutions {
    pub(crate) set: ResolvedSet,
    pub(crate) contents: Contents,
}

impl Resolutions {
    /// Of these files, as the log has them.
    pub(crate) fn of(candidate: &Candidate, files: Vec<ResolvedFile>, contents: Contents) -> Self {
        let channel = spec(Oid::ZERO_SHA1, Vec::new()).channel;
        let action = Action::ResolveConflict {
            channel: channel.clone(),
            pr: candidate.pr,
            commit: candidate.head.clone(),
            by: ResolvedBy::Hand,
            files,
        };
        let actor = Actor::Person(Login::parse("ada").unwrap());
        let log = [Entry::after(None, Timestamp::from_unix(0), actor, action)];
        let set = ResolvedSet::of(&channel, candidate.pr, &log);
        Self { set, contents }
    }

    /// Each conflicting file with what is to become of it.
    pub(crate) fn made(
        candidate: &Candidate,
        conflicts: &[ConflictedFile],
        result: impl Fn(&str) -> Option<(FileMode, Vec<u8>)>,
    ) -> Self {
        let mut contents = Contents::new();
        let files = conflicts.iter().map(|file| {
            let path = file.conflict.path.clone();
            let result = result(&path).map(|(mode, bytes)| {
                let content: picket_domain::ContentId = Sha256::of(&bytes).into();
                contents.insert(content.clone(), bytes);
                ResolvedContent { mode, content }
            });
            ResolvedFile {
                path,
                versions: file.conflict.versions.clone(),
                result,
            }
        });
        let files = files.collect();
        Self::of(candidate, files, contents)
    }
}

impl Upstream {
    pub(crate) fn conflicts(
        &self,
        base: Oid,
        candidate: &Candidate,
        resolutions: &Resolutions,
    ) -> Vec<ConflictedFile> {
        self.branch("release", base);
        let mirror = self.mirror(&[candidate]);
        conflicts(&mirror, base, candidate, resolutions)
    }

    /// The outcome of assembling one candidate of which something was resolved; looking at it
    /// comes to the same.
    pub(crate) fn resolved_outcome(
        &self,
        base: Oid,
        candidate: &Candidate,
        resolutions: &Resolutions,
    ) -> PickOutcome {
        self.branch("release", base);
        let mirror = self.mirror(&[candidate]);
        let Resolutions { set, contents } = resolutions;
        let assessed = mirror
            .assess(&sha(base), candidate, (set, &Form::AsIs), contents)
            .unwrap();
        let mut pick = pick(candidate);
        pick.resolved = set.clone();
        let known = [(candidate.pr, candidate.clone())].into();
        let assembled = mirror.assemble(&spec(base, vec![pick]), &known, contents);
        let assembled = assembled.unwrap();
        let outcome = &assembled.assembly.picks[0].outcome;
        assert_eq!(without_ids(&assessed.outcome), without_ids(outcome));
        assert_eq!(assessed.patches, assembled.patches);
        outcome.clone()
    }
}

fn conflicts(
    mirror: &Merger,
    base: Oid,
    candidate: &Candidate,
    resolutions: &Resolutions,
) -> Vec<ConflictedFile> {
    let (base, Resolutions { set, contents }) = (sha(base), resolutions);
    let found = mirror.conflicts(&base, &base, candidate, set, contents);
    found.unwrap().map(|pick| pick.files).unwrap_or_default()
}

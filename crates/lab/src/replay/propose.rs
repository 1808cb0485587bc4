//! Proposals for the picks that conflict, compared with what people made of them.

use picket_treemerge::{
    Commit, ConflictPath, Conflicts, Content, Kind, NewObjects, ObjectId, Objects, Overlay,
    ReadError, UpdateTreeError, Version, update_tree,
};

use super::backport::{Backport, Trees};
use super::cpu::ThreadCpu;

/// A pick that conflicts, and in regular files only: others are not asked for.
#[derive(Debug)]
pub struct ConflictedPick<'a> {
    /// The commit that is picked.
    pub source: ObjectId,
    /// Its message: bytes, not always UTF-8.
    pub message: &'a [u8],
    /// Every file that conflicts, at least one.
    pub files: &'a [ConflictedFile<'a>],
}

/// A file that conflicts.
#[derive(Debug)]
pub struct ConflictedFile<'a> {
    /// Its path, and what is wrong with it.
    pub conflict: &'a ConflictPath,
    /// The content of its versions, of the base, ours and theirs.
    pub contents: [Option<Content>; 3],
}

/// Says what becomes of files that conflict.
pub trait Proposer {
    /// The content of each of the pick's files, in their order, or nothing for one that is to be
    /// removed. Nothing at all where there is no proposal for some of them.
    fn propose(&self, pick: &ConflictedPick<'_>) -> Option<Vec<Option<Vec<u8>>>>;
}

/// What a proposal came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The tree that people committed.
    Identical,
    /// This other tree.
    Different(ObjectId),
    /// There was none.
    None,
}

/// The proposal for a pick that conflicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// What it came to.
    pub verdict: Verdict,
    /// What conflicts.
    pub conflicts: Vec<ConflictPath>,
    /// Processor time of all that it took, in nanoseconds. The pick's own does not include it.
    pub cpu_ns: u64,
}

impl Proposed {
    /// Asks for a proposal, and compares what comes of it with what people committed.
    ///
    /// # Errors
    /// When an object that matters is absent or damaged.
    pub(super) fn by(
        proposer: &dyn Proposer,
        objects: &impl Objects,
        pick: &Backport,
        trees: &Trees,
        conflicts: Conflicts,
    ) -> Result<Self, ReadError> {
        let cpu = ThreadCpu::now();
        let verdict = match tree(proposer, objects, pick.source, &conflicts)? {
            Some(tree) if tree == trees.committed => Verdict::Identical,
            Some(tree) => Verdict::Different(tree),
            None => Verdict::None,
        };
        Ok(Self {
            verdict,
            conflicts: conflicts.paths,
            cpu_ns: cpu.elapsed_ns(),
        })
    }
}

/// The tree with what is proposed for each file.
fn tree(
    proposer: &dyn Proposer,
    objects: &impl Objects,
    source: ObjectId,
    conflicts: &Conflicts,
) -> Result<Option<ObjectId>, ReadError> {
    let is_regular = |path: &ConflictPath| {
        let versions = path.stages.iter().flatten();
        versions
            .into_iter()
            .all(|version| version.mode.is_regular())
    };
    if !conflicts.can_be_settled() || !conflicts.paths.iter().all(is_regular) {
        return Ok(None);
    }
    let files = conflicts
        .paths
        .iter()
        .map(|path| file(objects, path))
        .collect::<Result<Vec<_>, _>>()?;
    let commit = objects.read(&source, Kind::Commit)?;
    let message_at = Commit::parse(&commit).map_or(commit.len(), |commit| commit.message_at);
    let pick = ConflictedPick {
        source,
        message: &commit[message_at..],
        files: &files,
    };
    let all = |contents: &Vec<_>| contents.len() == files.len();
    let Some(contents) = proposer.propose(&pick).filter(all) else {
        return Ok(None);
    };
    let mut new = NewObjects::default();
    let changes: Vec<_> = conflicts
        .paths
        .iter()
        .zip(contents)
        .map(|(conflict, content)| (conflict.path.clone(), version(&mut new, conflict, content)))
        .collect();
    let objects = Overlay::new(&conflicts.objects, objects);
    match update_tree(&objects, conflicts.tree, &changes) {
        Ok((tree, _)) => Ok(Some(tree)),
        Err(UpdateTreeError::Read(error)) => Err(error),
        // The repository's own trees hold what git would not put into one.
        Err(UpdateTreeError::Path(_)) => Ok(None),
    }
}

fn file<'a>(
    objects: &impl Objects,
    conflict: &'a ConflictPath,
) -> Result<ConflictedFile<'a>, ReadError> {
    let mut contents = [None, None, None];
    for (content, version) in contents.iter_mut().zip(conflict.stages) {
        *content = version
            .map(|version| objects.read(&version.id, Kind::Blob))
            .transpose()?;
    }
    Ok(ConflictedFile { conflict, contents })
}

fn version(
    new: &mut NewObjects,
    conflict: &ConflictPath,
    content: Option<Vec<u8>>,
) -> Option<Version> {
    Some(Version {
        id: new.add(Kind::Blob, content?),
        mode: conflict.merged_mode()?,
    })
}

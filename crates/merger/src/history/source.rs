//! Which commits a pull request has, by git's history alone.
//!
//! The answer depends on the head and not on whether, or how, the pull request was merged since:
//!
//! | upstream | commits |
//! |---|---|
//! | open, closed, merged by squash or rebase | in the head's history and not in the base branch's |
//! | merged by a merge commit M | in the head's history and not in that of M's first parent |
//! | fast-forwarded | those that GitHub lists, where the head's history has them |
//!
//! A squashed or rebased pull request is picked by its own commits as well, the ones that people
//! approved; what they became on the base branch is worked out only to recognise a fix that a
//! channel has already under that name.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use git2::{Commit, Oid, Repository};
use picket_domain::{Candidate, CommitSha, UpstreamState};

use picket_treemerge::ObjectId;

use crate::error::Result;
use picket_mirror::{RawCommit, contains, find_commit, merge_bases, object_id, oid, walk};

/// More commits than any fix has: beyond it, the base branch is not the one that was branched from.
const MAX_COMMITS: usize = 2_000;
/// How far back on a branch the merge of a pull request is looked for.
const MAX_FIRST_PARENTS: usize = 100_000;

/// The commits of a pull request.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its commits, merges included, each after its parents; never empty.
    pub(crate) commits: Vec<Oid>,
    /// What they became on the base branch, where that is something else.
    pub(crate) landed: Landed,
    /// The commit that merging it made, as GitHub has it.
    pub(crate) merged_as: Option<Oid>,
    /// The base branch's tip.
    pub(crate) branch: Oid,
    /// Whether the base branch's history has its commits.
    pub(crate) is_on_branch: bool,
    /// A commit of the base branch from before the pull request; its commits are on top of that.
    pub(crate) from: Option<Oid>,
}

impl Source {
    /// Whether each of its commits leaves its parent's tree as it was. A merge may change something.
    pub(crate) fn changes_nothing(&self, repo: &Repository) -> Result<bool> {
        for id in &self.commits {
            let commit = repo.find_commit(*id)?;
            let is_same = match commit.parents().collect::<Vec<_>>().as_slice() {
                [parent] => parent.tree_id() == commit.tree_id(),
                [] => object_id(commit.tree_id()) == ObjectId::EMPTY_TREE,
                _ => false,
            };
            if !is_same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// As what the commits of a pull request are on its base branch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Landed {
    /// As themselves, or not at all yet.
    AsIs,
    /// All as one commit.
    Squashed(Oid),
    /// Each as another commit.
    Rebased(HashMap<Oid, Oid>),
}

/// Why a pull request cannot be picked, for a person.
#[derive(Debug)]
pub(crate) struct NoSource(pub(crate) String);

/// Finds the commits of a pull request at this head. `branch` is the tip of its base branch.
pub(crate) fn find(
    repo: &Repository,
    candidate: &Candidate,
    head: &CommitSha,
    branch: Option<Oid>,
) -> Result<std::result::Result<Source, NoSource>> {
    let Some(branch) = branch else {
        let name = &candidate.base_branch;
        return Ok(none(format!(
            "upstream has no branch {name}, which it asks to be merged into"
        )));
    };
    let tip = oid(head);
    if find_commit(repo, tip)?.is_none() {
        return Ok(none(format!(
            "its head {} cannot be had from GitHub",
            head.short()
        )));
    }
    let merged_as = match &candidate.upstream {
        UpstreamState::Merged {
            commit: Some(commit),
            ..
        } => find_commit(repo, oid(commit))?,
        _ => None,
    };
    let is_on_branch = contains(repo, branch, tip)?;
    let found = match is_on_branch {
        true => merged_commits(repo, candidate, merged_as.as_ref(), branch, tip)?,
        false => Some(since(repo, branch, tip)?),
    };
    let Some((set, from)) = found else {
        let reason = "its head is on its base branch, and nothing tells which commits are its own";
        return Ok(none(reason.to_owned()));
    };
    if set.len() > MAX_COMMITS {
        return Ok(none(format!("it has more than {MAX_COMMITS} commits")));
    }
    let commits = topological(repo, &set)?;
    if own(repo, &commits)?.is_empty() {
        return Ok(none("it has no commit of its own".to_owned()));
    }
    let landed = landed(repo, merged_as.as_ref(), &commits)?;
    let from = match from {
        Some(from) => Some(from),
        None => repo.find_commit(commits[0])?.parent_ids().next(),
    };
    let merged_as = merged_as.map(|commit| commit.id());
    Ok(Ok(Source {
        commits,
        landed,
        merged_as,
        branch,
        is_on_branch,
        from,
    }))
}

/// Commits, and where they left the base branch, if that can be told.
type Found = (HashSet<Oid>, Option<Oid>);

/// The commits of a pull request whose head is on its base branch.
fn merged_commits(
    repo: &Repository,
    candidate: &Candidate,
    merged_as: Option<&Commit<'_>>,
    branch: Oid,
    head: Oid,
) -> Result<Option<Found>> {
    match before_merge(repo, merged_as, branch, head)? {
        Some(before) => since(repo, before, head).map(Some),
        None => Ok(listed(repo, candidate, head)?.map(|set| (set, None))),
    }
}

/// The commits of a head's history that a state of the base branch lacks.
fn since(repo: &Repository, before: Oid, head: Oid) -> Result<Found> {
    // At most one commit more than allowed.
    let set = walk(repo, &[head], &[before], MAX_COMMITS + 1)?;
    let left_at = merge_bases(repo, before, head)?.first().copied();
    Ok((set.into_iter().collect(), left_at))
}

fn none<T>(reason: String) -> std::result::Result<T, NoSource> {
    Err(NoSource(reason))
}

/// The state of the base branch before the merge that brought the head in, if a merge did.
fn before_merge(
    repo: &Repository,
    merged_as: Option<&Commit<'_>>,
    branch: Oid,
    head: Oid,
) -> Result<Option<Oid>> {
    if let Some(merge) = merged_as.filter(|commit| commit.parent_count() == 2) {
        let (first, second) = (merge.parent_id(0)?, merge.parent_id(1)?);
        if contains(repo, second, head)? && !contains(repo, first, head)? {
            return Ok(Some(first));
        }
    }
    let Some(oldest) = oldest_with(repo, branch, head)? else {
        return Ok(None);
    };
    // A merge of another branch that has the head in it has much else in it as well.
    let parents = RawCommit::read(repo, oldest)?.parents;
    let is_its_merge = parents.iter().skip(1).any(|parent| *parent == head);
    Ok(parents.first().copied().filter(|_| is_its_merge))
}

/// The oldest commit on the branch's line of first parents that contains the head. Older ones do
/// not and younger ones do, so it is found by steps that double, and then by halving.
fn oldest_with(repo: &Repository, branch: Oid, head: Oid) -> Result<Option<Oid>> {
    let mut line = vec![branch];
    let (mut with, mut step) = (0, 1);
    let mut without = loop {
        let at = with + step;
        extend(repo, &mut line, at)?;
        match line.get(at) {
            Some(id) if contains(repo, *id, head)? => (with, step) = (at, step * 2),
            Some(_) => break at,
            None if line.len() < MAX_FIRST_PARENTS => break line.len(),
            None => return Ok(None),
        }
    };
    while without - with > 1 {
        let middle = usize::midpoint(with, without);
        if contains(repo, line[middle], head)? {
            with = middle;
        } else {
            without = middle;
        }
    }
    Ok(Some(line[with]))
}

/// Follows the first parents until the line has a place `at`, or ends, or is too long.
fn extend(repo: &Repository, line: &mut Vec<Oid>, at: usize) -> Result<()> {
    while line.len() <= at && line.len() < MAX_FIRST_PARENTS {
        let last = RawCommit::read(repo, line[line.len() - 1])?;
        match last.parents.first() {
            Some(parent) => line.push(*parent),
            None => break,
        }
    }
    Ok(())
}

/// The commits that GitHub lists, if the head's history has them all.
fn listed(repo: &Repository, candidate: &Candidate, head: Oid) -> Result<Option<HashSet<Oid>>> {
    let mut set = HashSet::new();
    for commit in candidate.commits().iter().take(MAX_COMMITS + 1) {
        let id = oid(&commit.sha);
        if find_commit(repo, id)?.is_none() || !contains(repo, head, id)? {
            return Ok(None);
        }
        set.insert(id);
    }
    Ok((!set.is_empty()).then_some(set))
}

/// Orders commits so that each follows its parents; of those that may come next, the one with the
/// earliest committer time does, then the one with the lowest id.
fn topological(repo: &Repository, set: &HashSet<Oid>) -> Result<Vec<Oid>> {
    let (mut waits, mut times) = (HashMap::new(), HashMap::new());
    let mut children: HashMap<Oid, Vec<Oid>> = HashMap::new();
    for id in set {
        let commit = repo.find_commit(*id)?;
        let parents: HashSet<_> = commit.parent_ids().filter(|it| set.contains(it)).collect();
        waits.insert(*id, parents.len());
        times.insert(*id, commit.time().seconds());
        for parent in parents {
            children.entry(parent).or_default().push(*id);
        }
    }
    let ready = waits.iter().filter(|(_, parents)| **parents == 0);
    let mut ready: BinaryHeap<_> = ready.map(|(id, _)| Reverse((times[id], *id))).collect();
    let mut order = Vec::with_capacity(set.len());
    while let Some(Reverse((_, id))) = ready.pop() {
        order.push(id);
        for child in children.remove(&id).unwrap_or_default() {
            if let Some(left) = waits.get_mut(&child) {
                *left -= 1;
                if *left == 0 {
                    ready.push(Reverse((times[&child], child)));
                }
            }
        }
    }
    Ok(order)
}

/// The commits that are no merges.
fn own(repo: &Repository, commits: &[Oid]) -> Result<Vec<Oid>> {
    let mut own = Vec::new();
    for id in commits {
        if repo.find_commit(*id)?.parent_count() < 2 {
            own.push(*id);
        }
    }
    Ok(own)
}

/// Tells a squash from a rebase by what a rebase keeps: authors and messages, in their order.
fn landed(repo: &Repository, merged_as: Option<&Commit<'_>>, commits: &[Oid]) -> Result<Landed> {
    let Some(last) = merged_as.filter(|commit| commit.parent_count() == 1) else {
        return Ok(Landed::AsIs);
    };
    if commits.contains(&last.id()) {
        return Ok(Landed::AsIs);
    }
    let mut became = HashMap::new();
    let mut there = Some(last.clone());
    for id in own(repo, commits)?.into_iter().rev() {
        let here = repo.find_commit(id)?;
        let Some(commit) = there.filter(|commit| is_rebased(&here, commit)) else {
            return Ok(Landed::Squashed(last.id()));
        };
        became.insert(id, commit.id());
        there = commit.parent(0).ok();
    }
    Ok(Landed::Rebased(became))
}

fn is_rebased(before: &Commit<'_>, after: &Commit<'_>) -> bool {
    let author = |commit: &Commit<'_>| {
        let author = commit.author();
        (
            author.name_bytes().to_vec(),
            author.email_bytes().to_vec(),
            author.when().seconds(),
        )
    };
    after.parent_count() == 1
        && before.message_bytes() == after.message_bytes()
        && author(before) == author(after)
}

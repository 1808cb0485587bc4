//! The second opinion: git remakes what a chain is made of.
//!
//! Each merge of a pull request is made again by `git merge-tree` from the same three commits, also
//! those that came out as nothing left to change. Git has to make the same tree; where people
//! settled conflicts, it has to report a conflict in just those files, and the same tree around
//! them. Where it does not, one of the two engines is wrong, and a person has to look before it is
//! released.

use picket_domain::SecondOpinion;
use picket_treemerge::ObjectId;

use crate::error::Result;
use crate::merge_tree::{Answer, Scratch};
use crate::pick::attempt::Made;
use crate::snapshot::Snapshot;
use picket_mirror::changes;

/// How many paths are named.
const MAX_PATHS: usize = 100;

/// The first merge of which git makes something else, and what. The mirror has to have the commits.
pub(crate) fn second_opinion<'m>(
    snapshot: &Snapshot,
    merges: &'m [Made],
) -> Result<Option<(&'m Made, SecondOpinion)>> {
    if merges.is_empty() {
        return Ok(None);
    }
    let scratch = Scratch::new(snapshot)?;
    let lines: Vec<_> = merges.iter().map(line).collect();
    for (made, answer) in merges.iter().zip(scratch.merge(&lines)?) {
        if let Some(opinion) = compare(&scratch, made, &answer)? {
            return Ok(Some((made, opinion)));
        }
    }
    Ok(None)
}

fn line(made: &Made) -> String {
    let base = match made.base {
        Some(base) => base.to_string(),
        None => ObjectId::EMPTY_TREE.to_string(),
    };
    format!("{base} -- {} {}", made.onto, made.source)
}

fn compare(scratch: &Scratch<'_>, made: &Made, answer: &Answer) -> Result<Option<SecondOpinion>> {
    match answer {
        Answer::Clean(tree) if made.settled.is_empty() => {
            let paths = differing(scratch, made.tree, *tree)?;
            Ok((made.tree != *tree).then(|| SecondOpinion::OtherTree {
                paths: named(&paths),
            }))
        }
        Answer::Clean(_) => Ok(Some(SecondOpinion::OtherTree {
            paths: named(&made.settled),
        })),
        Answer::Conflict { tree, paths } if !paths.is_empty() && *paths == made.settled => {
            let mut other = differing(scratch, made.tree, *tree)?;
            other.retain(|path| !made.settled.contains(path));
            Ok((!other.is_empty()).then(|| SecondOpinion::OtherTree {
                paths: named(&other),
            }))
        }
        Answer::Conflict { paths, .. } => Ok(Some(SecondOpinion::Conflict {
            paths: named(paths),
        })),
        // It says of no file why.
        Answer::GaveUp => Ok(Some(SecondOpinion::Conflict { paths: Vec::new() })),
    }
}

fn differing(scratch: &Scratch<'_>, ours: ObjectId, gits: ObjectId) -> Result<Vec<Vec<u8>>> {
    if ours == gits {
        return Ok(Vec::new());
    }
    match changes(&scratch.objects()?, ours, gits)? {
        Some(changes) => Ok(changes.into_iter().map(|change| change.path).collect()),
        None => Ok(vec![b"(too many files to look at)".to_vec()]),
    }
}

fn named(paths: &[Vec<u8>]) -> Vec<String> {
    let paths = paths.iter().take(MAX_PATHS);
    paths
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect()
}

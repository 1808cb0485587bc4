//! Comparing every removed file with every added one.

use super::files::{Source, Target, same_name, similarity};
use crate::{
    objects::{Objects, ReadError},
    similarity::{MAX_SCORE, RENAME_SCORE},
};

/// How many sources are remembered for each added file.
const CANDIDATES: usize = 4;

/// The pairs of an open source and an open target that are alike enough, the most alike first.
pub(super) fn most_alike(
    objects: &impl Objects,
    (sources, open): (&[Source<'_>], &[usize]),
    targets: &[Target<'_>],
) -> Result<Vec<(usize, usize)>, ReadError> {
    let mut scores = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        if target.from.is_some() {
            continue;
        }
        let mut best: [Option<Score>; CANDIDATES] = [None; CANDIDATES];
        for source in open {
            let similarity = similarity(objects, &sources[*source], target, RENAME_SCORE)?;
            let score = Score {
                similarity,
                same_name: same_name(sources[*source].path, target.path),
                source: *source,
                target: index,
            };
            keep_if_better(&mut best, score);
        }
        scores.extend(best.into_iter().flatten());
    }
    scores.sort_by_key(|score| std::cmp::Reverse(score.rank()));
    let alike = scores
        .iter()
        .take_while(|score| score.similarity >= RENAME_SCORE);
    Ok(alike.map(|score| (score.source, score.target)).collect())
}

#[derive(Clone, Copy)]
struct Score {
    similarity: u64,
    same_name: bool,
    source: usize,
    target: usize,
}

impl Score {
    fn rank(&self) -> (u64, bool) {
        (self.similarity.min(MAX_SCORE), self.same_name)
    }
}

/// Puts the score in the place of the worst, the first of equally bad ones, if it is better.
fn keep_if_better(best: &mut [Option<Score>; CANDIDATES], score: Score) {
    let mut worst = 0;
    for index in 1..CANDIDATES {
        if best[index].map(|score| score.rank()) < best[worst].map(|score| score.rank()) {
            worst = index;
        }
    }
    if best[worst].map(|score| score.rank()) < Some(score.rank()) {
        best[worst] = Some(score);
    }
}

//! What the merge does where git has a choice.

use serde::Serialize;

use crate::{
    rename::RENAME_LIMIT,
    similarity::{MAX_SCORE, RENAME_SCORE},
};

/// The merge's options, which are git's defaults and cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Options {
    /// How many files one side may have renamed and added before only equal content and equal
    /// names are looked for (`merge.renameLimit`).
    pub rename_limit: usize,
    /// How much of a file's content, in percent, makes another one its new name.
    pub rename_similarity: u64,
    /// How lines are told apart that stayed (`diff.algorithm`; merges have their own default).
    pub diff_algorithm: &'static str,
    /// What becomes of files that are added to a renamed directory (`merge.directoryRenames`).
    pub directory_renames: &'static str,
}

/// Those that every merge uses.
pub const OPTIONS: Options = Options {
    rename_limit: RENAME_LIMIT,
    rename_similarity: RENAME_SCORE * 100 / MAX_SCORE,
    diff_algorithm: "histogram",
    directory_renames: "conflict",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_gits_defaults() {
        assert_eq!(
            (OPTIONS.rename_limit, OPTIONS.rename_similarity),
            (7000, 50)
        );
    }
}

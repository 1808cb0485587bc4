//! Picket's proposals for the conflicts of a replay.

use picket_lab::replay::{self, ConflictedPick, Pick, Proposer, Replayed, Verdict};
use picket_proposal::{ConflictedFile, propose};
use picket_treemerge::{ConflictPath, Content};

/// What Picket proposes: for all of a pick's files, or not at all.
pub(super) struct Proposals;

impl Proposer for Proposals {
    fn propose(&self, pick: &ConflictedPick<'_>) -> Option<Vec<Option<Vec<u8>>>> {
        let files = pick.files.iter().map(file).collect::<Option<Vec<_>>>()?;
        propose(&files)
            .into_iter()
            .map(|proposal| proposal.map(|proposal| proposal.content))
            .collect()
    }
}

/// Nothing if its path is not UTF-8.
fn file<'a>(file: &'a replay::ConflictedFile<'_>) -> Option<ConflictedFile<'a>> {
    let bytes = |content: &'a Option<Content>| content.as_deref().map(Vec::as_slice);
    let [base, ours, theirs] = file.contents.each_ref().map(bytes);
    Some(ConflictedFile {
        path: std::str::from_utf8(&file.conflict.path).ok()?,
        base,
        ours,
        theirs,
    })
}

/// Prints a line for each pick that conflicts: the backport, its source, what its proposal is,
/// and what conflicts, divided by tabs.
pub(super) fn print(picks: &[Pick]) {
    for pick in picks {
        let (verdict, conflicts) = match (&pick.outcome, &pick.proposed) {
            (_, Some(proposed)) => (proposed.verdict, proposed.conflicts.as_slice()),
            (Replayed::Unsure(_), None) => (Verdict::None, &[][..]),
            (_, None) => continue,
        };
        let verdict = match verdict {
            Verdict::Identical => "identical",
            Verdict::Different(_) => "different",
            Verdict::None => "none",
        };
        let path = |conflict: &ConflictPath| format!("\t{}", conflict.path.escape_ascii());
        let paths: String = conflicts.iter().map(path).collect();
        println!(
            "{}\t{}\t{verdict}{paths}",
            pick.backport.backport, pick.backport.source
        );
    }
}

//! The merge itself: three trees in, one tree or the conflicts out.
//!
//! This is [`picket_treemerge`], which makes what `git merge-tree` makes. The rest of the crate
//! knows it as an [`Engine`], so that another one can take its place; whichever it is, git remakes
//! what a chain is made of (`opinion.rs`).

use picket_domain::{BlobId, Conflict, ConflictKind, FileVersion, Renames, Versions};
use picket_mirror::file_mode;
use picket_treemerge::{
    ConflictPath, Drivers, ObjectId, Objects, Outcome, ReadError, RenameReport, SideReport, Version,
};

/// Merges the trees `[base, ours, theirs]`: makes the change that leads from `base` to `theirs` on
/// `ours`. It reads objects, and attributes that say how files are merged, and writes nothing.
pub type Engine = fn(&dyn Objects, &dyn Drivers, [ObjectId; 3]) -> Result<Outcome, ReadError>;

/// Picket's own engine.
pub(crate) fn treemerge(
    objects: &dyn Objects,
    drivers: &dyn Drivers,
    [base, ours, theirs]: [ObjectId; 3],
) -> Result<Outcome, ReadError> {
    picket_treemerge::merge(&objects, drivers, base, ours, theirs)
}

/// The engine's conflicts in the domain's words, ordered by path; never empty if they are not.
pub(crate) fn conflicts(found: &[ConflictPath]) -> Vec<Conflict> {
    let mut conflicts: Vec<_> = found.iter().map(conflict).collect();
    conflicts.sort_by(|a, b| (&a.path, &a.versions).cmp(&(&b.path, &b.versions)));
    conflicts.dedup();
    conflicts
}

fn conflict(found: &ConflictPath) -> Conflict {
    let kind = match found.stages.map(|stage| stage.is_some()) {
        [true, true, true] => ConflictKind::BothModified,
        [false, true, true] => ConflictKind::BothAdded,
        [true, false, true] => ConflictKind::DeletedByUs,
        [true, true, false] => ConflictKind::DeletedByThem,
        [_, false, false] | [false, ..] => ConflictKind::Other,
    };
    Conflict {
        path: String::from_utf8_lossy(&found.path).into_owned(),
        kind,
        versions: versions(found.stages),
    }
}

/// The three versions of a file, as the domain has them.
pub(crate) fn versions([base, ours, theirs]: [Option<Version>; 3]) -> Versions {
    let version = |stage: Option<Version>| {
        let Version { mode, id } = stage?;
        let blob = BlobId::parse(&id.to_string()).expect("an id is 40 hexadecimal digits");
        Some(FileVersion {
            mode: file_mode(mode)?,
            blob,
        })
    };
    Versions {
        base: version(base),
        ours: version(ours),
        theirs: version(theirs),
    }
}

/// What rename detection did until now, and in one more merge.
pub(crate) fn with_renames(renames: Renames, report: &RenameReport) -> Renames {
    let sides = [report.ours, report.theirs];
    let more: usize = sides.iter().map(|side| side.found).sum();
    let found = u32::try_from(more).unwrap_or(u32::MAX);
    let was_needed = |side: &SideReport| side.wanted > 0;
    let gave_up = sides.iter().any(|side| side.gave_up);
    match (renames, gave_up) {
        (Renames::NotNeeded, false) if !sides.iter().any(was_needed) => Renames::NotNeeded,
        (Renames::NotNeeded, false) => Renames::Followed { found },
        (Renames::NotNeeded, true) => Renames::GaveUp { found },
        (Renames::Followed { found: before }, false) => Renames::Followed {
            found: before.saturating_add(found),
        },
        (Renames::Followed { found: before }, true) | (Renames::GaveUp { found: before }, _) => {
            Renames::GaveUp {
                found: before.saturating_add(found),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn renames_of_all_commits_are_taken_together() {
        let report = |wanted, found, gave_up| RenameReport {
            theirs: SideReport {
                wanted,
                found,
                gave_up,
                ..SideReport::default()
            },
            ..RenameReport::default()
        };
        let after = |reports: &[RenameReport]| {
            let start = Renames::NotNeeded;
            reports.iter().fold(start, with_renames)
        };
        let none = report(0, 0, false);
        assert_eq!(after(&[none, none]), Renames::NotNeeded);
        let some = after(&[none, report(2, 1, false), none, report(1, 1, false)]);
        assert_eq!(some, Renames::Followed { found: 2 });
        let gave_up = after(&[report(2, 1, false), report(9, 4, true), report(1, 1, false)]);
        assert_eq!(gave_up, Renames::GaveUp { found: 6 });
        assert_eq!(
            after(&[report(1, 0, false)]),
            Renames::Followed { found: 0 }
        );
    }
}

//! The commits of a range that touched a place.

use std::ops::ControlFlow;

use git2::Oid;

use super::inquiry::{Inquiry, Range};
use super::lines::Ended;
use super::places::{Place, What};
use crate::error::Result;

/// What every look at history asks for: ids only, because all else that is in a commit is somebody
/// else's text; no merges, because they are not picked; nothing of the repository's configuration.
const ALWAYS: [&str; 7] = [
    "--format=%H",
    "--no-patch",
    "--no-merges",
    "--date-order",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
];

/// Hands over the commits of a range that touched a place, youngest first, until `take` wants no
/// more. Lines are followed through changes above them and renames of their file.
pub(super) fn commits(
    inquiry: &Inquiry<'_>,
    range: Range,
    place: &Place,
    mut take: impl FnMut(Oid) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let git = inquiry
        .git("log")
        .args(ALWAYS)
        .args(arguments(range, place));
    let ended = inquiry.lines(git, |line| {
        match std::str::from_utf8(line)
            .ok()
            .and_then(|id| Oid::from_str(id).ok())
        {
            Some(id) => take(id),
            None => Ok(ControlFlow::Continue(())),
        }
    })?;
    if ended == Ended::OutOfTime {
        inquiry.cut_short();
    }
    Ok(())
}

fn arguments(range: Range, place: &Place) -> Vec<String> {
    let Place { path, what } = place;
    let (mut options, file) = match what {
        What::Lines(spans) => {
            // Git counts lines from 1, and includes the last.
            let lines = spans.iter().map(|span| (span.start + 1, span.end));
            let lines = lines.map(|(from, to)| format!("-L{from},{to}:{path}"));
            (lines.chain(["-M".to_owned()]).collect::<Vec<_>>(), None)
        }
        What::File => (Vec::new(), Some(path)),
        What::Arrival => (only("A"), Some(path)),
        What::Removal => (only("D"), Some(path)),
    };
    options.extend([
        "--end-of-options".to_owned(),
        range.to_string(),
        "--".to_owned(),
    ]);
    options.extend(file.map(|path| format!(":(top,literal){path}")));
    options
}

/// A move is an arrival in one place, and a removal in another.
fn only(kind: &str) -> Vec<String> {
    vec![format!("--diff-filter={kind}"), "--no-renames".to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_never_taken_for_anything_else() {
        let range = Range {
            without: Oid::from_bytes(&[1; 20]).unwrap(),
            tip: Oid::from_bytes(&[2; 20]).unwrap(),
        };
        let arguments = |what| {
            let path = "--output=:x *".to_owned();
            arguments(range, &Place { path, what })
        };
        let lines = arguments(What::Lines(vec![0..2, 6..7]));
        assert_eq!(lines[..2], ["-L1,2:--output=:x *", "-L7,7:--output=:x *"]);
        let file = arguments(What::File);
        assert_eq!(file[0], "--end-of-options");
        assert_eq!(file[2..], ["--", ":(top,literal)--output=:x *"]);
    }
}

//! Whether a content may be taken for what a person made of a conflicting file.

use std::collections::HashSet;

use picket_merger::{ConflictedFile, MAX_RESOLVED_FILE};

use super::help::stops_parsing;

const MARKERS: [&[u8]; 3] = [b"<<<<<<< ", b"||||||| ", b">>>>>>> "];

/// What is wrong with a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    TooLong,
    Nul,
    Markers,
    DoesNotParse,
}

impl Refusal {
    /// The end of a sentence about a file.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::TooLong => "is larger than 16 MiB, the most that is taken",
            Self::Nul => "has a NUL character in it, which a text has not",
            Self::Markers => "has conflict markers left in it",
            Self::DoesNotParse => {
                "does not parse as Nix any more, as it did on both sides: look for a brace or a \
                 semicolon too few or too many"
            }
        }
    }
}

/// Refuses what is a slip, and nothing that is a side's own: a file that had a marker or a NUL may
/// keep it.
pub(super) fn check(file: &ConflictedFile, content: &[u8]) -> Result<(), Refusal> {
    let sides: Vec<_> = [&file.base, &file.ours, &file.theirs]
        .into_iter()
        .flatten()
        .map(Vec::as_slice)
        .collect();
    if content.len() as u64 > MAX_RESOLVED_FILE {
        return Err(Refusal::TooLong);
    }
    if sides.contains(&content) {
        return Ok(());
    }
    if content.contains(&0) && !sides.iter().any(|side| side.contains(&0)) {
        return Err(Refusal::Nul);
    }
    let known: HashSet<_> = sides.iter().copied().flat_map(markers).collect();
    if markers(content).any(|marker| !known.contains(marker)) {
        return Err(Refusal::Markers);
    }
    match stops_parsing(file, content) {
        true => Err(Refusal::DoesNotParse),
        false => Ok(()),
    }
}

fn markers(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = content.split(|byte| *byte == b'\n');
    lines
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| *line == b"=======" || MARKERS.iter().any(|it| line.starts_with(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_one_that_is_told() {
        let limit = format!("larger than {} MiB", MAX_RESOLVED_FILE >> 20);
        assert!(Refusal::TooLong.words().contains(&limit));
    }
}

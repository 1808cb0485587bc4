//! Step boundaries: what the program's progress lines say, without what differs between runs.

use std::fmt;

use anyhow::{Result, ensure};
use picket_tests::LogLine;

/// A kind of progress line: `built # of #`. Whenever one is written, a step or a part of one has
/// just ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Boundary(String);

impl Boundary {
    /// The boundary that a log line marks; `None` where it is about something else.
    pub(crate) fn of(line: &LogLine) -> Option<Self> {
        line.is_progress().then(|| Self::in_words(line.message()))
    }

    /// Words with digits in them are versions, numbers and hashes, and paths are those of one run; what
    /// follows a colon is a name.
    fn in_words(message: &str) -> Self {
        let head = message.split_once(": ").map_or(message, |(head, _)| head);
        let mut is_one = false;
        let words = head.split_whitespace().map(|word| {
            let is_counted = std::mem::replace(&mut is_one, word == "1");
            let noun = word.trim_end_matches(',');
            let has_digit = word.contains(|it: char| it.is_ascii_digit());
            if has_digit || word.starts_with('/') {
                "#".to_owned()
            } else if is_counted && !noun.ends_with('s') && noun != "of" {
                format!("{noun}s{}", &word[noun.len()..])
            } else {
                word.to_owned()
            }
        });
        Self(words.collect::<Vec<_>>().join(" "))
    }

    /// Whether every run must come by here: others depend on how two things fell out beside each other.
    pub(crate) fn is_certain(&self) -> bool {
        let mut certain = BEGINNING.iter().chain(FIX);
        certain.any(|it| self.0.starts_with(it))
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an undisturbed run from the first start to the first release must have written.
const BEGINNING: &[&str] = &[
    "watching pull request #",
    "# stands at # #",
    "# applies",
    "done with assessing #",
    "release # with # picks",
    "done with reserving release #",
    "wrote the release #",
    "checked all files and # paths of #",
    "done with staging release #",
    "tagged #",
    "entered # in the release log",
    "# is now #",
    "stated that # is current",
    "done with publishing release #",
];

/// The same from an approval to the release with the fix.
const FIX: &[&str] = &[
    "pick # of #",
    "done with assembling # picks",
    "evaluating nixos/release.nix at #",
    "# of # jobs differ from the base's",
    "# derivations to build, # paths to substitute",
    "building # of #",
    "built # of #",
    "# passes",
    "done with building #",
    "release # with # picks",
    "done with reserving release #",
    "packed # of #",
    "the binary cache has all # store paths of the release, # of them new",
    "wrote the release #",
    "checked all files and # paths of #",
    "done with staging release #",
    "tagged #",
    "entered # in the release log",
    "# is now #",
    "stated that # is current",
    "done with publishing release #",
];

/// The boundaries of an undisturbed run, in the order in which they were first reached.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) beginning: Vec<Boundary>,
    pub(crate) fix: Vec<Boundary>,
}

impl Script {
    /// A step that writes no line would be one at which nothing is killed.
    pub(crate) fn covers_every_kind_of_step(&self) -> Result<()> {
        for (expected, found) in [(BEGINNING, &self.beginning), (FIX, &self.fix)] {
            for boundary in expected {
                let is_there = found.iter().any(|it| it.0.starts_with(boundary));
                ensure!(
                    is_there,
                    "no line says {boundary:?}; there are {:#?}",
                    found.iter().map(ToString::to_string).collect::<Vec<_>>()
                );
            }
        }
        Ok(())
    }
}

/// The distinct boundaries in some lines.
pub(crate) fn distinct(lines: &[LogLine]) -> Vec<Boundary> {
    let mut found = Vec::new();
    for boundary in lines.iter().filter_map(Boundary::of) {
        if !found.contains(&boundary) {
            found.push(boundary);
        }
    }
    found
}

#[test]
fn a_boundary_is_a_line_without_its_particulars() {
    let boundary = |message| Boundary::in_words(message).to_string();
    assert_eq!(boundary("built 3 of 7: openssl-3.4.2"), "built # of #");
    assert_eq!(
        boundary("nixos-26.05-sec is now nixos-26.05.8.2.49f7047e3569"),
        "# is now #"
    );
    assert_eq!(boundary("#4242 applies"), "# applies");
    assert_eq!(
        boundary("7 of 9 jobs, and 1 package, and 1 test"),
        boundary("1 of 9 jobs, and 2 packages, and 2 tests")
    );
    assert_eq!(
        boundary("pushed r.1 to /tmp/.tmpAbc/x.git"),
        "pushed # to #"
    );
}

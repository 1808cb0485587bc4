//! The sentences by which people and bots say that a pull request is a port.
//!
//! One is: `[This is a manual] backport [of PR] #7 [and #8] [to release-26.05]`, and then its end,
//! or a word by which people add something. With any other word it may say something else: that a
//! backport is to come, was taken back, or would have to be made.

use super::series::Series;
use super::word::Word;
use crate::id::PrNumber;

/// No sentence has as many words before what it refers to.
const MAX_WORDS: usize = 16;

const BEFORE: [&str; 21] = [
    "this",
    "is",
    "it",
    "it's",
    "a",
    "an",
    "the",
    "pr",
    "pull",
    "request",
    "manual",
    "manually",
    "bot-based",
    "automatic",
    "automated",
    "automatically",
    "partial",
    "clean",
    "direct",
    "simple",
    "straightforward",
];
/// `backported` is none: it is said of an original.
const PORTS: [&str; 7] = [
    "backport",
    "backports",
    "backporting",
    "cherry-pick",
    "cherry-picks",
    "cherrypick",
    "cherry-picking",
];
const PORTED_FROM: [&str; 2] = ["backported", "cherry-picked"];
const BETWEEN: [&str; 9] = [
    "of", "the", "pr", "prs", "pull", "request", "requests", "from", "to",
];
const CHANGES: [&str; 4] = ["updates", "patches", "changes", "commits"];
/// What upstream's bot writes between the branch and the number.
const TRIGGERED: [[&str; 1]; 5] = [["triggered"], ["by"], ["a"], ["label"], ["in"]];
const REVERTS: [&str; 3] = ["revert", "reverts", "reverting"];
const AND: [&str; 3] = ["and", "&", "+"];
const TO: [&str; 5] = ["to", "for", "onto", "into", "on"];
const ADDING: [&str; 16] = [
    "addressing",
    "which",
    "but",
    "with",
    "without",
    "by",
    "plus",
    "minus",
    "except",
    "including",
    "because",
    "since",
    "from",
    "-",
    "–",
    "—",
];

/// Where a sentence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// There, the package's name and a colon may come first, and numbers have no mark at times.
    Title,
    Description,
}

/// Whose sentence it is.
pub(super) struct Speaker<'a> {
    /// The release that their pull request goes to.
    pub(super) series: &'a Series,
    /// Where their repository's pull requests are.
    pub(super) pull_requests: Option<&'a str>,
}

/// The pull requests that a line says its own to be a port of.
pub(super) fn said_in(line: &str, place: Place, speaker: &Speaker<'_>) -> Vec<PrNumber> {
    // A heading's mark is no word of its sentence.
    let words: Vec<_> = line
        .trim_start_matches(['#', ' '])
        .split_whitespace()
        .map(Word)
        .collect();
    if words.first().is_some_and(|word| word.is_of(&REVERTS)) {
        return Vec::new();
    }
    let begins = |at: &usize| *at == 0 || words[*at].opens() || ends(words[*at - 1], place);
    let begins = (0..words.len()).filter(begins);
    begins
        .filter_map(|at| Sentence::new(&words[at..], place, speaker).read())
        .flatten()
        .collect()
}

fn ends(word: Word<'_>, place: Place) -> bool {
    // A description's colon leads to something else: `Depends on: backport of ..`.
    word.ends_sentence() && (place == Place::Title || !word.0.ends_with(':'))
}

/// A sentence, and how far it was read.
struct Sentence<'a> {
    words: &'a [Word<'a>],
    place: Place,
    speaker: &'a Speaker<'a>,
}

impl<'a> Sentence<'a> {
    fn new(words: &'a [Word<'a>], place: Place, speaker: &'a Speaker<'a>) -> Self {
        Self {
            words,
            place,
            speaker,
        }
    }

    /// What it says to be ported; `None` where it says nothing of the kind.
    fn read(mut self) -> Option<Vec<PrNumber>> {
        self.skip(|word| word.is_of(&BEFORE));
        self.verb()?;
        self.way()?;
        let originals = self.references()?;
        self.says_no_more().then_some(originals)
    }

    fn peek(&self) -> Option<Word<'a>> {
        self.words.first().copied()
    }

    fn next(&mut self) -> Option<Word<'a>> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(*first)
    }

    fn next_of(&mut self, words: &[&str]) -> Option<Word<'a>> {
        let is_one = self.peek()?.is_of(words);
        is_one.then(|| self.next()).flatten()
    }

    fn skip(&mut self, is_skipped: impl Fn(Word<'a>) -> bool) {
        for _ in 0..MAX_WORDS {
            if !self.peek().is_some_and(&is_skipped) {
                break;
            }
            self.next();
        }
    }

    fn verb(&mut self) -> Option<()> {
        if self.next_of(&PORTED_FROM).is_some() {
            return self.peek()?.is_of(&["from"]).then_some(());
        }
        self.next_of(&PORTS).map(drop)
    }

    /// What stands between the verb and the first number; `None` where it leads elsewhere.
    fn way(&mut self) -> Option<()> {
        let mut is_behind_branch = false;
        for _ in 0..MAX_WORDS {
            let word = self.peek()?;
            if self.reference(word).is_some() {
                return Some(());
            }
            if is_behind_branch && word.is_of(&TRIGGERED[0]) {
                TRIGGERED
                    .iter()
                    .try_for_each(|it| self.next_of(it).map(drop))?;
                continue;
            }
            self.next();
            let is_on_its_way = word.is_of(&BETWEEN)
                || (word.is_of(&CHANGES) && self.peek()?.is_of(&["from"]))
                || (is_behind_branch && word.is_of(&["for"]));
            if word.names_branch() {
                self.is_this_branch(word).then_some(())?;
                is_behind_branch = true;
            } else if !is_on_its_way {
                return None;
            }
        }
        None
    }

    /// Whether a branch may be the one that the pull request goes to.
    fn is_this_branch(&self, word: Word<'_>) -> bool {
        word.series().is_none_or(|it| it == *self.speaker.series)
    }

    fn reference(&self, word: Word<'_>) -> Option<PrNumber> {
        let plain = match self.place {
            Place::Title => word.plain_number(),
            Place::Description => None,
        };
        plain.or_else(|| word.reference(self.speaker.pull_requests))
    }

    /// The numbers, one after the other.
    fn references(&mut self) -> Option<Vec<PrNumber>> {
        let mut found = Vec::new();
        while let Some(number) = self.peek().and_then(|word| self.reference(word)) {
            found.push(number);
            if self.next()?.ends_sentence() {
                self.words = &[];
            }
            // `#7 & #8`
            let after = self.words.get(1).copied();
            if after.is_some_and(|word| self.reference(word).is_some()) {
                self.next_of(&AND);
            }
        }
        (!found.is_empty()).then_some(found)
    }

    /// Whether nothing comes behind the numbers that may turn what was said into something else.
    fn says_no_more(&mut self) -> bool {
        for _ in 0..MAX_WORDS {
            let Some(word) = self.next() else {
                return true;
            };
            if word.is_of(&TO) {
                self.next_of(&["the"]);
                match self.peek() {
                    Some(branch) if branch.names_branch() => {}
                    Some(_) | None => return false,
                }
            } else if word.names_branch() {
                if !self.is_this_branch(word) {
                    return false;
                }
                if word.ends_sentence() {
                    return true;
                }
            } else {
                return word.opens() || word.is_of(&ADDING) || ADDING.contains(&word.0);
            }
        }
        false
    }
}

//! Whether what came of a place holds both changes, as its rule says: counted word by word.
//!
//! The rules look at structure; this looks at nothing but words. What one side put in has to be
//! there, unless the other side took as many away, and the other way round.

use std::collections::BTreeMap;

use super::Part;
use crate::{nix::tokens::of_words, rule::Rule, spelling::Spelling};

/// The texts that a part was made of.
#[derive(Clone, Copy)]
pub(super) struct Texts<'t> {
    pub(super) base: &'t [u8],
    pub(super) ours: &'t [u8],
    pub(super) theirs: &'t [u8],
}

/// What a rule says of the two changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// That both are made.
    Both,
    /// That both are, and that something comes or stays with them that stable lacks.
    BothAndMore,
    /// That the pull request's is taken, so that stable's goes.
    Theirs,
    /// Nothing of either.
    Nothing,
}

/// How often a word is in each text.
#[derive(Default)]
struct Count {
    base: usize,
    ours: usize,
    theirs: usize,
    made: usize,
}

/// The part with the rule that says what became of both changes, and the words that tell it.
pub(super) fn told(texts: Texts<'_>, spelling: &Spelling, mut part: Part) -> Part {
    let claim = match part.rule {
        Some(rule) => claim(rule),
        None => return part,
    };
    if claim == Claim::Nothing {
        return part;
    }
    let counts = counts(texts, spelling, &part.text);
    let named = |is: &dyn Fn(&Count) -> bool| {
        let words = counts.iter().filter(|(_, count)| is(count));
        named(words.map(|(word, _)| word.as_slice()))
    };
    let goes = named(&|count| count.lacks(count.ours, count.theirs));
    let back = named(&|count| claim == Claim::Both && count.keeps(count.ours, count.theirs));
    let is_theirs = claim == Claim::Theirs;
    let left_out = named(&|count| !is_theirs && count.lacks(count.theirs, count.ours));
    let stays = named(&|count| claim == Claim::Both && count.keeps(count.theirs, count.ours));
    let notes = [
        (&goes, "What stable put in goes: "),
        (&back, "What stable took away is back: "),
        (&left_out, "What the pull request puts in is left out: "),
        (&stays, "What the pull request takes away stays: "),
    ];
    let notes = notes.into_iter().filter_map(|(words, what)| {
        let words = words.as_ref()?;
        Some(format!(" {what}{words}."))
    });
    part.note = notes.collect();
    if is_theirs {
        return part;
    }
    if goes.is_some() || back.is_some() {
        part.rule = Some(Rule::SameWords);
    } else if left_out.is_some() || stays.is_some() {
        part.rule = Some(Rule::InPart);
    }
    part
}

fn claim(rule: Rule) -> Claim {
    match rule {
        Rule::BothAdded
        | Rule::SameChange
        | Rule::Apart
        | Rule::WordByWord
        | Rule::Spacing
        | Rule::Renamed
        | Rule::Spelling => Claim::Both,
        Rule::WithoutContext | Rule::LackingHere | Rule::NothingToDo => Claim::BothAndMore,
        Rule::TheirValue => Claim::Theirs,
        Rule::VersionBump
        | Rule::SameWords
        | Rule::InPart
        | Rule::Removed
        | Rule::TheirLines
        | Rule::StaysAway
        | Rule::FileRemoved
        | Rule::FileAdded
        | Rule::FileReplaced => Claim::Nothing,
    }
}

impl Count {
    /// Whether less is left of what a side put in than the other side left of it.
    fn lacks(&self, side: usize, other: usize) -> bool {
        side > self.base && self.made + self.base.saturating_sub(other) < side
    }

    /// Whether more is left of what a side took away than the other side put in.
    fn keeps(&self, side: usize, other: usize) -> bool {
        side < self.base && self.made > side + other.saturating_sub(self.base)
    }
}

/// The words of all texts, as stable writes them.
fn counts(texts: Texts<'_>, spelling: &Spelling, made: &[u8]) -> BTreeMap<Vec<u8>, Count> {
    let (base, theirs) = (spelling.spell(texts.base), spelling.spell(texts.theirs));
    let mut counts: BTreeMap<Vec<u8>, Count> = BTreeMap::new();
    let mut count = |text: &[u8], add: fn(&mut Count)| {
        let mut words = Vec::new();
        of_words(text, 0..text.len(), &mut words);
        for word in words {
            add(counts.entry(text[word].to_vec()).or_default());
        }
    };
    count(&base, |it| it.base += 1);
    count(texts.ours, |it| it.ours += 1);
    count(&theirs, |it| it.theirs += 1);
    count(made, |it| it.made += 1);
    counts
}

/// Words that are named in a sentence; the rest is counted.
const NAMED: usize = 5;

/// The longest part of a word that is named, in characters.
const LONGEST: usize = 60;

/// The words for a sentence, brackets and the like only where there is nothing else; `None` where
/// there are none.
fn named<'w>(words: impl Iterator<Item = &'w [u8]>) -> Option<String> {
    let is_mark = |word: &[u8]| !word.iter().any(u8::is_ascii_alphanumeric);
    let (marks, words): (Vec<_>, Vec<_>) = words.partition(|word| is_mark(word));
    let words = if words.is_empty() { marks } else { words };
    let shown = words.iter().take(NAMED).map(|word| {
        let word = String::from_utf8_lossy(word);
        word.chars().take(LONGEST).collect::<String>()
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    match words.len().saturating_sub(NAMED) {
        0 => (!words.is_empty()).then_some(shown),
        more => Some(format!("{shown} and {more} more")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(texts: [&str; 3], made: &str, rule: Rule) -> (Rule, String) {
        let [base, ours, theirs] = texts.map(str::as_bytes);
        let texts = Texts { base, ours, theirs };
        let part = Part {
            text: made.into(),
            ours: 0..1,
            theirs: 0..1,
            rule: Some(rule),
            note: String::new(),
        };
        let part = told(texts, &Spelling::default(), part);
        (part.rule.unwrap(), part.note)
    }

    #[test]
    fn both_changes_are_there() {
        for (texts, made) in [
            (["a b", "a b c", "a d b"], "a d b c"),
            (["a b", "b", "a"], ""),
            (["a", "a x", "a x"], "a x"),
            // One put in what the other took away.
            (["a", "a a", ""], "a"),
        ] {
            let found = account(texts, made, Rule::WordByWord);
            assert_eq!(found, (Rule::WordByWord, String::new()), "{texts:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        let made = [
            account(["b", "b2", "b3"], "b3", Rule::WordByWord),
            account(["a b", "a", "a b c"], "a b c", Rule::Spelling),
            account(["a", "b", "c"], "b", Rule::Apart),
            account(["a b", "a b", "b"], "a b", Rule::Apart),
            account(["x", "!x", "y"], "y", Rule::Renamed),
            account(["", "1 2 3 4 5 6 7", "y"], "y", Rule::BothAdded),
        ];
        let told = made.map(|(rule, note)| format!("{}:{note}", rule.name()));
        insta::assert_snapshot!(told.join("\n"), @"
        same-words: What stable put in goes: b2.
        same-words: What stable took away is back: b.
        in-part: What the pull request puts in is left out: c.
        in-part: What the pull request takes away stays: a.
        same-words: What stable put in goes: !.
        same-words: What stable put in goes: 1, 2, 3, 4, 5 and 2 more.
        ");
    }

    #[test]
    fn a_rule_that_says_whose_change_is_taken_stays() {
        let found = account(["b", "b2", "b3"], "b3", Rule::TheirValue);
        let note = " What stable put in goes: b2.".to_owned();
        assert_eq!(found, (Rule::TheirValue, note));
        let found = account(["b", "b2", "b3"], "b3", Rule::TheirLines);
        assert_eq!(found, (Rule::TheirLines, String::new()));
    }
}

//! Which of two versions is the later one.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::str::Chars;

/// Orders two versions as Nix does (`builtins.compareVersions`; the manual's section on `nix-env`,
/// operation `--upgrade`, has the rules): parts are between dots and hyphens, and where letters meet
/// digits; numbers by their value, `pre` before anything, a version before what goes on, words before numbers.
pub fn compare_versions(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (Parts::of(one), Parts::of(other));
    loop {
        let (mine, theirs) = (one.next(), other.next());
        if mine.is_none() && theirs.is_none() {
            return Ordering::Equal;
        }
        let order = compare(&mine.unwrap_or_default(), &theirs.unwrap_or_default());
        if order.is_ne() {
            return order;
        }
    }
}

/// A part that is not there is an empty one.
fn compare(mine: &str, theirs: &str) -> Ordering {
    let (rank, other) = (Rank::of(mine), Rank::of(theirs));
    rank.cmp(&other).then_with(|| match rank {
        Rank::Number => compare_numbers(mine, theirs),
        Rank::Before | Rank::Nothing | Rank::Word => mine.cmp(theirs),
    })
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Before,
    Nothing,
    Word,
    Number,
}

impl Rank {
    fn of(part: &str) -> Self {
        match part {
            "pre" => Self::Before,
            "" => Self::Nothing,
            part if part.starts_with(|c: char| c.is_ascii_digit()) => Self::Number,
            _ => Self::Word,
        }
    }
}

/// Of whatever length.
fn compare_numbers(mine: &str, theirs: &str) -> Ordering {
    let trim = |number: &str| number.trim_start_matches('0').to_owned();
    let (mine, theirs) = (trim(mine), trim(theirs));
    let by_length = mine.len().cmp(&theirs.len());
    by_length.then_with(|| mine.cmp(&theirs))
}

struct Parts<'a>(Peekable<Chars<'a>>);

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        Self(version.chars().peekable())
    }
}

impl Iterator for Parts<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        while self.0.next_if(|c| is_between(*c)).is_some() {}
        let is_digit = self.0.peek()?.is_ascii_digit();
        let mut part = String::new();
        while let Some(c) = self
            .0
            .next_if(|c| !is_between(*c) && c.is_ascii_digit() == is_digit)
        {
            part.push(c);
        }
        Some(part)
    }
}

fn is_between(c: char) -> bool {
    matches!(c, '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `nix-instantiate --eval -E 'builtins.compareVersions "1.0" "2.3"'` has it.
    #[test]
    fn versions_are_ordered_as_nix_orders_them() {
        for (one, other, order) in [
            ("1.0", "2.3", Ordering::Less),
            ("2.1", "2.3", Ordering::Less),
            ("2.3", "2.3", Ordering::Equal),
            ("2.5", "2.3", Ordering::Greater),
            ("3.1", "2.3", Ordering::Greater),
            ("2.3.1", "2.3", Ordering::Greater),
            ("2.3.1", "2.3a", Ordering::Greater),
            ("2.3pre1", "2.3", Ordering::Less),
            ("2.3pre3", "2.3pre12", Ordering::Less),
            ("2.3a", "2.3c", Ordering::Less),
            ("2.3pre1", "2.3c", Ordering::Less),
            ("2.3pre1", "2.3q", Ordering::Less),
            ("2.3a", "2.3", Ordering::Greater),
            ("", "1", Ordering::Less),
            ("1.1.1f", "1.1.1g", Ordering::Less),
            ("007", "7", Ordering::Equal),
            ("1..2", "1.2", Ordering::Equal),
        ] {
            assert_eq!(compare_versions(one, other), order, "{one} and {other}");
            assert_eq!(
                compare_versions(other, one),
                order.reverse(),
                "{other} and {one}"
            );
        }
    }
}

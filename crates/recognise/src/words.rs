//! Words that people use for security fixes.

use crate::evidence::Evidence;
use crate::vocabulary::{
    APPLIED, ATTACKS, ATTACKS_IN_CAPITALS, FILLERS, FIXES, HOSTILE, MEMORY, MENDED, MISSPELT,
    NO_MORE, OPTIONAL, PAST, RELEVANT, SECRETS, TAMPERED, TOOLS, VULNERABLE,
};

/// A word of a sentence: as it stands there, and in lower case.
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) lower: String,
}

/// Everything of the kind that a sentence says.
pub(crate) fn evidence(words: &[Word<'_>]) -> Vec<Evidence> {
    let is_mended = is_mended(words);
    let mut found = Vec::new();
    found.extend(security_fix(words).map(|words| Evidence::SecurityFix { words }));
    let is_past = is_mended || phrase(words, PAST).is_some();
    found.extend(vulnerability(words).map(|words| match is_past {
        true => Evidence::VulnerabilityFixed { words },
        false => Evidence::Vulnerability { words },
    }));
    found.extend(attack(words).map(|words| match is_mended {
        true => Evidence::AttackFixed { words },
        false => Evidence::Attack { words },
    }));
    found.extend(leak(words).map(|words| Evidence::AttackFixed { words }));
    found.extend(phrase(words, RELEVANT).map(|words| Evidence::SecurityRelevant { words }));
    found.extend(phrase(words, MEMORY).map(|words| Evidence::MemoryError { words }));
    found.extend(phrase(words, HOSTILE).map(|words| Evidence::Hostility { words }));
    found.extend(phrase(words, TAMPERED).map(|words| Evidence::Tampered { words }));
    found
}

/// The words of a text. What is part of a name, a path or an option (`security.wrappers`,
/// `nixos/security`) is one word; what hyphens join (`use-after-free`) is several.
pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let is_gap =
        |c: char| c.is_whitespace() || "()[]{}<>\"'`*,:;!?|=+~\u{2019}\u{201c}\u{201d}".contains(c);
    let chunks = text.split(is_gap).flat_map(split_alternatives);
    let chunks = chunks.map(|chunk| chunk.trim_matches(['.', '-', '_', '/']));
    let is_name = |chunk: &str| chunk.contains(['.', '/', '_', '@', '#', '\\']);
    let mut words = Vec::new();
    for chunk in chunks.filter(|chunk| !chunk.is_empty()) {
        let parts: Vec<_> = match is_name(chunk) {
            true => vec![chunk],
            false => chunk
                .split(['-', '\u{2010}', '\u{2011}', '\u{2013}'])
                .collect(),
        };
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        words.extend(parts.map(|text| Word {
            text,
            lower: text.to_lowercase(),
        }));
    }
    words
}

/// `security/bugfix` is two words, `nixos/security` is a path.
fn split_alternatives(chunk: &str) -> impl Iterator<Item = &str> {
    let is_word = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    let halves = chunk.split_once('/');
    let halves = halves.filter(|(one, two)| {
        let is_path = matches!(
            *one,
            "nixos" | "pkgs" | "lib" | "modules" | "services" | "doc"
        );
        is_word(one) && is_word(two) && !is_path
    });
    let (one, two) = halves.unwrap_or((chunk, ""));
    [one, two].into_iter()
}

/// Whether a sentence says that something is mended.
pub(crate) fn is_mended(words: &[Word<'_>]) -> bool {
    words
        .iter()
        .any(|word| MENDED.iter().any(|it| word.lower.starts_with(it)))
}

/// `security update`, `security and bug fixes`
pub(crate) fn security_fix(words: &[Word<'_>]) -> Option<String> {
    let places = words
        .iter()
        .enumerate()
        .filter(|(_, word)| word.lower == "security");
    let mut found = places.filter_map(|(at, _)| {
        let is_filler = |word: &&Word<'_>| FILLERS.contains(&word.lower.as_str());
        let skipped = words[at + 1..].iter().take(3).take_while(is_filler).count();
        // `security bug`: the filler itself may be the word.
        let ends = (at + 1..=at + 1 + skipped).rev();
        let mut ends = ends.filter(|end| {
            words
                .get(*end)
                .is_some_and(|word| FIXES.contains(&word.lower.as_str()))
        });
        ends.next().map(|end| said(&words[at..=end]))
    });
    found.next()
}

fn vulnerability(words: &[Word<'_>]) -> Option<String> {
    let at = (0..words.len()).position(|at| {
        let next = words.get(at + 1).map_or("", |next| next.lower.as_str());
        is_vulnerability(&words[at].lower, next)
    })?;
    Some(said(&words[at.saturating_sub(2)..=at]))
}

fn is_vulnerability(word: &str, next: &str) -> bool {
    let is_numbered = next.starts_with(|c: char| c.is_ascii_digit());
    if word == "roundup" {
        // What is found in nixpkgs is gathered in rounds: `as part of roundup 66`.
        return is_numbered;
    }
    let is_named = MISSPELT.iter().any(|begin| word.starts_with(begin));
    // An identifier (`XSA 466`) is told as such.
    (is_named || VULNERABLE.contains(&word)) && !TOOLS.contains(&next) && !is_numbered
}

fn attack(words: &[Word<'_>]) -> Option<String> {
    let capitals = words
        .iter()
        .find(|word| ATTACKS_IN_CAPITALS.contains(&word.text));
    capitals
        .map(|word| word.text.to_owned())
        .or_else(|| phrase(words, ATTACKS))
        .or_else(|| mitigation(words))
}

/// `apply log4j2 mitigation`, but not the kernel's, which are an option.
fn mitigation(words: &[Word<'_>]) -> Option<String> {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.lower.as_str()));
    let is_applied = has(APPLIED) && !has(OPTIONAL);
    let found = phrase(words, &["mitigation", "mitigations"]);
    found.filter(|_| is_applied)
}

/// `don't leak the password into the store`: a secret that was told to everybody, and is so no more.
fn leak(words: &[Word<'_>]) -> Option<String> {
    let at = words
        .iter()
        .position(|word| word.lower.starts_with("leak"))?;
    let is_secret = |word: &Word<'_>| {
        SECRETS.iter().any(|part| word.lower.contains(part)) || word.lower.ends_with("pass")
    };
    let is_over = is_mended(words) || phrase(words, NO_MORE).is_some();
    let is_told = is_over && words.iter().any(is_secret);
    is_told.then(|| said(&words[at..words.len().min(at + 4)]))
}

/// The first of these phrases that the words contain.
pub(crate) fn phrase(words: &[Word<'_>], phrases: &[&str]) -> Option<String> {
    let begins = |at: usize, phrase: &str| {
        let mut ahead = words[at..].iter();
        let mut parts = phrase.split(' ');
        parts.all(|part| ahead.next().is_some_and(|word| word.lower == part))
    };
    let mut found = (0..words.len()).filter_map(|at| {
        let phrase = phrases.iter().find(|phrase| begins(at, phrase))?;
        Some(said(&words[at..at + phrase.split(' ').count()]))
    });
    found.next()
}

/// These words, as they were said; not too much of them.
pub(crate) fn said(words: &[Word<'_>]) -> String {
    const MOST: usize = 80;
    let words: Vec<_> = words.iter().map(|word| word.text).collect();
    words.join(" ").chars().take(MOST).collect()
}

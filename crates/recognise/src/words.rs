//! Words that people use for security fixes.

use crate::evidence::Evidence;

/// A word of a sentence: as it stands there, and in lower case.
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) lower: String,
}

/// Words that follow `security` where a fix is meant.
const FIXES: &[&str] = &[
    "fix",
    "fixes",
    "fixed",
    "update",
    "updates",
    "upgrade",
    "upgrades",
    "release",
    "releases",
    "patch",
    "patches",
    "bump",
    "bumps",
    "hotfix",
    "hotfixes",
    "issue",
    "issues",
    "vulnerability",
    "vulnerabilities",
    "vuln",
    "vulns",
    "advisory",
    "advisories",
    "bug",
    "bugs",
    "bugfix",
    "bugfixes",
    "flaw",
    "flaws",
    "hole",
    "holes",
    "problem",
    "problems",
    "bulletin",
    "bulletins",
    "backport",
    "backports",
    "announcement",
    "notice",
    "section",
];

/// Words that may stand between the two: `security and bug fixes`.
const FILLERS: &[&str] = &[
    "and",
    "or",
    "&",
    "bug",
    "bugfix",
    "related",
    "relevant",
    "critical",
    "stability",
    "only",
    "maintenance",
    "minor",
    "important",
    "point",
];

/// Words that follow `security` where a change is said to matter for it.
const RELEVANT: &[&str] = &[
    "security relevant",
    "security related",
    "security sensitive",
    "security critical",
    "security reasons",
    "security implications",
    "security impact",
    "security content",
];

/// Beginnings of words that say that something is mended.
const MENDED: &[&str] = &[
    "fix", "patch", "address", "resolv", "mitigat", "prevent", "clos", "backport", "remediat",
    "correct", "against", "solv", "plug",
];

/// What makes `vulnerability` a matter of tools for finding them.
const TOOLS: &[&str] = &[
    "scanner",
    "scanners",
    "scanning",
    "scan",
    "database",
    "databases",
    "tracker",
    "management",
    "report",
    "reports",
    "assessment",
    "analysis",
    "checker",
    "lookup",
];

/// Kinds of attack, in lower case; words are set apart by one blank.
const ATTACKS: &[&str] = &[
    "remote code execution",
    "arbitrary code",
    "code execution",
    "arbitrary command",
    "privilege escalation",
    "escalation of privilege",
    "local root",
    "sql injection",
    "command injection",
    "code injection",
    "shell injection",
    "header injection",
    "argument injection",
    "html injection",
    "cross site scripting",
    "xss",
    "csrf",
    "cross site request forgery",
    "request forgery",
    "request smuggling",
    "response splitting",
    "path traversal",
    "directory traversal",
    "zip slip",
    "authentication bypass",
    "authorization bypass",
    "auth bypass",
    "access control bypass",
    "bypass authentication",
    "permission bypass",
    "denial of service",
    "redos",
    "sandbox escape",
    "sandbox bypass",
    "container escape",
    "guest escape",
    "vm escape",
    "information disclosure",
    "information leak",
    "info leak",
    "unauthorized access",
    "unauthenticated access",
    "open redirect",
    "open redirects",
    "prototype pollution",
    "insecure deserialization",
    "timing attack",
    "side channel",
    "supply chain attack",
    "malicious code",
    "backdoor",
    "session fixation",
    "session hijacking",
    "account takeover",
    "credential leak",
    "cache poisoning",
    "dns rebinding",
    "downgrade attack",
    "certificate validation",
    "signature verification bypass",
    "padding oracle",
    "log4shell",
    "shellshock",
    "heartbleed",
    "spectre",
    "meltdown",
    "dirty pipe",
    "regresshion",
];

/// Kinds of attack whose short names are other words in lower case.
const ATTACKS_IN_CAPITALS: &[&str] = &["RCE", "SSRF", "LPE", "DoS", "XXE", "IDOR", "UAF", "TOCTOU"];

/// Errors in memory.
const MEMORY: &[&str] = &[
    "use after free",
    "buffer overflow",
    "buffer overflows",
    "heap overflow",
    "heap based",
    "stack overflow",
    "integer overflow",
    "integer overflows",
    "buffer overread",
    "buffer over read",
    "out of bounds",
    "out of bound",
    "oob read",
    "oob write",
    "double free",
    "memory corruption",
    "memory safety",
    "type confusion",
    "null pointer dereference",
];

/// Words of harm that is meant.
const HOSTILE: &[&str] = &[
    "malicious",
    "maliciously",
    "crafted",
    "attacker",
    "attackers",
    "exploit",
    "exploits",
    "exploitable",
    "exploited",
    "exploitation",
    "0day",
    "0 day",
    "zero day",
    "in the wild",
    "untrusted input",
];

/// Everything of the kind that a sentence says.
pub(crate) fn evidence(words: &[Word<'_>]) -> Vec<Evidence> {
    let is_mended = is_mended(words);
    let mut found = Vec::new();
    found.extend(security_fix(words).map(|words| Evidence::SecurityFix { words }));
    found.extend(vulnerability(words).map(|words| match is_mended {
        true => Evidence::VulnerabilityFixed { words },
        false => Evidence::Vulnerability { words },
    }));
    found.extend(attack(words).map(|words| match is_mended {
        true => Evidence::AttackFixed { words },
        false => Evidence::Attack { words },
    }));
    found.extend(phrase(words, RELEVANT).map(|words| Evidence::SecurityRelevant { words }));
    found.extend(phrase(words, MEMORY).map(|words| Evidence::MemoryError { words }));
    found.extend(phrase(words, HOSTILE).map(|words| Evidence::Hostility { words }));
    found
}

/// The words of a text. What is part of a name, a path or an option (`security.wrappers`,
/// `nixos/security`) is one word; what hyphens join (`use-after-free`) is several.
pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let is_gap =
        |c: char| c.is_whitespace() || "()[]{}<>\"'`*,:;!?|=+~\u{201c}\u{201d}".contains(c);
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
    let at = words.iter().enumerate().position(|(at, word)| {
        let is_named = word.lower.starts_with("vulnerab")
            || word.lower.starts_with("vulnerib")
            || matches!(
                word.lower.as_str(),
                "vuln" | "vulns" | "cve" | "cves" | "cvss" | "xsa" | "xsas"
            );
        let next = words.get(at + 1).map_or("", |next| next.lower.as_str());
        // An identifier is told as such.
        let is_identifier = next.starts_with(|c: char| c.is_ascii_digit());
        is_named && !TOOLS.contains(&next) && !is_identifier
    })?;
    Some(said(&words[at.saturating_sub(2)..=at]))
}

fn attack(words: &[Word<'_>]) -> Option<String> {
    let capitals = words
        .iter()
        .find(|word| ATTACKS_IN_CAPITALS.contains(&word.text));
    capitals
        .map(|word| word.text.to_owned())
        .or_else(|| phrase(words, ATTACKS))
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

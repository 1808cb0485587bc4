//! Who numbers vulnerabilities, and how.

use std::ops::RangeInclusive;

/// A register of vulnerabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Common Vulnerabilities and Exposures.
    Cve,
    /// GitHub's.
    Ghsa,
    /// Rust's.
    Rustsec,
    /// Go's.
    Go,
    /// Python's.
    Pysec,
    /// Xen's.
    Xsa,
    /// The Zero Day Initiative's.
    Zdi,
    /// Mozilla's.
    Mfsa,
    /// WebKitGTK's.
    Wsa,
    /// Debian's.
    Dsa,
    /// Debian's, of releases with long support.
    Dla,
    /// Ubuntu's.
    Usn,
    /// Cisco Talos's.
    Talos,
    /// The security tracker's of nixpkgs.
    Nixpkgs,
}

const ALL: &[(&str, Scheme)] = &[
    ("CVE", Scheme::Cve),
    ("GHSA", Scheme::Ghsa),
    ("RUSTSEC", Scheme::Rustsec),
    ("GO", Scheme::Go),
    ("PYSEC", Scheme::Pysec),
    ("XSA", Scheme::Xsa),
    ("ZDI", Scheme::Zdi),
    ("MFSA", Scheme::Mfsa),
    ("WSA", Scheme::Wsa),
    ("DSA", Scheme::Dsa),
    ("DLA", Scheme::Dla),
    ("USN", Scheme::Usn),
    ("TALOS", Scheme::Talos),
    ("NIXPKGS", Scheme::Nixpkgs),
];

impl Scheme {
    /// The register with this prefix, in upper or lower case.
    pub(super) fn named(prefix: &str) -> Option<Self> {
        let found = ALL
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(prefix));
        found.map(|(_, scheme)| *scheme)
    }

    /// Whether blanks may stand for its hyphens. Of the others, the prefix is a word of its own.
    pub(super) fn may_be_loose(self) -> bool {
        matches!(self, Self::Cve | Self::Mfsa | Self::Xsa)
    }

    /// The identifier that begins with these parts, as the register itself spells it; what follows
    /// it (`-fix.patch`) is not part of it.
    pub(super) fn read(self, parts: &[&str]) -> Option<String> {
        match self {
            Self::Cve => dated("CVE", parts, 4..=19),
            Self::Ghsa => ghsa(parts),
            Self::Rustsec => dated("RUSTSEC", parts, 4..=4),
            Self::Go => dated("GO", parts, 4..=6),
            Self::Pysec => dated("PYSEC", parts, 1..=6),
            Self::Mfsa => dated("MFSA", parts, 2..=3),
            Self::Wsa => dated("WSA", parts, 4..=4),
            Self::Talos => dated("TALOS", parts, 4..=5),
            Self::Nixpkgs => dated("NIXPKGS", parts, 4..=6),
            Self::Xsa => numbered("XSA", parts.get(1)?, 1..=4),
            Self::Zdi => pair("ZDI", parts, 2..=2, 3..=5),
            Self::Dsa => pair("DSA", parts, 3..=5, 1..=2),
            Self::Dla => pair("DLA", parts, 2..=5, 1..=2),
            Self::Usn => pair("USN", parts, 3..=5, 1..=2),
        }
    }

    /// The page that describes an identifier of this register.
    pub(super) fn page(self, id: &str) -> String {
        let number = id.split_once('-').map_or(id, |(_, number)| number);
        match self {
            Self::Cve => format!("https://nvd.nist.gov/vuln/detail/{id}"),
            Self::Ghsa => format!("https://github.com/advisories/{id}"),
            Self::Rustsec => format!("https://rustsec.org/advisories/{id}.html"),
            Self::Go | Self::Pysec => format!("https://osv.dev/vulnerability/{id}"),
            Self::Xsa => format!("https://xenbits.xen.org/xsa/advisory-{number}.html"),
            Self::Zdi => format!("https://www.zerodayinitiative.com/advisories/{id}/"),
            Self::Mfsa => {
                format!("https://www.mozilla.org/en-US/security/advisories/mfsa{number}/")
            }
            Self::Wsa => format!("https://webkitgtk.org/security/{id}.html"),
            Self::Dsa | Self::Dla => format!("https://security-tracker.debian.org/tracker/{id}"),
            Self::Usn => format!("https://ubuntu.com/security/notices/{id}"),
            Self::Talos => format!("https://talosintelligence.com/vulnerability_reports/{id}"),
            Self::Nixpkgs => format!("https://tracker.security.nixos.org/issues/{id}"),
        }
    }
}

fn is_number(text: &str, length: &RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `PREFIX-<year>-<number>`
fn dated(prefix: &str, parts: &[&str], number: RangeInclusive<usize>) -> Option<String> {
    pair(prefix, parts, 4..=4, number)
}

/// `PREFIX-<number>-<number>`
fn pair(
    prefix: &str,
    parts: &[&str],
    first: RangeInclusive<usize>,
    second: RangeInclusive<usize>,
) -> Option<String> {
    let (one, two) = (parts.get(1)?, parts.get(2)?);
    (is_number(one, &first) && is_number(two, &second)).then(|| format!("{prefix}-{one}-{two}"))
}

/// `PREFIX-<number>`
fn numbered(prefix: &str, number: &str, length: RangeInclusive<usize>) -> Option<String> {
    is_number(number, &length).then(|| format!("{prefix}-{number}"))
}

/// `GHSA-` and three groups of four from GitHub's alphabet, which has no vowels.
fn ghsa(parts: &[&str]) -> Option<String> {
    const ALPHABET: &str = "23456789cfghjmpqrvwx";
    let groups = parts
        .get(1..4)?
        .iter()
        .map(|part| part.to_ascii_lowercase());
    let groups: Vec<_> = groups.collect();
    let is_group = |group: &String| group.len() == 4 && group.chars().all(|c| ALPHABET.contains(c));
    let is_one = groups.iter().all(is_group);
    is_one.then(|| format!("GHSA-{}", groups.join("-")))
}

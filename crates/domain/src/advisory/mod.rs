//! The identifiers under which vulnerabilities are published.

mod scheme;
mod words;

use serde::{Deserialize, Serialize};

use scheme::Scheme;
use words::{Word, words};

/// The identifier of a published vulnerability: `CVE-2026-12345`, `GHSA-xxxx-xxxx-xxxx`, or that of
/// another register: `RUSTSEC`, `GO`, `PYSEC`, `XSA`, `ZDI`, `MFSA`, `WSA`, `DSA`, `DLA`, `USN`, `TALOS`,
/// `NIXPKGS`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Advisory(String);

impl Advisory {
    /// All identifiers that a text names, each once, in alphabetical order.
    ///
    /// People write them in many ways: in lower case, with another hyphen than the one of ASCII, with
    /// blanks (`CVE 2026 12345`), several in braces (`CVE-2017-{17044,17045}`). All are found.
    ///
    /// That a text names one does not mean that it is fixed there: this is evidence, not a verdict.
    pub fn find_all(text: &str) -> Vec<Self> {
        let text = words::with_plain_hyphens(text);
        let words = words(&text);
        let mut found: Vec<_> = (0..words.len())
            .flat_map(|at| named(&words[at..]))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// The identifier that a text is, as a whole, in upper or lower case; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split('-').collect();
        let id = Scheme::named(parts.first()?)?.read(&parts)?;
        id.eq_ignore_ascii_case(text).then_some(Self(id))
    }

    /// The identifier in its canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The page on which its register describes it.
    pub fn url(&self) -> String {
        let known = self.0.split('-').next().and_then(Scheme::named);
        known.unwrap_or(Scheme::Cve).page(&self.0)
    }
}

impl std::fmt::Display for Advisory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the first of these words names, with the help of the ones after it.
fn named(words: &[Word<'_>]) -> Vec<Advisory> {
    let parts = words[0].parts();
    let places = 0..parts.len();
    let begun = places.filter_map(|at| Some((Scheme::named(parts[at])?, &parts[at..])));
    begun
        .flat_map(|(scheme, parts)| read(scheme, parts, &words[1..]))
        .map(Advisory)
        .collect()
}

/// More are not written by hand; and a text of nothing but open braces is to be read in time.
const MOST_IN_BRACES: usize = 100;

/// The identifiers that begin with these parts and may go on in the words after them.
fn read(scheme: Scheme, parts: &[&str], after: &[Word<'_>]) -> Vec<String> {
    if parts.len() == 2 && after.first().is_some_and(|word| word.gap == "{") {
        let in_braces = after.iter().take_while(|word| word.is_listed());
        let in_braces = in_braces.take(MOST_IN_BRACES);
        let each = in_braces.filter_map(|word| scheme.read(&[parts[0], parts[1], word.text]));
        return each.collect();
    }
    let mut parts = parts.to_vec();
    for next in after.iter().take(2) {
        if !scheme.may_be_loose() || parts.len() > 2 || !next.follows_loosely() {
            break;
        }
        parts.extend(next.parts());
    }
    scheme.read(&parts).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let found = Advisory::find_all(text);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn identifiers_are_found_in_any_text() {
        assert_eq!(
            found("fixes cve-2026-12345, CVE-2026-12345."),
            ["CVE-2026-12345"]
        );
        assert_eq!(found("./patches/CVE-2019-13636.patch"), ["CVE-2019-13636"]);
        assert_eq!(found("CVE-2024-0001-0002.patch"), ["CVE-2024-0001"]);
        assert_eq!(found("0001-fix-CVE-2024-0001.patch"), ["CVE-2024-0001"]);
        assert_eq!(
            found("https://github.com/advisories/GHSA-VR6x-fg8c-3hmm GHSA-2ffj-w4mj-pg37"),
            ["GHSA-2ffj-w4mj-pg37", "GHSA-vr6x-fg8c-3hmm"]
        );
    }

    #[test]
    fn hyphens_and_blanks_are_as_people_write_them() {
        for hyphen in ['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2212}'] {
            let text = format!("fix CVE{hyphen}2026{hyphen}12345");
            assert_eq!(found(&text), ["CVE-2026-12345"], "{hyphen:?}");
        }
        for text in [
            "CVE 2026 12345",
            "CVE 2026-12345",
            "CVE-2026 12345",
            "CVE: 2026-12345",
            "cve_2026_12345.patch",
            "CVE2026-12345",
        ] {
            assert_eq!(found(text), ["CVE-2026-12345"], "{text}");
        }
        let braces = "(CVE-2017-{17044,17045, 17046}) of 2017";
        let all = ["CVE-2017-17044", "CVE-2017-17045", "CVE-2017-17046"];
        assert_eq!(found(braces), all);
    }

    #[test]
    fn other_registers_have_their_own_spellings() {
        for (text, id) in [
            ("rustsec-2024-0001", "RUSTSEC-2024-0001"),
            ("GO-2024-2687", "GO-2024-2687"),
            ("PYSEC-2021-4", "PYSEC-2021-4"),
            ("xsa-464.patch", "XSA-464"),
            ("./0001-xsa464.patch", "XSA-464"),
            ("ZDI-24-1532", "ZDI-24-1532"),
            ("security/advisories/mfsa2020-49/", "MFSA-2020-49"),
            ("updates for MFSA2018-10", "MFSA-2018-10"),
            ("MFSA 2018-10", "MFSA-2018-10"),
            ("/security/WSA-2020-0005.html", "WSA-2020-0005"),
            ("DSA-5678-1", "DSA-5678-1"),
            ("usn-6789-2", "USN-6789-2"),
            ("TALOS-2024-1913", "TALOS-2024-1913"),
            ("nixpkgs-2026-0042", "NIXPKGS-2026-0042"),
        ] {
            assert_eq!(found(text), [id], "{text}");
        }
    }

    #[test]
    fn what_only_looks_alike_is_not() {
        let none = "CVE-26-1234 CVE-2026-123 CVE-abcd-1234 GHSA-aaaa-bbbb-cccc GHSA CVE \
                    go-2024-01-02 go 2024-2687 ssh-dsa-1024 dsa-2048 usn-12 xsa xsa-abc \
                    pysec-x zdi-2024-1 CVE {2024,1234} nixpkgs-26.05 nixpkgs-2026";
        assert_eq!(found(none), [""; 0]);
    }

    #[test]
    fn a_text_is_one_only_as_a_whole() {
        for (text, id) in [
            ("cve-2026-12345", Some("CVE-2026-12345")),
            ("GHSA-VR6X-fg8c-3hmm", Some("GHSA-vr6x-fg8c-3hmm")),
            ("XSA-464", Some("XSA-464")),
            ("CVE-2026-12345-1", None),
            ("CVE-2026-12345.patch", None),
            ("UBUNTU-CVE-2026-12345", None),
            (" CVE-2026-12345", None),
            ("CVE 2026 12345", None),
            ("", None),
        ] {
            let parsed = Advisory::parse(text);
            assert_eq!(parsed.as_ref().map(Advisory::as_str), id, "{text:?}");
        }
    }

    #[test]
    fn each_has_a_page() {
        for (id, page) in [
            (
                "CVE-2026-1234",
                "https://nvd.nist.gov/vuln/detail/CVE-2026-1234",
            ),
            ("XSA-464", "https://xenbits.xen.org/xsa/advisory-464.html"),
            (
                "mfsa2020-49",
                "https://www.mozilla.org/en-US/security/advisories/mfsa2020-49/",
            ),
            ("GO-2024-2687", "https://osv.dev/vulnerability/GO-2024-2687"),
            (
                "NIXPKGS-2026-0042",
                "https://tracker.security.nixos.org/issues/NIXPKGS-2026-0042",
            ),
        ] {
            assert_eq!(Advisory::find_all(id)[0].url(), page);
        }
    }
}

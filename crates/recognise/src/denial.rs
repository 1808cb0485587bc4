//! Sentences that say that there is nothing to fix.

use crate::evidence::Evidence;
use crate::words::{Word, is_mended, phrase, security_fix};

/// It has nothing to do with security.
const NO_SECURITY: &[&str] = &[
    "no security",
    "not security",
    "not a security",
    "not directly security",
    "no direct security",
    "not related to security",
    "without security",
    "non security",
    "isn t security",
    "just a bugfix",
    "just a bug fix",
    "only a bugfix",
    "just bugfixes",
    "only bugfixes",
    "just bug fixes",
    "only bug fixes",
    "pure bugfix",
    "no cve",
    "no cves",
    "no known vulnerabilities",
    "no vulnerabilities",
    "no known security",
    "didn t contain any security",
    "doesn t contain any security",
    "does not contain any security",
    "contains no security",
];

/// A vulnerability is none here.
const NOT_AFFECTED: &[&str] = &[
    "not affected",
    "unaffected",
    "isn t affected",
    "aren t affected",
    "not vulnerable",
    "isn t vulnerable",
    "doesn t affect",
    "does not affect",
    "do not affect",
    "not exploitable",
    "not impacted",
    "already fixed",
    "already patched",
    "still vulnerable",
    "remains vulnerable",
    "still affected",
    // It will be easier then to bring what comes.
    "future security",
    // A package out of support has fixes no longer: said where it is removed or replaced.
    "no longer receive",
    "no longer receives",
    "no longer receiving",
    "no longer gets",
    "doesn t receive",
    "does not receive",
    "not receive",
    "won t receive",
    "not receiving",
    "no longer provide",
    "no longer provides",
];

const BROUGHT_IN: &[&str] = &["introduce", "introduces", "introducing", "reintroduces"];

/// What denies that a sentence's words and identifiers stand for a fix.
pub(crate) fn denial(words: &[Word<'_>]) -> Option<Evidence> {
    if let Some(words) = phrase(words, NO_SECURITY) {
        return Some(Evidence::NoSecurity { words });
    }
    if let Some(words) = phrase(words, NOT_AFFECTED) {
        return Some(Evidence::NotAffected { words });
    }
    let is_fix = is_mended(words) || security_fix(words).is_some();
    let brought_in = phrase(words, BROUGHT_IN).filter(|_| !is_fix);
    brought_in.map(|words| Evidence::NotAffected { words })
}

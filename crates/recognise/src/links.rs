//! Addresses of pages that announce vulnerabilities.

/// Parts of such addresses.
const MARKS: &[&str] = &[
    "/security/advisor",
    "/security/notices/",
    "/security/bulletin",
    "/advisories/",
    "/advisory-",
    "advisory/?id=",
    "/secadv",
    "/oss-sec/",
    "nvd.nist.gov",
    "cve.org/cverecord",
    "cve.mitre.org",
    "security-tracker.debian.org",
    "security.gentoo.org/glsa",
    "tracker.security.nixos.org/",
    "security.archlinux.org/",
    "/errata/rhsa",
    "/security.html",
    "/support/security",
    "exploit-db.com/exploits",
    "zerodayinitiative.com/advisories",
    "huntr.dev/bounties",
    "huntr.com/bounties",
    "hackerone.com/reports",
    "snyk.io/vuln",
    "security.snyk.io",
    "rustsec.org/",
    "osv.dev/",
    "/docs/cve-",
    "github.com/nixos/security/issues/",
    // Every such release of Chrome's fixes vulnerabilities.
    "chromereleases.googleblog.com",
];

/// Beginnings of words that make of `security` in a part of an address more than a name.
const ANNOUNCED: &[&str] = &[
    "advis",
    "announc",
    "bulletin",
    "fix",
    "hotfix",
    "issue",
    "list",
    "maintenance",
    "notice",
    "patch",
    "releas",
    "update",
    "upgrade",
    "vuln",
];

/// Whether an address leads to such a page. What only has `security` in it does not: projects and
/// folders are called so.
pub(crate) fn announces_vulnerabilities(link: &str) -> bool {
    let link = link.to_ascii_lowercase();
    let parts: Vec<_> = link.split(['/', '?', '#', '=']).collect();
    let is_dated = |pair: &[&str]| pair[0] == "security" && has_year(pair[1]);
    MARKS.iter().any(|mark| link.contains(mark))
        || parts.iter().any(|part| announces(part))
        || parts.windows(2).any(is_dated)
}

/// Projects number what they announce by years: `security/2022-1`, `security/AST-2021-001.html`.
fn has_year(part: &str) -> bool {
    let mut numbers = part.split(|c: char| !c.is_ascii_digit());
    numbers.any(|it| it.len() == 4 && (it.starts_with("19") || it.starts_with("20")))
}

/// `security-update-synapse-0-31-2`, `vulnerabilities`, `oss-security`
fn announces(part: &str) -> bool {
    let words: Vec<_> = part.split(|c: char| !c.is_alphanumeric()).collect();
    let is_announced = |word: &&str| ANNOUNCED.iter().any(|begin| word.starts_with(begin));
    let has = |word: &str| words.contains(&word);
    let is_of_security = has("security") && (has("oss") || words.iter().any(is_announced));
    is_of_security || has("vulnerability") || has("vulnerabilities")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_advisories_are_told_from_names_with_security_in_them() {
        for link in [
            "https://www.openssl.org/news/secadv/20191206.txt",
            "http://openssl.org/news/secadv_20150319.txt",
            "https://nodejs.org/en/blog/vulnerability/july-2021-security-releases/",
            "https://discourse.nixos.org/t/security-advisory-local-privilege-escalation/77407",
            "https://github.com/foo/bar/security/advisories/GHSA-x",
            "https://wordpress.org/news/2019/09/wordpress-5-2-3-security-and-maintenance-release/",
            "https://www.openwall.com/lists/oss-security/2021/10/01/1",
            "https://w1.fi/security/2022-1/sae-eap-pwd-side-channel-attack-update-2.txt",
            "https://downloads.asterisk.org/pub/security/AST-2021-001.html",
            "https://www.samba.org/samba/history/security.html",
            "https://tracker.security.nixos.org/issues/NIXPKGS-2026-0001",
        ] {
            assert!(announces_vulnerabilities(link), "{link}");
        }
        for link in [
            "https://github.com/aquasecurity/trivy/releases/tag/v0.51.1",
            "https://search.nixos.org/options?query=security.wrappers",
            "https://github.com/NixOS/nixpkgs/tree/master/nixos/modules/security",
            "https://tracker.security.nixos.org",
        ] {
            assert!(!announces_vulnerabilities(link), "{link}");
        }
    }
}

//! Addresses of pages that announce vulnerabilities.

/// Parts of such addresses. What only has `security` in it is none: projects are called so.
const MARKS: &[&str] = &[
    "/security/advisor",
    "/advisories/",
    "/advisory-",
    "advisory/?id=",
    "/security-advisor",
    "security-advisory-",
    "/secadv",
    "security-announce",
    "security-release",
    "security-update",
    "security-patch",
    "security-fix",
    "security-issue",
    "security-vulnerabilit",
    "security-bulletin",
    "security-notice",
    "/security/notices/",
    "/security/bulletin",
    "/vulnerability/",
    "/vulnerabilities/",
    "/vulnerabilities.html",
    "critical-vulnerabilit",
    "/lists/oss-security",
    "/oss-sec/",
    "nvd.nist.gov",
    "cve.org/cverecord",
    "cve.mitre.org",
    "cveform",
    "security-tracker.debian.org",
    "security.gentoo.org/glsa",
    "tracker.security.nixos.org",
    "zerodayinitiative.com/advisories",
    "huntr.dev/bounties",
    "huntr.com/bounties",
    "hackerone.com/reports",
    "snyk.io/vuln",
    "security.snyk.io",
    "rustsec.org/",
    "osv.dev/",
    "curl.se/docs/cve",
    "curl.haxx.se/docs/cve",
    "/lwn.net/vulnerabilities/",
    "github.com/nixos/security/issues/",
    "/security-advisories",
    // Every such release of Chrome's fixes vulnerabilities.
    "chromereleases.googleblog.com",
];

/// Whether an address leads to such a page.
pub(crate) fn announces_vulnerabilities(link: &str) -> bool {
    let link = link.to_ascii_lowercase();
    MARKS.iter().any(|mark| link.contains(mark))
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
        ] {
            assert!(announces_vulnerabilities(link), "{link}");
        }
        for link in [
            "https://github.com/aquasecurity/trivy/releases/tag/v0.51.1",
            "https://search.nixos.org/options?query=security.wrappers",
            "https://github.com/NixOS/nixpkgs/tree/master/nixos/modules/security",
        ] {
            assert!(!announces_vulnerabilities(link), "{link}");
        }
    }
}

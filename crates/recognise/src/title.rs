//! A title in its parts.

use crate::words::words;

/// `[Backport release-25.11] package: what is done`
pub(crate) struct Title<'a> {
    /// What stands in brackets before or behind, without them.
    pub(crate) tags: Vec<&'a str>,
    /// The rest.
    pub(crate) rest: &'a str,
    /// The part of it before the first colon: packages, or a module.
    pub(crate) topic: &'a str,
    /// What is done to it.
    pub(crate) action: &'a str,
}

impl<'a> Title<'a> {
    pub(crate) fn of(title: &'a str) -> Self {
        let (mut tags, mut rest) = (Vec::new(), title.trim());
        while let Some((tag, after)) = tag_before(rest) {
            tags.push(tag);
            rest = after.trim().trim_start_matches(':').trim_start();
        }
        while let Some((before, tag)) = tag_behind(rest) {
            tags.push(tag);
            rest = before.trim();
        }
        let (topic, action) = match rest.split_once(": ") {
            Some((topic, action)) => (topic.trim(), action.trim()),
            None => ("", rest),
        };
        Self {
            tags,
            rest,
            topic,
            action,
        }
    }

    /// Whether a tag says that it is meant for a release branch: `[25.11]`, `[Backport release-25.11]`.
    pub(crate) fn is_for_release(&self) -> bool {
        self.tags.iter().any(|tag| names_release(tag))
    }

    /// Whether `security` stands alone in it, as a remark: `a: 1 -> 2 - security`.
    pub(crate) fn remarks_security(&self) -> bool {
        let parts = self.action.split([',', ';']);
        let mut parts = parts.flat_map(|part| part.split(" - ")).skip(1);
        parts.any(|part| {
            let word = part.trim_matches(|c: char| !c.is_alphabetic());
            word.eq_ignore_ascii_case("security")
        })
    }

    /// Whether it is about documents or the repository's own tools: `pkgs/README.md: ..`.
    pub(crate) fn is_beside(&self) -> bool {
        let root = self.topic.split('/').next().unwrap_or_default();
        let is_root = matches!(
            root,
            "doc" | "docs" | "ci" | ".github" | "maintainers" | "workflows"
        );
        is_root || self.topic.to_ascii_lowercase().ends_with(".md")
    }

    /// Whether it takes a change back. Taking that back again brings the change.
    pub(crate) fn is_revert(&self) -> bool {
        let word = self.rest.split([' ', '"']).next().unwrap_or_default();
        let reverts = self.rest.matches("Revert \"").count();
        let is_revert = word.eq_ignore_ascii_case("revert") || word.eq_ignore_ascii_case("reverts");
        let in_action = self.action.to_lowercase().starts_with("revert");
        (is_revert || in_action) && reverts % 2 == usize::from(reverts > 0)
    }

    /// Whether a package is marked, which warns people but fixes nothing.
    pub(crate) fn marks_insecure(&self) -> bool {
        let words = words(self.rest);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.lower.as_str()));
        let is_marked = has(&[
            "mark", "marked", "marks", "marking", "add", "adds", "set", "flag",
        ]);
        let as_what = has(&[
            "insecure",
            "vulnerable",
            "eol",
            "knownvulnerabilities",
            "unsafe",
        ]);
        let known = has(&["known"]) && has(&["cve", "cves", "vulnerabilities", "vulns"]);
        is_marked && (as_what || known) || has(&["knownvulnerabilities"])
    }

    /// Whether something is hardened. A kernel called so is updated as any other one.
    pub(crate) fn hardens(&self) -> bool {
        let words = words(self.action);
        let mut words = words.iter().map(|word| word.lower.as_str());
        words.any(|word| word.starts_with("harden") || matches!(word, "lockdown" | "sandboxing"))
    }

    /// Whether something new is added.
    pub(crate) fn is_new(&self) -> bool {
        let action = self.action.to_lowercase();
        action == "init" || action.starts_with("init ") || action.starts_with("init:")
    }

    /// Whether something is removed.
    pub(crate) fn is_removal(&self) -> bool {
        let words = words(self.action);
        let first = words.first().map_or("", |word| word.lower.as_str());
        matches!(
            first,
            "remove" | "removes" | "drop" | "delete" | "removed" | "dropped"
        )
    }
}

/// Whether a text names a release of NixOS: `25.11`, `release-19.03`.
pub(crate) fn names_release(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_digit() || c == '.';
    text.split(|c| !is_word(c)).any(|word| {
        let halves = word.split_once('.');
        halves.is_some_and(|(year, month)| {
            let is_number =
                |text: &str| text.len() == 2 && text.bytes().all(|it| it.is_ascii_digit());
            is_number(year) && is_number(month)
        })
    })
}

/// A tag at the beginning. Braces are part of names, parentheses are tags if they hold a release.
fn tag_before(text: &str) -> Option<(&str, &str)> {
    if let Some(after) = text.strip_prefix('[') {
        return after.split_once(']');
    }
    let (tag, after) = text.strip_prefix('(')?.split_once(')')?;
    names_release(tag).then_some((tag, after))
}

/// A tag at the end: `(security!)`, `[20.09]`.
fn tag_behind(text: &str) -> Option<(&str, &str)> {
    let (before, tag) = match text.strip_suffix(']') {
        Some(text) => text.rsplit_once('[')?,
        None => text.strip_suffix(')')?.rsplit_once('(')?,
    };
    (before.ends_with(' ')).then_some((before, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_has_tags_a_topic_and_an_action() {
        let title = Title::of("[security] [19.03-backport] a: 1 -> 2 (security!)");
        assert_eq!(title.tags, ["security", "19.03-backport", "security!"]);
        assert_eq!((title.topic, title.action), ("a", "1 -> 2"));
        assert!(title.is_for_release());
        let title = Title::of("(19.09) gogs: 0.11.86 -> 0.11.91");
        assert!(title.is_for_release() && title.topic == "gogs");
        let title = Title::of("openssl(_1_1): patch");
        assert!(!title.is_for_release() && title.topic == "openssl(_1_1)");
    }

    #[test]
    fn security_alone_is_a_remark() {
        for title in [
            "a: 1 -> 2 - security",
            "a: 1 -> 2, security!",
            "a: 1 -> 2; Security",
        ] {
            assert!(Title::of(title).remarks_security(), "{title}");
        }
        for title in [
            "a: security",
            "a: 1 -> 2, b-security: 1 -> 2",
            "a: improve security",
        ] {
            assert!(!Title::of(title).remarks_security(), "{title}");
        }
    }

    #[test]
    fn what_fixes_nothing_is_told() {
        assert!(Title::of("Revert \"openssl: fix\"").is_revert());
        assert!(!Title::of("Revert \"Revert \"openssl: fix\"\"").is_revert());
        assert!(Title::of("curl: revert to 8.0").is_revert());
        assert!(Title::of("xen: mark EOL, add known CVEs").marks_insecure());
        assert!(Title::of("python2: add knownVulnerabilities").marks_insecure());
        assert!(!Title::of("a: fix insecure temporary file").marks_insecure());
        assert!(Title::of("a: init at 1.0").is_new());
        assert!(!Title::of("a: initialise b").is_new());
        assert!(Title::of("a: drop").is_removal());
        assert!(Title::of("doc/manual: tell of CVEs").is_beside());
        assert!(!Title::of("docker: fix").is_beside());
    }
}

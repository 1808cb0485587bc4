//! A description as sentences, without what is not the author's own text.

use std::borrow::Cow;

/// Longer descriptions are cut: GitHub takes 65,536 characters.
const MOST_BYTES: usize = 1 << 18;

/// A text's sentences, and the addresses in it.
#[derive(Default)]
pub(crate) struct Text {
    pub(crate) sentences: Vec<String>,
    pub(crate) links: Vec<String>,
}

impl Text {
    /// A Markdown text: without comments, without what update bots report but do not fix.
    pub(crate) fn of_markdown(text: &str) -> Self {
        let text = without_comments(first_bytes(text));
        let mut read = Self::default();
        let mut paragraph = String::new();
        let mut report = BotReport::Outside;
        for line in text.lines() {
            let line = line.trim().trim_start_matches(['>', ' ']);
            report = report.after(line);
            if report.hides(line) {
                continue;
            }
            let begins_anew = line.is_empty() || line.starts_with(['-', '*', '#', '|', '`', '<']);
            if begins_anew {
                read.add(&std::mem::take(&mut paragraph));
            }
            paragraph.push(' ');
            paragraph.push_str(line);
            if line.starts_with('#') {
                read.add(&std::mem::take(&mut paragraph));
            }
        }
        read.add(&paragraph);
        read
    }

    /// A text of one line.
    pub(crate) fn of_line(text: &str) -> Self {
        let mut read = Self::default();
        read.add(first_bytes(text));
        read
    }

    fn add(&mut self, paragraph: &str) {
        let mut rest = String::new();
        for word in paragraph.split(' ') {
            match word.find("://").or_else(|| word.find("www.")) {
                Some(_) => rest.push_str(&self.without_links(word)),
                None => rest.push_str(word),
            }
            rest.push(' ');
        }
        let sentences = split_sentences(&rest);
        self.sentences.extend(
            sentences
                .map(|it| it.trim().to_owned())
                .filter(|it| !it.is_empty()),
        );
    }

    /// Keeps the addresses of a word, and returns the rest: `[a](https://b)` is `[a](`.
    fn without_links(&mut self, word: &str) -> String {
        let mut rest = String::new();
        for part in word.split(['(', ')', '<', '>', '[', ']', '"', '\'', '`', ',']) {
            if part.contains("://") || part.starts_with("www.") {
                self.links
                    .push(part.trim_end_matches(['.', ':', ';', '*']).to_owned());
            } else {
                rest.push_str(part);
                rest.push(' ');
            }
        }
        rest
    }
}

/// Where in an update bot's security report a line stands. It lists what the update resolves, what
/// it introduces, and what was and stays: of the latter two, nothing is a fix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BotReport {
    Outside,
    Fixed,
    NotFixed,
}

impl BotReport {
    fn after(self, line: &str) -> Self {
        let line = line.to_ascii_lowercase();
        if line.contains("cves introduced by") || line.contains("cves present in both") {
            Self::NotFixed
        } else if line.contains("cves resolved by") {
            Self::Fixed
        } else if line.starts_with("</details") || line.starts_with('#') {
            Self::Outside
        } else {
            self
        }
    }

    /// Headings of the report speak of security in every report; what a package is for, and which
    /// ones are built, says nothing of the change.
    fn hides(self, line: &str) -> bool {
        let line = line.to_ascii_lowercase();
        if line.starts_with("meta.description for") || line.starts_with("<li>") {
            return true;
        }
        let is_heading = line.contains("security vulnerability report")
            || line.starts_with("security report")
            || line.contains("cves resolved by");
        self == Self::NotFixed || is_heading
    }
}

fn first_bytes(text: &str) -> &str {
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The text without `<!-- .. -->`; a comment that does not end hides the rest, as it does on GitHub.
fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains("<!--") {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split("<!--");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str(part.split_once("-->").map_or("", |(_, after)| after));
    }
    Cow::Owned(shown)
}

/// Splits where a sign that ends sentences is followed by a blank.
fn split_sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ends = |(at, _): &(usize, &str)| rest[at + 1..].starts_with([' ', '\n']);
        let end = rest.match_indices(['.', '!', '?', ';']).find(ends);
        let (sentence, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at + 1));
        rest = after;
        Some(sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_and_links_come_apart() {
        let text = Text::of_markdown(
            "###### Motivation\nFixes a hole, see\n[notes](https://example.org/a). Nothing else.\n\
             <!-- a security fix? -->\n- [ ] Tested\n> quoted\n> text",
        );
        let expected = [
            "###### Motivation",
            "Fixes a hole, see  notes  .",
            "Nothing else.",
            "- [ ] Tested quoted text",
        ];
        assert_eq!(text.sentences, expected);
        assert_eq!(text.links, ["https://example.org/a"]);
    }

    #[test]
    fn of_a_bots_report_only_what_is_resolved_stays() {
        let report = "###### Security vulnerability report\n<details>\n<summary>\nSecurity report \
                      (click to expand)\n</summary>\n\nCVEs resolved by this update:\n- CVE-2024-0001\n\n\
                      CVEs introduced by this update:\n- CVE-2024-0002\n\nCVEs present in both \
                      versions:\n- CVE-2024-0003\n</details>\n- CVE-2024-0004";
        let about =
            "meta.description for trivy is: A vulnerability scanner\n\n<li>cve-bin-tool</li>";
        assert!(Text::of_markdown(about).sentences.is_empty());
        let all = Text::of_markdown(report).sentences.join(" ");
        assert!(all.contains("0001") && all.contains("0004"), "{all}");
        assert!(!all.contains("0002") && !all.contains("0003"), "{all}");
        assert!(!all.to_lowercase().contains("security"), "{all}");
    }
}

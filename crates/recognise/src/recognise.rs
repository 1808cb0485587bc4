//! The rules, put together.

use picket_domain::Advisory;

use crate::denial::denial;
use crate::evidence::Evidence;
use crate::links::announces_vulnerabilities;
use crate::packages::of_version_file;
use crate::place::Place;
use crate::reason::Reason;
use crate::recognition::Recognition;
use crate::subject::{SECURITY_LABEL, Subject};
use crate::text::Text;
use crate::title::{Title, names_release};
use crate::update;
use crate::words::{self, words};

/// Of one kind of reason, no more are kept: they would say nothing new.
const MOST_OF_A_KIND: usize = 20;

/// Weighs what a pull request says and touches.
///
/// Pure and total: any text will do, and the time that it takes grows with the text's length alone.
pub fn recognise(subject: &Subject<'_>) -> Recognition {
    let mut found = Found::default();
    if subject.labels.contains(&SECURITY_LABEL) {
        found.add(Evidence::Labelled, Place::Label);
    }
    of_title(subject, &mut found);
    found.read(&Text::of_markdown(subject.body), Place::Body);
    for message in &subject.commits {
        of_commit(message, &mut found);
    }
    of_paths(&subject.paths, &mut found);
    for line in &subject.added_lines {
        found.name(line, Place::AddedLine);
    }
    found.forgive_reverts();
    Recognition::of(found.reasons)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    reasons: Vec<Reason>,
}

impl Found {
    /// Keeps a reason, if it is not one of too many of its kind or the same from another place.
    fn add(&mut self, evidence: Evidence, place: Place) {
        let of_kind = self
            .reasons
            .iter()
            .filter(|it| std::mem::discriminant(&it.evidence) == std::mem::discriminant(&evidence));
        let is_known = self.reasons.iter().any(|it| it.evidence == evidence);
        if !is_known && of_kind.count() < MOST_OF_A_KIND {
            self.reasons.push(Reason::new(evidence, place));
        }
    }

    /// Reads sentences, and addresses.
    fn read(&mut self, text: &Text, place: Place) {
        for sentence in &text.sentences {
            let words = words(sentence);
            match denial(&words) {
                Some(denial) if says_something(&words, sentence) => self.add(denial, place),
                Some(denial @ Evidence::NoSecurity { .. }) => self.add(denial, place),
                Some(_) => {}
                None => {
                    self.name(sentence, place);
                    let said = words::evidence(&words);
                    said.into_iter()
                        .for_each(|evidence| self.add(evidence, place));
                }
            }
        }
        for link in &text.links {
            self.name(link, place);
            // Where the address has the identifier, that says it all.
            if announces_vulnerabilities(link) && Advisory::find_all(link).is_empty() {
                let link = link.chars().take(120).collect();
                self.add(Evidence::AdvisoryLink { link }, place);
            }
        }
    }

    /// To take back what somebody has tampered with is the fix.
    fn forgive_reverts(&mut self) {
        let is_tampered = |it: &Reason| matches!(it.evidence, Evidence::Tampered { .. });
        if self.reasons.iter().any(is_tampered) {
            self.reasons.retain(|it| it.evidence != Evidence::Revert);
        }
    }

    /// Keeps the identifiers that a text names.
    fn name(&mut self, text: &str, place: Place) {
        for id in Advisory::find_all(text) {
            self.add(Evidence::Advisory { id }, place);
        }
        for number in without_year(text) {
            self.add(Evidence::CveWithoutYear { number }, place);
        }
    }
}

/// Whether a sentence says anything that would count.
fn says_something(words: &[words::Word<'_>], sentence: &str) -> bool {
    !words::evidence(words).is_empty() || !Advisory::find_all(sentence).is_empty()
}

fn of_title(subject: &Subject<'_>, found: &mut Found) {
    let title = Title::of(subject.title);
    let to_release = names_release(subject.base) || title.is_for_release();
    for tag in title.tags.iter().filter(|tag| is_security_tag(tag)) {
        let words = (*tag).to_owned();
        found.add(Evidence::SecurityFix { words }, Place::Title);
    }
    if title.remarks_security() {
        let words = "security".to_owned();
        found.add(Evidence::SecurityFix { words }, Place::Title);
    }
    // A package's name is no word: `xss-lock`, `security-tools`; but `Security fix: ..` is.
    let topic_is_name = !title.topic.contains(' ');
    let text = if topic_is_name {
        title.action
    } else {
        title.rest
    };
    found.read(&Text::of_line(text), Place::Title);
    found.name(subject.title, Place::Title);
    let updates = update::evidence(&title, to_release);
    let is_update = !updates.is_empty();
    updates
        .into_iter()
        .for_each(|evidence| found.add(evidence, Place::Title));
    let fixes_too = is_update
        || found.reasons.iter().any(|it| {
            matches!(it.evidence, Evidence::VulnerabilityFixed { .. }) && it.place == Place::Title
        });
    let against = [
        (title.is_revert(), Evidence::Revert),
        (
            title.marks_insecure() && !fixes_too,
            Evidence::MarksInsecure,
        ),
        (title.hardens() && !is_update, Evidence::Hardening),
        (title.is_new(), Evidence::NewPackage),
        (title.is_removal(), Evidence::Removal),
        (title.is_beside(), Evidence::Periphery),
    ];
    for (_, evidence) in against.into_iter().filter(|(is_so, _)| *is_so) {
        found.add(evidence, Place::Title);
    }
}

/// `[security]`, `(security!)`, `[security fix]`; but not `(improves security)`.
fn is_security_tag(tag: &str) -> bool {
    let words = words(tag);
    words.first().is_some_and(|word| word.lower == "security")
        || words::security_fix(&words).is_some()
}

/// A commit's subject is like a title, without its package's name.
fn of_commit(message: &str, found: &mut Found) {
    let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
    let title = Title::of(subject);
    if title.is_revert() {
        return;
    }
    found.read(&Text::of_line(title.action), Place::Commit);
    found.name(subject, Place::Commit);
    found.read(&Text::of_markdown(body), Place::Commit);
}

fn of_paths(paths: &[&str], found: &mut Found) {
    for path in paths {
        found.name(path, Place::Path);
        if let Some(package) = of_version_file(path) {
            let package = package.to_owned();
            found.add(Evidence::VersionFile { package }, Place::Path);
        }
    }
    let is_beside = |path: &&str| {
        let roots = [
            "nixos/tests/",
            "nixos/doc/",
            "doc/",
            ".github/",
            "ci/",
            "maintainers/",
        ];
        roots.iter().any(|root| path.starts_with(root))
    };
    if !paths.is_empty() && paths.iter().all(is_beside) {
        found.add(Evidence::Periphery, Place::Path);
    }
}

/// The numbers of `CVE-46415`, where the year was left out. A year alone is no number.
fn without_year(text: &str) -> Vec<String> {
    let text = text.replace(['\u{2010}', '\u{2011}', '\u{2013}', '\u{2212}'], "-");
    let lower = text.to_ascii_lowercase();
    let numbers = lower.match_indices("cve-").filter_map(|(at, prefix)| {
        let rest = &text[at + prefix.len()..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let is_year = number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
        let goes_on = after.starts_with(|c: char| c == '-' || c.is_alphanumeric());
        ((4..=7).contains(&number.len()) && !is_year && !goes_on).then(|| number.to_owned())
    });
    numbers.collect()
}

//! What is looked at.

use picket_domain::Candidate;

/// The label of nixpkgs' security fixes.
pub const SECURITY_LABEL: &str = "1.severity: security";

/// What is known of a pull request. What was not asked for is left empty: a row of GitHub's list has
/// a title, a body, a base and labels; paths, commits and lines come later, and add reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its description, Markdown.
    pub body: &'a str,
    /// The branch that it asks to be merged into.
    pub base: &'a str,
    /// The paths that it changes.
    pub paths: Vec<&'a str>,
    /// Its labels.
    pub labels: Vec<&'a str>,
    /// Its commits' messages.
    pub commits: Vec<&'a str>,
    /// The lines that it adds, without the sign before them.
    pub added_lines: Vec<&'a str>,
}

impl<'a> From<&'a Candidate> for Subject<'a> {
    /// All that a candidate has: its commits' subjects stand for their messages.
    fn from(candidate: &'a Candidate) -> Self {
        let files = candidate.files().iter();
        let commits = candidate.commits().iter();
        Self {
            title: &candidate.title,
            body: &candidate.body,
            base: candidate.base_branch.as_str(),
            paths: files.map(|file| file.path.as_str()).collect(),
            labels: candidate.labels.iter().map(String::as_str).collect(),
            commits: commits.map(|commit| commit.subject.as_str()).collect(),
            added_lines: Vec::new(),
        }
    }
}

//! What is looked at.

use crate::reason::Place;

/// What is known of a pull request. Of what was not asked for, nothing is given: a row of GitHub's
/// list has a title, a body, a base and labels; paths, commits and lines come later, and add reasons.
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

impl<'a> Subject<'a> {
    /// Every text with the place where it stands.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (Place, &'a str)> {
        let all = |place, texts: &[&'a str]| {
            let texts: Vec<_> = texts.iter().map(|text| (place, *text)).collect();
            texts
        };
        [(Place::Title, self.title), (Place::Body, self.body)]
            .into_iter()
            .chain(all(Place::Path, &self.paths))
            .chain(all(Place::Commit, &self.commits))
            .chain(all(Place::AddedLine, &self.added_lines))
    }
}

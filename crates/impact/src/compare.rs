//! Two states of a job set beside each other.

use serde::Serialize;

use crate::counted::Counted;
use crate::finding::{AttributePath, Finding, Package};

/// An attribute whose outputs differ, with its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The attribute, with dots between its parts.
    pub attribute: String,
    /// Its version before; `None`: it was not there.
    pub old: Option<String>,
    /// Its version after; `None`: it is gone.
    pub new: Option<String>,
}

/// An attribute that does not evaluate any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failing {
    /// The attribute, with dots between its parts.
    pub attribute: String,
    /// Its version before.
    pub old: Option<String>,
    /// Its version after: there is none.
    pub new: Option<String>,
    /// The beginning of Nix's message.
    pub message: String,
    /// The attribute's parts.
    #[serde(skip)]
    pub(crate) path: AttributePath,
}

/// What differs, each list ordered by attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// There before and after, with other outputs.
    pub changed: Vec<Changed>,
    /// New.
    pub added: Vec<Changed>,
    /// Gone.
    pub removed: Vec<Changed>,
    /// It was a derivation, and does not evaluate any more.
    pub newly_failing: Vec<Failing>,
    /// It did not evaluate, and is a derivation now.
    pub newly_working: Vec<Changed>,
}

/// What an attribute is after the change.
pub(crate) enum After<'a> {
    /// As it was.
    Same,
    /// With other outputs; more is not known.
    Rebuilt,
    /// This.
    Is(&'a Finding),
}

impl Differences {
    /// What differs between two states that are wholly known.
    pub(crate) fn between(old: Counted<'_>, new: Counted<'_>) -> Self {
        let after =
            |path: &AttributePath| After::Is(new.findings.get(path).unwrap_or(&Finding::Missing));
        Self::of(old, new, after)
    }

    /// What differs, by what is known of each attribute; `new` has those that may be new.
    pub(crate) fn of<'a>(
        old: Counted<'_>,
        new: Counted<'a>,
        after: impl Fn(&AttributePath) -> After<'a>,
    ) -> Self {
        let mut differences = Self::default();
        for (path, finding) in old.findings {
            let before = old.visible(path, finding);
            match after(path) {
                // It can become another one's second name, or be none any more.
                After::Same => differences.add(path, before, new.visible(path, finding)),
                After::Rebuilt => {
                    if let Finding::Derivation(package) = before {
                        let package = Some(package);
                        differences.changed.push(changed(path, package, package));
                    }
                }
                After::Is(finding) => differences.add(path, before, new.visible(path, finding)),
            }
        }
        let is_new = |(path, _): &(&AttributePath, &Finding)| !old.findings.contains_key(path);
        for (path, finding) in new.findings.iter().filter(is_new) {
            differences.add(path, &Finding::Missing, new.visible(path, finding));
        }
        differences
            .added
            .sort_by(|a, b| a.attribute.cmp(&b.attribute));
        differences
    }

    fn add(&mut self, path: &AttributePath, old: &Finding, new: &Finding) {
        use Finding::{Derivation, Failed, Missing, Plain, Set};
        match (old, new) {
            (Derivation(old), Derivation(new)) if old.outputs == new.outputs => {}
            (Derivation(old), Derivation(new)) => {
                self.changed.push(changed(path, Some(old), Some(new)));
            }
            (Derivation(old), Failed(message)) => self.newly_failing.push(Failing {
                attribute: path.to_string(),
                old: Some(old.version.clone()),
                new: None,
                message: message.clone(),
                path: path.clone(),
            }),
            (Derivation(old), Set | Plain | Missing) => {
                self.removed.push(changed(path, Some(old), None));
            }
            (Failed(_), Derivation(new)) => {
                self.newly_working.push(changed(path, None, Some(new)));
            }
            (Set | Plain | Missing, Derivation(new)) => {
                self.added.push(changed(path, None, Some(new)));
            }
            (Set | Plain | Missing | Failed(_), Set | Plain | Missing | Failed(_)) => {}
        }
    }

    /// The attributes that differ in any way.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        let changed = [
            &self.changed,
            &self.added,
            &self.removed,
            &self.newly_working,
        ];
        let changed = changed
            .into_iter()
            .flatten()
            .map(|it| it.attribute.as_str());
        changed.chain(self.newly_failing.iter().map(|it| it.attribute.as_str()))
    }
}

fn changed(path: &AttributePath, old: Option<&Package>, new: Option<&Package>) -> Changed {
    Changed {
        attribute: path.to_string(),
        old: old.map(|it| it.version.clone()),
        new: new.map(|it| it.version.clone()),
    }
}

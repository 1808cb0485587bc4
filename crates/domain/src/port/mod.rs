//! What a pull request says that it is a port of.
//!
//! Upstream fixes on its development branch and carries the fix to the branches of its releases by
//! pull requests of their own, most of them made by a bot. That two are one matter is written
//! nowhere but in texts, which anybody may write: so only those few are believed that say it
//! outright, and whoever shows it says on whose word.

mod lines;
mod sentence;
mod series;
mod trailer;
mod word;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::candidate::Candidate;
use crate::id::{Login, PrNumber};

pub use self::series::Series;
pub use self::trailer::picked_from;

use self::lines::spoken;
use self::sentence::{Place, Speaker, said_in};

/// Nobody ports more at once; what says more says nothing.
const MAX_ORIGINALS: usize = 16;
/// The accounts under which nixpkgs' backports are made. No person can have such a name.
const BOTS: [&str; 2] = ["nixpkgs-ci[bot]", "github-actions[bot]"];

/// A pull request of which another one is a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortOf {
    /// The original.
    pub pr: PrNumber,
    /// On whose word.
    pub how: PortEvidence,
}

/// What says that a pull request is a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortEvidence {
    /// Upstream's bot made it, and says of what.
    Bot,
    /// Its commits say that they were picked from the original's.
    Commits,
    /// Its title.
    Title,
    /// Its description.
    Description,
}

impl PortEvidence {
    /// The word of the API: `bot`, `commits`, `title` or `description`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Commits => "commits",
            Self::Title => "title",
            Self::Description => "description",
        }
    }

    /// Who says so, for people: goes behind a comma.
    pub fn words(self) -> &'static str {
        match self {
            Self::Bot => "made by upstream's bot",
            Self::Commits => "as its commits say",
            Self::Title => "as its title says",
            Self::Description => "as its description says",
        }
    }
}

/// What a candidate's title and its description say that it is a port of, each original once.
///
/// Both are believed only of one that goes to a release's branch. Of a description, what stands in
/// a list, a quotation, a comment or code says nothing, nor does a number that is merely mentioned.
/// Takes time in proportion to both texts.
pub fn port_of(candidate: &Candidate) -> Vec<PortOf> {
    let Some(series) = Series::of(candidate.base_branch.as_str()) else {
        return Vec::new();
    };
    let speaker = Speaker {
        series: &series,
        pull_requests: pull_requests(candidate),
    };
    let title = said_in(&candidate.title, Place::Title, &speaker);
    let lines = spoken(&candidate.body);
    let body = lines.flat_map(|line| said_in(line, Place::Description, &speaker));
    let is_bot = is_bot(&candidate.author);
    let how = |how| if is_bot { PortEvidence::Bot } else { how };
    let title = title.into_iter().map(|pr| (pr, how(PortEvidence::Title)));
    let all = title.chain(body.map(|pr| (pr, how(PortEvidence::Description))));
    distinct(candidate.pr, all)
}

/// Each original once, with the first word for it; nothing where there are too many.
pub(crate) fn distinct(
    of: PrNumber,
    said: impl Iterator<Item = (PrNumber, PortEvidence)>,
) -> Vec<PortOf> {
    let mut seen = BTreeSet::from([of]);
    let new = said.filter(|(pr, _)| seen.insert(*pr));
    let new = new.map(|(pr, how)| PortOf { pr, how });
    let found: Vec<_> = new.take(MAX_ORIGINALS + 1).collect();
    if found.len() > MAX_ORIGINALS {
        return Vec::new();
    }
    found
}

fn is_bot(author: &Login) -> bool {
    BOTS.contains(&author.as_str())
}

/// The address that a number makes one of a pull request of the same repository; nothing where the
/// candidate's own is none such.
fn pull_requests(candidate: &Candidate) -> Option<&str> {
    let number = candidate.pr.to_string();
    let address = candidate.url.strip_suffix(&number)?;
    address.ends_with("/pull/").then_some(address)
}

impl Candidate {
    /// The address of another pull request of the same repository, where it can be told.
    pub fn url_of(&self, other: PrNumber) -> Option<String> {
        pull_requests(self).map(|address| format!("{address}{other}"))
    }
}

#[cfg(test)]
mod tests;

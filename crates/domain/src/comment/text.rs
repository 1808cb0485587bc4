//! The comment's text.

use std::fmt::Write as _;

use super::code::code;
use super::said::said;
use super::site::CommentSite;
use crate::candidate::{Candidate, UpstreamState};
use crate::digest::Sha256;
use crate::facts::Facts;
use crate::status::PickStatus;
use crate::time::Timestamp;

/// Channels that a comment names at most.
const MOST_CHANNELS: usize = 16;
/// What was decided longer ago than this is no reason to begin a comment: where commenting is
/// switched on, the past stays as it is.
const BEGINS_FOR_SECONDS: i64 = 7 * 24 * 60 * 60;

/// A comment as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    text: String,
    digest: Sha256,
    /// Whether there is reason enough to begin one.
    begins: bool,
    /// When a log last said something of the pull request.
    at: Timestamp,
}

impl Comment {
    /// Its text, in GitHub's Markdown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text's digest.
    pub fn digest(&self) -> Sha256 {
        self.digest
    }

    /// Whether it may be posted, where there is none yet.
    pub fn may_begin(&self, now: Timestamp) -> bool {
        self.begins && now.seconds_since(self.at) <= BEGINS_FOR_SECONDS
    }
}

/// The comment on a candidate's pull request: what became of it, a line for each channel whose team
/// decided something about it. `None` where none did, and for patches of the team's own, which have no
/// pull request.
///
/// Titles, reasons, paths and names are in code spans of bounded length, which nothing in them ends;
/// people are not named.
pub fn comment<'a>(
    site: &CommentSite,
    candidate: &Candidate,
    channels: impl IntoIterator<Item = (&'a Facts, &'a PickStatus)>,
) -> Option<Comment> {
    if candidate.pr.is_own() {
        return None;
    }
    let said = channels.into_iter().filter_map(|(facts, status)| {
        Some((
            facts.policy.channel.as_str(),
            said(facts, candidate, status)?,
        ))
    });
    let said: Vec<_> = said.collect();
    let at = said.iter().map(|(_, said)| said.at).max()?;
    let is_closed = candidate.upstream == UpstreamState::Closed;
    let mut lines = String::new();
    for (channel, said) in said.iter().take(MOST_CHANNELS) {
        // Writing to a text does not fail.
        let _ = writeln!(lines, "- {}: {}", code(channel, 100), said.what);
    }
    if said.len() > MOST_CHANNELS {
        let _ = writeln!(lines, "- and {} more channels", said.len() - MOST_CHANNELS);
    }
    let text = whole(site, candidate, &lines);
    Some(Comment {
        digest: Sha256::of(text.as_bytes()),
        text,
        begins: !is_closed && said.iter().any(|(_, said)| said.begins),
        at,
    })
}

fn whole(site: &CommentSite, candidate: &Candidate, lines: &str) -> String {
    format!(
        "{marker}\n\
         What became of this pull request, at head `{head}`, in security channels at `{name}`:\n\
         \n\
         {lines}\
         \n\
         [The page about it](<{page}>) says more. This comes from Picket, which nixpkgs does not run; it \
         keeps this one comment up to date, and writes no other. To make it stop, delete the comment: \
         nothing more is written here then.\n",
        marker = site.marker(),
        head = candidate.head.short(),
        name = site.name(),
        page = site.page(candidate.pr),
    )
}

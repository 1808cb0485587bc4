//! One look at a channel: its facts and what they come to, now.

use picket_domain::{
    Candidate, Facts, PickOutcome, PickStatus, PrNumber, Release, Resolution, StageTimes,
    Timestamp, resolve, stage_times, status,
};

use crate::error::PageError;
use crate::state::{AppState, ChannelInfo};

/// A channel's facts and what they come to.
pub(crate) struct Look<'a> {
    pub(crate) channel: &'a ChannelInfo,
    pub(crate) facts: Facts,
    pub(crate) resolution: Resolution,
    pub(crate) now: Timestamp,
}

impl<'a> Look<'a> {
    /// Looks at a channel.
    pub(crate) async fn at(app: &AppState, channel: &'a ChannelInfo) -> Result<Self, PageError> {
        let facts = app.store.facts(&channel.policy).await?;
        let now = app.now();
        Ok(Self {
            channel,
            resolution: resolve(&facts, now),
            facts,
            now,
        })
    }

    pub(crate) fn status(&self, candidate: &Candidate) -> PickStatus {
        status(&self.facts, &self.resolution, candidate)
    }

    pub(crate) fn stage_times(&self, candidate: &Candidate) -> StageTimes {
        stage_times(&self.facts, candidate)
    }

    /// What comes of picking the candidate's head, alone, onto today's base.
    pub(crate) fn assessment(&self, candidate: &Candidate) -> Option<&PickOutcome> {
        self.facts.assessment(candidate)
    }

    pub(crate) fn candidate(&self, pr: PrNumber) -> Option<&Candidate> {
        self.facts.candidates.get(&pr)
    }

    /// The published releases, newest first.
    pub(crate) fn published(&self) -> Vec<(&Release, Timestamp)> {
        let published = self.facts.releases.iter();
        let mut published: Vec<_> = published
            .filter_map(|release| Some((release, release.published_at()?)))
            .collect();
        published.sort_by_key(|(release, _)| std::cmp::Reverse(release.seq));
        published
    }

    /// Every candidate that anything was decided about, or that anything is to be decided about.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = (&Candidate, PickStatus)> {
        let candidates = self.facts.candidates.values();
        candidates.map(|candidate| (candidate, self.status(candidate)))
    }
}

/// The channel that a page is about: the named one, or else the first.
pub(crate) fn chosen<'a>(
    app: &'a AppState,
    name: Option<&str>,
) -> Result<&'a ChannelInfo, PageError> {
    let found = match name {
        Some(name) => app.channel(name),
        None => app.channels.first(),
    };
    found.ok_or(PageError::NotFound("There is no channel of this name."))
}

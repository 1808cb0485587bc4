//! What is known about one channel: the input of planning.
//!
//! It is kept by increments and shared by all who look, so that a copy costs next to nothing, and
//! whatever is asked about one pull request is found without a look at the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::assembly::{Assembly, PickOutcome};
use crate::base::Base;
use crate::build_record::{BuildRecord, BuildState, OddJobs};
use crate::candidate::{Candidate, UpstreamState};
use crate::form::Form;
use crate::id::{ChainId, CommitSha, PrNumber, ResolvedSetId};
use crate::impact::ImpactSummary;
use crate::log::Log;
use crate::machine::Machine;
use crate::policy::Policy;
use crate::port::PortOf;
use crate::reception::ReceptionReading;
use crate::release::{Release, ReleaseState, ReleasedPick};
use crate::releases::Releases;
use crate::resolved_set::ResolvedSet;
use crate::shared::SharedMap;
use crate::standing::{Question, Standing};
use crate::team::Team;
use crate::time::Timestamp;
use crate::waiver::Rules;

/// Everything that planning looks at, for one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The channel's rules.
    pub policy: Policy,
    /// The people whose word counts.
    pub team: Arc<Team>,
    /// The candidates, without their descriptions: nothing is decided by those.
    pub candidates: SharedMap<PrNumber, Arc<Candidate>>,
    /// What their titles and descriptions say that candidates are ports of, by the port's number.
    pub said_ports: SharedMap<PrNumber, Arc<[PortOf]>>,
    /// What upstream makes of candidates: shown, and nothing is decided by it.
    pub receptions: SharedMap<PrNumber, Arc<ReceptionReading>>,
    /// The audit log's entries that concern this channel.
    pub log: Log,
    /// The channel's releases.
    pub releases: Releases,
    /// Where the stable channel stands, and what came of picking and building there; `None` until
    /// it was first fetched.
    pub today: Option<OnBase>,
    /// The same for the base of the release that clients get, where that is another one.
    pub released: Option<OnBase>,
    /// The picks that some base, today's or an earlier one, was found to contain.
    pub contained: Arc<BTreeSet<PickInput>>,
    /// The build of the release that is under way, where it has one.
    pub under_way: Arc<BuildRecord>,
    /// How things stand on this machine.
    pub machine: Machine,
}

/// What came of picking and building on one base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnBase {
    /// The base.
    pub base: Base,
    /// What comes of picking a candidate's head, alone, onto it.
    pub assessments: SharedMap<PickInput, Arc<PickOutcome>>,
    /// The conflicting ones of which history was looked at.
    pub investigated: Arc<BTreeSet<PickInput>>,
    /// What a candidate's head changes of the package set, alone on it.
    pub impacts: SharedMap<PickInput, ImpactSummary>,
    /// The chains assembled on it so far.
    pub assemblies: SharedMap<ChainId, Arc<Assembly>>,
    /// The builds against it, by the revision built.
    pub builds: SharedMap<CommitSha, Arc<BuildRecord>>,
}

/// What is picked onto a base.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PickInput {
    /// The pull request.
    pub pr: PrNumber,
    /// Its head.
    pub head: CommitSha,
    /// What people made of it: of its conflicts, and the form.
    pub resolved: ResolvedSetId,
}

impl OnBase {
    /// A base of which nothing is known yet.
    pub fn new(base: Base) -> Self {
        Self {
            base,
            assessments: SharedMap::default(),
            investigated: Arc::default(),
            impacts: SharedMap::default(),
            assemblies: SharedMap::default(),
            builds: SharedMap::default(),
        }
    }
}

impl Facts {
    /// A channel of which nothing is known yet.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            team: Arc::default(),
            candidates: SharedMap::default(),
            said_ports: SharedMap::default(),
            receptions: SharedMap::default(),
            log: Log::default(),
            releases: Releases::default(),
            today: None,
            released: None,
            contained: Arc::default(),
            under_way: Arc::default(),
            machine: Machine::default(),
        }
    }

    /// Where the stable channel stands.
    pub fn base(&self) -> Option<&Base> {
        self.today.as_ref().map(|on| &on.base)
    }

    /// What people made of a pull request's conflicts in this channel.
    pub fn resolved(&self, pr: PrNumber) -> &ResolvedSet {
        self.log.resolved(pr)
    }

    /// In which form this channel is to carry a head of a pull request.
    pub fn form(&self, pr: PrNumber, head: &CommitSha) -> &Form {
        self.log.form(pr, head)
    }

    /// What the team's decisions about a head of a candidate come to.
    ///
    /// Rules that have become stricter since a head was released are no decision about it, nor is
    /// that somebody left the team: neither takes a fix away. It stays until somebody objects or
    /// takes back an approval.
    pub fn standing(&self, candidate: &Candidate, head: &CommitSha) -> Standing {
        self.standing_as(candidate, head, self.form(candidate.pr, head))
    }

    /// The same for a head in this form, which counts as released only if it was so in that form.
    pub(crate) fn standing_as(
        &self,
        candidate: &Candidate,
        head: &CommitSha,
        form: &Form,
    ) -> Standing {
        let log = self.log.of(candidate.pr);
        let question = Question {
            candidate,
            head,
            policy: &self.policy,
            required: self.required_approvals(candidate, head),
            team: &self.team,
        };
        match self.first_release_of(candidate.pr, head, form) {
            None => Standing::of(question, log),
            Some(release) => Standing::of_released(question, log, release.reserved_at),
        }
    }

    /// How many people must approve a head of a candidate, for what it changes.
    ///
    /// What an earlier head changes is not found out any more; it is asked about only as long as
    /// servers have it, and then what sufficed suffices.
    pub fn required_approvals(&self, candidate: &Candidate, head: &CommitSha) -> u32 {
        let impact = (*head == candidate.head).then(|| self.impact(candidate));
        self.policy.required(impact.flatten())
    }

    /// The head of a pull request that servers have now, and its form.
    ///
    /// It stays in the channel while a newer head, or another form, waits for approval: otherwise a push, which anybody
    /// who opened a pull request can make at any time, would take a fix away from servers.
    pub fn released_pick(&self, pr: PrNumber) -> Option<&ReleasedPick> {
        let mut picks = self.current_release()?.picks.iter();
        picks.find(|pick| pick.pr == pr)
    }

    /// The first release that had this head in this form, where servers have it so now.
    fn first_release_of(&self, pr: PrNumber, head: &CommitSha, form: &Form) -> Option<&Release> {
        self.released_pick(pr)
            .filter(|released| (&released.head, &released.form) == (head, form))?;
        let has_it = |it: &&Release| it.published_at().is_some() && it.has_as(pr, head, form);
        self.releases.with(pr).find(has_it)
    }

    /// How many seconds this channel had a pull request before the base did; `None` where the
    /// log's last word is not that the base has it.
    pub fn superseded_after(&self, pr: PrNumber) -> Option<i64> {
        self.log.superseded_after(pr)
    }

    /// The release that has this pull request and is out, or cannot be stopped any more.
    pub fn out_with(&self, pr: PrNumber) -> Option<&Release> {
        let mut newest = self.releases.iter().rev();
        let sealed = |it: &&Release| matches!(it.state, ReleaseState::Sealed { .. });
        let sealed = newest.find(sealed);
        sealed
            .or_else(|| self.current_release())
            .filter(|it| it.has(pr))
    }

    /// What is to be picked for a candidate, as it stands.
    pub fn input(&self, candidate: &Candidate) -> PickInput {
        PickInput {
            pr: candidate.pr,
            head: candidate.head.clone(),
            resolved: self.made_of(candidate.pr, self.form(candidate.pr, &candidate.head)),
        }
    }

    /// Names what people made of a pick that is carried in this form.
    pub(crate) fn made_of(&self, pr: PrNumber, form: &Form) -> ResolvedSetId {
        form.with(self.log.resolved_id(pr))
    }

    /// What comes of picking a candidate, as it stands, alone onto the current base.
    pub fn assessment(&self, candidate: &Candidate) -> Option<&PickOutcome> {
        let assessments = &self.today.as_ref()?.assessments;
        let outcome = assessments.get(&self.input(candidate));
        outcome.map(Arc::as_ref)
    }

    /// What a candidate, as it stands, changes of the package set on the current base, where that was
    /// found out.
    pub fn impact(&self, candidate: &Candidate) -> Option<&ImpactSummary> {
        let impacts = &self.today.as_ref()?.impacts;
        impacts.get(&self.input(candidate))
    }

    /// By what the channel weighs builds.
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            policy: &self.policy,
            waivers: self.log.waivers(),
        }
    }

    /// What the build of a revision against today's base comes to; due where it was never tried.
    pub fn build_state<'a>(
        &'a self,
        rev: &CommitSha,
        record: &'a BuildRecord,
        now: Timestamp,
    ) -> BuildState<'a> {
        record.state(self.rules(), self.log.build_word(rev), now)
    }

    /// The jobs that failed and then passed, and those that the base breaks too, in builds that
    /// pass against today's base.
    pub fn odd_jobs(&self, now: Timestamp) -> OddJobs {
        let mut odd = OddJobs::default();
        let builds = self.today.iter().flat_map(|on| on.builds.iter());
        for (rev, record) in builds {
            odd.add(&self.build_state(rev, record, now));
        }
        odd
    }

    /// The release that clients get.
    pub fn current_release(&self) -> Option<&Release> {
        self.releases.current()
    }

    /// The current release, and what it has of a candidate, where that is a head which the candidate
    /// has no more.
    pub fn earlier_head_out(&self, candidate: &Candidate) -> Option<(&Release, &ReleasedPick)> {
        let release = self.current_release()?;
        let mut picks = release.picks.iter();
        let pick = picks.find(|pick| pick.pr == candidate.pr && pick.head != candidate.head)?;
        Some((release, pick))
    }

    /// When clients could first get a release with this pull request. (One release comes out
    /// after the other: the first by number is the first by time.)
    pub fn first_released_at(&self, pr: PrNumber) -> Option<Timestamp> {
        self.releases.with(pr).find_map(Release::published_at)
    }

    /// The candidates that are worth another look on each new base.
    pub fn active(&self) -> impl Iterator<Item = &Candidate> {
        let candidates = self.candidates.values().map(Arc::as_ref);
        candidates.filter(|candidate| !self.is_settled(candidate))
    }

    /// Whether nothing more is expected of a candidate: it was closed, or the stable channel has
    /// it. What clients have, or are to have by the team's decision, is never settled: a base may
    /// lose it again.
    pub fn is_settled(&self, candidate: &Candidate) -> bool {
        self.is_over(candidate) && !self.is_released(candidate.pr) && !self.is_approved(candidate)
    }

    fn is_over(&self, candidate: &Candidate) -> bool {
        let is_closed = match candidate.upstream {
            UpstreamState::Closed => true,
            UpstreamState::Open | UpstreamState::Merged { .. } => false,
        };
        is_closed
            || self.superseded_after(candidate.pr).is_some()
            || self.contained.contains(&self.input(candidate))
    }

    fn is_released(&self, pr: PrNumber) -> bool {
        self.current_release()
            .is_some_and(|release| release.has(pr))
    }

    fn is_approved(&self, candidate: &Candidate) -> bool {
        match self.standing(candidate, &candidate.head) {
            Standing::Approved { .. } => true,
            Standing::Pending { .. } | Standing::Vetoed { .. } => false,
        }
    }
}

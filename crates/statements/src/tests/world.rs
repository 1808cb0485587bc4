//! A channel that is told step by step, one hour after the other.

use std::sync::Arc;

use picket_domain::{
    Action, Actor, Advisory, AfterHold, Base, BaseHold, BranchName, Candidate, Certainty,
    ChangeKind, ChannelName, CommitSha, ContainedBy, Details, DismissalKind, Entry, Facts,
    FileChange, Form, ImpactSummary, ImpactedPackage, JobPattern, Login, MitigationName, OnBase,
    PackageTests, PickOutcome, Policy, PrNumber, Release, ReleaseName, ReleaseSeq, ReleaseState,
    ReleasedPick, RetryPolicy, Sha256, Timestamp, UpstreamState,
};

use crate::event::{FixedBy, What};
use crate::{About, Site, Statements};

/// 2026-11-20T00:00:00Z
const START: i64 = 1_795_132_800;

pub(super) struct World {
    pub(super) facts: Facts,
    hours: i64,
    last: Option<Entry>,
    base: Base,
}

pub(super) fn sha(text: &str) -> CommitSha {
    CommitSha::parse(&Sha256::of(text.as_bytes()).to_string()[..40]).unwrap()
}

pub(super) fn site() -> Site {
    Site {
        url: "https://sec.example.org".into(),
    }
}

pub(super) fn mitigation() -> Form {
    Form::Mitigation {
        name: MitigationName::parse("no-push").unwrap(),
        settings: Sha256::of(b"{ }").into(),
    }
}

fn channel() -> ChannelName {
    ChannelName::parse("nixos-26.05-sec").unwrap()
}

fn policy() -> Policy {
    Policy {
        channel: channel(),
        required_approvals: 1,
        mass_rebuild: None,
        required_jobs: vec![JobPattern::parse("*").unwrap()],
        package_tests: PackageTests::Require,
        retry: RetryPolicy {
            attempts: 1,
            transient_wait_seconds: 60,
            transient_attempts: 4,
            give_up_seconds: 3_600,
        },
        base_hold: BaseHold {
            seconds: 0,
            then: AfterHold::Drop,
        },
        overtake_seconds: 900,
        push_first: false,
    }
}

impl World {
    pub(super) fn new() -> Self {
        let base = Base {
            rev: sha("base"),
            rev_count: 715_880,
            version: "26.05".into(),
            committed_at: Timestamp::from_unix(START),
            seen_at: Timestamp::from_unix(START),
        };
        let mut facts = Facts::new(policy());
        facts.team = Arc::new([Login::parse("ada").unwrap()].into_iter().collect());
        facts.today = Some(OnBase::new(base.clone()));
        Self {
            facts,
            hours: 0,
            last: None,
            base,
        }
    }

    fn next(&mut self) -> Timestamp {
        self.hours += 1;
        Timestamp::from_unix(START + 3_600 * self.hours)
    }

    /// A pull request that changes a package's own file.
    pub(super) fn opened(&mut self, pr: u64, package: &str, advisories: &str) {
        let at = self.next();
        let file = FileChange {
            path: format!("pkgs/by-name/{}/{package}/package.nix", &package[..2]),
            change: ChangeKind::Modified,
            additions: 1,
            deletions: 1,
        };
        let candidate = Candidate {
            pr: PrNumber(pr),
            title: format!("{package}: fix \u{202e}\"all\"\n<b>"),
            body: String::new(),
            author: Login::parse("author").unwrap(),
            author_id: None,
            head: sha(&format!("head {pr}")),
            base_branch: BranchName::parse("master").unwrap(),
            url: format!("https://github.com/NixOS/nixpkgs/pull/{pr}"),
            labels: Vec::new(),
            named: Advisory::find_all(advisories),
            upstream: UpstreamState::Open,
            is_draft: false,
            details: Some(Details {
                files: vec![file],
                ..Details::default()
            }),
            opened_at: at,
            updated_at: at,
        };
        self.facts.candidates.insert(PrNumber(pr), candidate.into());
    }

    pub(super) fn change(&mut self, pr: u64, change: impl FnOnce(&mut Candidate)) {
        let at = self.next();
        let candidate = self.facts.candidates.get_mut(&PrNumber(pr)).unwrap();
        let candidate = Arc::make_mut(candidate);
        candidate.updated_at = at;
        change(candidate);
    }

    fn say(&mut self, actor: Actor, action: Action) {
        let at = self.next();
        let entry = Entry::after(self.last.as_ref(), at, actor, action);
        self.last = Some(entry.clone());
        self.facts.log.push(entry);
    }

    fn ada(&mut self, action: Action) {
        self.say(Actor::Person(Login::parse("ada").unwrap()), action);
    }

    pub(super) fn approve(&mut self, pr: u64) {
        let pr = PrNumber(pr);
        let head = self.facts.candidates[&pr].head.clone();
        self.ada(Action::Approve {
            channel: channel(),
            pr,
            head,
            patches: Vec::new(),
            not_shown: Vec::new(),
        });
    }

    pub(super) fn veto(&mut self, pr: u64) {
        self.ada(Action::Veto {
            channel: channel(),
            pr: PrNumber(pr),
            reason: "it breaks logins".into(),
        });
    }

    pub(super) fn dismiss(&mut self, pr: u64, kind: DismissalKind) {
        let pr = PrNumber(pr);
        let candidate = &self.facts.candidates[&pr];
        self.ada(Action::Dismiss {
            channel: channel(),
            pr,
            head: candidate.head.clone(),
            advisories: candidate.advisories(),
            kind,
            reason: "the module \u{202e}is not built\nhere".into(),
        });
    }

    pub(super) fn reopen(&mut self, pr: u64) {
        self.ada(Action::Reopen {
            channel: channel(),
            pr: PrNumber(pr),
            reason: "it is built after all".into(),
        });
    }

    /// Another base, from which the next releases are made; returns the one before.
    pub(super) fn new_base(&mut self, name: &str) -> Base {
        let at = self.next();
        let before = self.base.clone();
        self.base = Base {
            rev: sha(name),
            rev_count: self.base.rev_count + 1,
            seen_at: at,
            ..self.base.clone()
        };
        self.facts.today = Some(OnBase::new(self.base.clone()));
        before
    }

    /// The next releases are made from this base, although there is a newer one.
    pub(super) fn back_to(&mut self, base: Base) {
        self.base = base;
    }

    pub(super) fn superseded(&mut self, pr: u64) {
        let base = self.base.rev.clone();
        self.say(
            Actor::Picket,
            Action::Superseded {
                channel: channel(),
                pr: PrNumber(pr),
                base,
                lag_seconds: 60,
            },
        );
    }

    pub(super) fn returned(&mut self, pr: u64) {
        let base = self.base.rev.clone();
        self.say(
            Actor::Picket,
            Action::Returned {
                channel: channel(),
                pr: PrNumber(pr),
                base,
            },
        );
    }

    pub(super) fn contained(&mut self, pr: u64) {
        let input = self.facts.input(&self.facts.candidates[&PrNumber(pr)]);
        let by = ContainedBy::Base;
        let today = self.facts.today.as_mut().unwrap();
        let outcome = PickOutcome::Contained { by };
        today.assessments.insert(input, outcome.into());
    }

    /// What evaluating today's base with and without a pull request shows.
    pub(super) fn versions(&mut self, pr: u64, attribute: &str, old: &str, new: &str) {
        let input = self.facts.input(&self.facts.candidates[&PrNumber(pr)]);
        let summary = ImpactSummary::Known {
            certainty: Certainty::Exact,
            packages: 1,
            lost: 0,
            derivations: 1,
            is_partial: false,
            versions: vec![ImpactedPackage {
                attribute: attribute.into(),
                old: Some(old.into()),
                new: Some(new.into()),
            }],
        };
        let today = self.facts.today.as_mut().unwrap();
        today.impacts.insert(input, summary);
    }

    /// A release with these, as they are.
    pub(super) fn release(&mut self, seq: u64, prs: &[u64]) {
        let prs: Vec<_> = prs.iter().map(|pr| (*pr, Form::AsIs)).collect();
        self.release_in(seq, &prs, true);
    }

    /// A release with these in these forms, that came out or was given up.
    pub(super) fn release_in(&mut self, seq: u64, picks: &[(u64, Form)], is_out: bool) {
        let (at, seq) = (self.next(), ReleaseSeq(seq));
        let rev = sha(&format!("release {seq}"));
        let pick = |(pr, form): &(u64, Form)| ReleasedPick {
            pr: PrNumber(*pr),
            head: self.facts.candidates[&PrNumber(*pr)].head.clone(),
            form: form.clone(),
        };
        let reason = "the disk is full".to_owned();
        let release = Release {
            channel: channel(),
            seq,
            name: ReleaseName::of(&self.base, seq, &rev).unwrap(),
            base: self.base.clone(),
            tip: sha("tip"),
            rev,
            picks: picks.iter().map(pick).collect(),
            reserved_at: at,
            state: match is_out {
                true => ReleaseState::Published { at },
                false => ReleaseState::Abandoned { at, reason },
            },
        };
        self.facts.releases.insert(release);
    }

    /// The events of everything, a line each.
    pub(super) fn told(&self) -> String {
        let statements = Statements::of(&self.facts);
        let mut told = String::new();
        for statement in statements.iter() {
            let about = match &statement.about {
                About::Package(package) => package.to_string(),
                About::Change(pr) => format!("what #{pr} changes"),
            };
            told += &format!("{about} {}\n", statement.advisory);
            for event in &statement.events {
                let hours = event.at.seconds_since(Timestamp::from_unix(START)) / 3_600;
                told += &format!("  {hours:2} h {}\n", words(&event.what));
            }
        }
        told
    }
}

fn words(what: &What) -> String {
    let more = match what {
        What::Detected { .. } | What::Affected { .. } => String::new(),
        What::NotAffected { by, .. } => format!(", says {by}"),
        What::Mitigated { release, form, .. } => format!(" ({}) from {release}", form.done()),
        What::Fixed { by, .. } => match by {
            FixedBy::Release(release) => format!(" from {release}"),
            FixedBy::Base => " in the base".to_owned(),
        },
        What::Withdrawn { release, .. } => format!(" from {release}"),
    };
    format!("{}{more} #{}", what.name(), what.pr())
}

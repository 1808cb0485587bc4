//! Small values.

use picket_domain::{
    Action, Actor, Advisory, Approval, ApprovedPick, Assembly, Attempt, Base, BranchName,
    BuildReport, Candidate, ChainSpec, ChangeKind, ChannelName, CommitSha, Conflict, ConflictKind,
    FailureCause, FileChange, JobName, JobOutcome, JobPattern, JobReport, Login, PickOutcome,
    PickResult, Policy, PrNumber, Release, ReleaseName, ReleaseSeq, ReleaseState, ReleasedPick,
    RetryPolicy, Sha256, SourceCommit, StorePath, Timestamp, UpstreamState,
};

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_790_000_000 + seconds)
}

pub(crate) fn sha(text: &str) -> CommitSha {
    CommitSha::parse(&Sha256::of(text.as_bytes()).to_string()[..40]).unwrap()
}

pub(crate) fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

pub(crate) fn sec() -> ChannelName {
    channel("nixos-26.05-sec")
}

pub(crate) fn login(name: &str) -> Login {
    Login::parse(name).unwrap()
}

pub(crate) fn person(name: &str) -> Actor {
    Actor::Person(login(name))
}

pub(crate) fn policy() -> Policy {
    Policy {
        channel: sec(),
        required_approvals: 2,
        required_jobs: vec![JobPattern::parse("*").unwrap()],
        retry: RetryPolicy {
            attempts: 2,
            transient_wait_seconds: 60,
        },
    }
}

pub(crate) fn base(name: &str, rev_count: u64) -> Base {
    Base {
        rev: sha(name),
        rev_count,
        version: "26.05".into(),
        committed_at: at(-1_000),
        seen_at: at(0),
    }
}

/// A candidate with the texts that people write: quotes, other scripts, control characters.
pub(crate) fn candidate(pr: u64, head: &str) -> Candidate {
    let title = format!("mastodon: 4.3.0 -> 4.3.1 'quoted' \"twice\" \u{1f980} CVE-2026-{pr:05}");
    Candidate {
        pr: PrNumber(pr),
        advisories: Advisory::find_all(&title),
        title,
        body: "nul \0, bell \u{7}, `code`; DROP TABLE candidates; --".into(),
        author: login("author"),
        head: sha(head),
        base_branch: BranchName::parse("master").unwrap(),
        url: format!("https://github.com/NixOS/nixpkgs/pull/{pr}"),
        labels: vec!["1.severity: security".into()],
        upstream: UpstreamState::Merged {
            at: at(5),
            commit: Some(sha("merge")),
        },
        commits: vec![SourceCommit {
            sha: sha(head),
            subject: "mastodon: 4.3.0 -> 4.3.1".into(),
            author: "Ada Lovelace".into(),
        }],
        files: vec![FileChange {
            path: "pkgs/by-name/ma/mastodon/package.nix".into(),
            change: ChangeKind::Renamed { from: "old".into() },
            additions: 2,
            deletions: 1,
        }],
        opened_at: at(-500),
        updated_at: at(-400),
    }
}

pub(crate) fn approve(channel: &ChannelName, pr: u64, head: &str) -> Action {
    Action::Approve {
        channel: channel.clone(),
        pr: PrNumber(pr),
        head: sha(head),
    }
}

pub(crate) fn nominate(pr: u64) -> Action {
    Action::Nominate {
        pr: PrNumber(pr),
        reason: "it's a fix \0 \u{1f980}".into(),
    }
}

pub(crate) fn conflict() -> PickOutcome {
    PickOutcome::Conflict {
        commit: sha("head"),
        conflicts: vec![Conflict {
            path: "pkgs/a.nix".into(),
            kind: ConflictKind::BothModified,
        }],
    }
}

pub(crate) fn picked(commit: &str) -> PickOutcome {
    PickOutcome::Picked {
        commits: vec![sha(commit)],
    }
}

pub(crate) fn spec(base: &Base, pr: u64) -> ChainSpec {
    ChainSpec {
        channel: sec(),
        base: base.rev.clone(),
        picks: vec![ApprovedPick {
            pr: PrNumber(pr),
            head: sha("head"),
            approvals: vec![Approval {
                by: login("ada"),
                at: at(1),
            }],
            approved_at: at(1),
        }],
    }
}

pub(crate) fn assembly(pr: u64) -> Assembly {
    Assembly {
        picks: vec![PickResult {
            pr: PrNumber(pr),
            head: sha("head"),
            outcome: picked("picked"),
        }],
    }
}

pub(crate) fn attempt(seconds: i64) -> Attempt {
    let path =
        |name: &str| StorePath::parse(&format!("/nix/store/{}-{name}", "0".repeat(32))).unwrap();
    let outcome = JobOutcome::Failed {
        drv: path("a.drv"),
        failed: path("b.drv"),
        cause: FailureCause::Builder,
        log_tail: "error: \u{1b}[31m\0".into(),
    };
    let job = JobName::parse("nixpkgs.a").unwrap();
    Attempt {
        at: at(seconds),
        report: BuildReport::Evaluated {
            jobs: 40,
            changed: vec![JobReport { job, outcome }],
        },
    }
}

pub(crate) fn release(seq: u64) -> Release {
    let base = base("base", 715_880);
    let rev = sha(&format!("release {seq}"));
    Release {
        channel: sec(),
        seq: ReleaseSeq(seq),
        name: ReleaseName::of(&base, ReleaseSeq(seq), &rev).unwrap(),
        base,
        tip: sha("tip"),
        rev,
        picks: vec![
            ReleasedPick {
                pr: PrNumber(7),
                head: sha("head"),
            },
            ReleasedPick {
                pr: PrNumber(3),
                head: sha("other"),
            },
        ],
        reserved_at: at(10),
        state: ReleaseState::Reserved,
    }
}

//! Small values for tests.

use crate::*;

pub(crate) fn sha(text: &str) -> CommitSha {
    CommitSha::parse(&Sha256::of(text.as_bytes()).to_string()[..40]).unwrap()
}

pub(crate) fn channel() -> ChannelName {
    ChannelName::parse("nixos-26.05-sec").unwrap()
}

pub(crate) fn policy(required_approvals: u32) -> Policy {
    Policy {
        channel: channel(),
        required_approvals,
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

/// A team of all who say anything in tests.
pub(crate) fn everybody() -> Team {
    let names = ["ada", "grace", "edsger", "author"];
    names
        .map(|name| Login::parse(name).unwrap())
        .into_iter()
        .collect()
}

pub(crate) fn base(name: &str, rev_count: u64) -> Base {
    Base {
        rev: sha(name),
        rev_count,
        version: "26.05".into(),
        committed_at: Timestamp::from_unix(0),
        seen_at: Timestamp::from_unix(rev_count as i64),
    }
}

pub(crate) fn candidate(pr: u64, head: &str) -> Candidate {
    Candidate {
        pr: PrNumber(pr),
        title: format!("package{pr}: 1.0 -> 1.1"),
        body: String::new(),
        author: Login::parse("author").unwrap(),
        author_id: None,
        head: sha(head),
        base_branch: BranchName::parse("master").unwrap(),
        url: format!("https://github.com/NixOS/nixpkgs/pull/{pr}"),
        labels: Vec::new(),
        named: Vec::new(),
        upstream: UpstreamState::Open,
        is_draft: false,
        details: None,
        opened_at: Timestamp::from_unix(0),
        updated_at: Timestamp::from_unix(0),
    }
}

/// A log with one entry a second.
pub(crate) fn decisions(actions: &[(&str, Action)]) -> Vec<Entry> {
    let mut log: Vec<Entry> = Vec::new();
    for (at, (by, action)) in actions.iter().enumerate() {
        let actor = Actor::Person(Login::parse(by).unwrap());
        let at = Timestamp::from_unix(at as i64);
        log.push(Entry::after(log.last(), at, actor, action.clone()));
    }
    log
}

fn store_path(name: &str) -> StorePath {
    StorePath::parse(&format!(
        "/nix/store/{}-{}",
        "0".repeat(32),
        name.replace(':', "-")
    ))
    .unwrap()
}

fn report(job: &str, outcome: JobOutcome) -> BuildReport {
    let job = JobName::parse(job).unwrap();
    BuildReport::Evaluated {
        jobs: 1,
        changed: vec![JobReport { job, outcome }],
        aggregates: Vec::new(),
        packages: PackageSet::default(),
    }
}

pub(crate) fn built(job: &str) -> BuildReport {
    let outputs = vec![store_path(job)];
    report(
        job,
        JobOutcome::Built {
            drv: store_path(&format!("{job}.drv")),
            outputs,
        },
    )
}

pub(crate) fn failed(job: &str, cause: FailureCause) -> BuildReport {
    let drv = store_path(&format!("{job}.drv"));
    let log_tail = "error: it does not build".to_owned();
    report(
        job,
        JobOutcome::Failed {
            failed: drv.clone(),
            drv,
            cause,
            log_tail,
            fails_at_base: false,
        },
    )
}

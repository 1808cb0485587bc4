//! Small values.

use std::collections::BTreeSet;

use picket_domain::{
    Action, Actor, Advisory, Approval, ApprovedPick, Assembly, Attempt, Base, BlobId, BranchName,
    BuildReport, Candidate, ChainSpec, ChangeKind, ChannelName, CommitSha, Conflict, ConflictKind,
    ContentId, Entry, FailureCause, FileChange, FileMode, FileVersion, Investigation, JobName,
    JobOutcome, JobPattern, JobReport, Login, PatchId, PickInput, PickOutcome, PickResult,
    PickedCommit, Policy, PrNumber, Prerequisite, Release, ReleaseName, ReleaseSeq, ReleaseState,
    ReleasedPick, Renames, ResolvedBy, ResolvedContent, ResolvedFile, ResolvedSet, RetryPolicy,
    SecondOpinion, Sha256, SourceCommit, StorePath, Timestamp, Together, TouchingCommit,
    UpstreamState, Versions,
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
        patches: Vec::new(),
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
            versions: versions(),
        }],
        renames: Renames::Followed { found: 1 },
    }
}

pub(crate) fn versions() -> Versions {
    let version = |blob: &str| {
        Some(FileVersion {
            mode: FileMode::Plain,
            blob: BlobId::parse(&blob.repeat(20)).unwrap(),
        })
    };
    Versions {
        base: version("b0"),
        ours: version("05"),
        theirs: None,
    }
}

pub(crate) fn content_id(bytes: &[u8]) -> ContentId {
    Sha256::of(bytes).into()
}

pub(crate) fn patch_id(text: &str) -> PatchId {
    Sha256::of(text.as_bytes()).into()
}

/// A resolution of two files: one is to have this content, the other is to go.
pub(crate) fn resolve_conflict(channel: &ChannelName, pr: u64, content: &[u8]) -> Action {
    let file = |path: &str, result| ResolvedFile {
        path: path.into(),
        versions: versions(),
        result,
    };
    Action::ResolveConflict {
        channel: channel.clone(),
        pr: PrNumber(pr),
        commit: sha("head"),
        by: ResolvedBy::Hand,
        files: vec![
            file(
                "pkgs/a.nix",
                Some(ResolvedContent {
                    mode: FileMode::Executable,
                    content: content_id(content),
                }),
            ),
            file("pkgs/b.nix", None),
        ],
    }
}

/// The content in the samples: bytes that are no text.
pub(crate) const SAMPLE_CONTENT: &[u8] = b"{ name = \"it's \xff\"; }\n\0";

/// The patch in the samples.
pub(crate) const SAMPLE_PATCH: &str =
    "--- a/pkgs/a.nix\n+++ b/pkgs/a.nix\n@@\n-a = 'x';\n+a = 1;\n";

/// What the samples' resolution comes to.
pub(crate) fn resolved_set() -> ResolvedSet {
    let action = resolve_conflict(&sec(), 3, SAMPLE_CONTENT);
    let entry = Entry::after(None, at(71), person("ada"), action);
    ResolvedSet::of(&sec(), PrNumber(3), &[entry])
}

/// A chain with a resolved pick.
pub(crate) fn resolved_spec() -> ChainSpec {
    let mut spec = spec(&base("base", 715_880), 7);
    spec.picks[0].resolved = resolved_set();
    spec
}

pub(crate) fn disputed() -> PickOutcome {
    PickOutcome::Disputed {
        commit: sha("other"),
        git: SecondOpinion::OtherTree {
            paths: vec!["pkgs/a.nix".into()],
        },
    }
}

/// What is picked of a pull request, with nothing resolved.
pub(crate) fn input(pr: u64, head: &str) -> PickInput {
    PickInput {
        pr: PrNumber(pr),
        head: sha(head),
        resolved: ResolvedSet::default().id(),
    }
}

pub(crate) fn investigation() -> Investigation {
    let touching = |pr| TouchingCommit {
        sha: sha("touching"),
        subject: "mastodon: 'quoted' \u{1f980}".into(),
        author: "Ada Lovelace".into(),
        at: at(-2_000),
        pr,
        path: "pkgs/a.nix".into(),
    };
    Investigation {
        base_side: vec![touching(None)],
        prerequisites: vec![Prerequisite {
            pr: Some(PrNumber(3)),
            commits: vec![touching(Some(PrNumber(3)))],
            together: Together::StillConflicts {
                paths: vec!["pkgs/a.nix".into()],
            },
        }],
        is_cut_short: true,
    }
}

pub(crate) fn picked(commit: &str) -> PickOutcome {
    PickOutcome::Picked {
        commits: vec![PickedCommit {
            source: sha("head"),
            commit: sha(commit),
            patch: patch_id("patch"),
            verbatim: true,
        }],
        renames: Renames::NotNeeded,
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
                patches: BTreeSet::new(),
            }],
            approved_at: at(1),
            resolved: ResolvedSet::default(),
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

//! The sample's pull requests, and what comes of picking each alone.

use picket_domain::{
    Advisory, BranchName, Candidate, ChangeKind, Conflict, ConflictKind, ContainedBy, Details,
    FileChange, PickOutcome, PickedCommit, PrNumber, Renames, Sha256, SourceCommit, Timestamp,
    UpstreamState, Versions,
};

use super::super::login;
use super::{HOUR, sha};

/// A candidate that was opened some hours ago, by `margaret`.
pub(crate) fn candidate(pr: u64, title: &str, hours: i64, now: Timestamp) -> Candidate {
    let package = title.split(':').next().unwrap_or("x").to_owned();
    let body = format!(
        "Fixes a security problem in {package}; see upstream's announcement.\n\n\
         ## Things done\n\n- Built on platform\n  - [x] x86_64-linux\n  - [x] aarch64-linux\n\
         - [x] Ran the NixOS test that covers it\n"
    );
    Candidate {
        pr: PrNumber(pr),
        title: title.to_owned(),
        body,
        author: login("margaret"),
        author_id: None,
        head: sha(&format!("head {pr}")),
        base_branch: BranchName::parse("master").unwrap(),
        url: format!("https://github.com/NixOS/nixpkgs/pull/{pr}"),
        labels: vec![
            "1.severity: security".into(),
            "backport release-26.05".into(),
        ],
        named: Advisory::find_all(&format!("CVE-2026-{}", 40_000 + pr % 10_000)),
        upstream: UpstreamState::Open,
        is_draft: false,
        details: Some(Details {
            commits: vec![SourceCommit {
                sha: sha(&format!("head {pr}")),
                subject: title.to_owned(),
                author: "Margaret H.".into(),
                picked_from: Vec::new(),
            }],
            files: vec![FileChange {
                path: format!("pkgs/by-name/{}/{package}/package.nix", &package[..2]),
                change: ChangeKind::Modified,
                additions: 2,
                deletions: 2,
            }],
            all_commits: 1,
            all_files: 1,
            named: Vec::new(),
        }),
        opened_at: now.plus_seconds(-hours * HOUR),
        updated_at: now.plus_seconds(-hours * HOUR + HOUR / 2),
    }
}

pub(super) fn conflict(path: &str) -> PickOutcome {
    PickOutcome::Conflict {
        commit: sha("conflicting commit"),
        conflicts: vec![Conflict {
            path: path.to_owned(),
            kind: ConflictKind::BothModified,
            versions: Versions::default(),
        }],
        renames: Renames::NotNeeded,
    }
}

pub(super) fn picked(text: &str) -> PickOutcome {
    PickOutcome::Picked {
        commits: vec![PickedCommit {
            source: sha("a commit of the pull request"),
            commit: sha(text),
            patch: Sha256::of(b"what it changes").into(),
            verbatim: true,
        }],
        renames: Renames::NotNeeded,
    }
}

pub(super) fn candidates(now: Timestamp) -> Vec<(Candidate, Option<PickOutcome>)> {
    let merged = |mut candidate: Candidate, hours: i64| {
        candidate.upstream = UpstreamState::Merged {
            at: now.plus_seconds(-hours * HOUR),
            commit: Some(sha("merged")),
        };
        candidate
    };
    let clean = || Some(picked("alone"));
    let mut own = candidate(412_410, "rsync: apply patches for CVE-2026-41001", 2, now);
    own.author = login("ada");
    let mut nginx = candidate(412_350, "nginx: 1.28.0 -> 1.28.1", 7, now);
    nginx.named = Advisory::find_all("CVE-2026-40113 CVE-2026-40114 GHSA-vr6x-fg8c-3hmm");
    let details = nginx.details.as_mut().unwrap();
    details.all_files += 1;
    details.files.push(FileChange {
        path: "nixos/tests/nginx-http3.nix".into(),
        change: ChangeKind::Added,
        additions: 61,
        deletions: 0,
    });
    vec![
        (
            merged(
                candidate(
                    412_199,
                    "glibc: fix for getaddrinfo stack overflow",
                    190,
                    now,
                ),
                170,
            ),
            Some(PickOutcome::Contained {
                by: ContainedBy::Base,
            }),
        ),
        (
            candidate(412_288, "sudo: 1.9.16 -> 1.9.17", 60, now),
            Some(PickOutcome::Contained {
                by: ContainedBy::Base,
            }),
        ),
        (
            merged(candidate(412_301, "mastodon: 4.3.1 -> 4.3.2", 35, now), 20),
            clean(),
        ),
        (
            candidate(412_333, "git: 2.49.0 -> 2.49.1", 26, now),
            clean(),
        ),
        (
            candidate(412_344, "openssl: 3.0.15 -> 3.0.16", 20, now),
            clean(),
        ),
        (nginx, clean()),
        (
            candidate(412_360, "openssh: 9.6p1 -> 9.7p1", 12, now),
            clean(),
        ),
        (
            candidate(412_377, "curl: 8.13.0 -> 8.14.1", 11, now),
            Some(conflict("pkgs/by-name/cu/curl/package.nix")),
        ),
        (
            candidate(412_390, "expat: 2.7.0 -> 2.7.2", 9, now),
            Some(conflict("pkgs/by-name/ex/expat/package.nix")),
        ),
        (
            candidate(412_401, "libxml2: apply patch for CVE-2026-42401", 8, now),
            clean(),
        ),
        (own, clean()),
        (candidate(412_415, "php84: 8.4.9 -> 8.4.10", 1, now), None),
    ]
}

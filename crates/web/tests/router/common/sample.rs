//! A channel in which something of everything has happened.

use std::collections::BTreeMap;
use std::path::Path;

use picket_domain::{
    Action, Actor, Advisory, Assembly, Attempt, Base, BranchName, BuildReport, Candidate,
    ChangeKind, CommitSha, Conflict, ConflictKind, FailureCause, FileChange, JobName, JobOutcome,
    JobReport, Next, PickInput, PickOutcome, PickResult, PickedCommit, PrNumber, Release,
    ReleaseName, ReleaseSeq, ReleaseState, ReleasedPick, Renames, ResolvedSet, Sha256,
    SourceCommit, StorePath, Timestamp, UpstreamState, Versions, resolve,
};

use picket_merger::{Fetched, Mirror};

use super::{CHANNEL, Site, channel, login, policy};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

pub(crate) fn sha(text: &str) -> CommitSha {
    CommitSha::parse(&Sha256::of(text.as_bytes()).to_string()[..40]).unwrap()
}

pub(crate) fn base(now: Timestamp) -> Base {
    Base {
        rev: sha("base"),
        rev_count: 715_880,
        version: "26.05".into(),
        committed_at: now.plus_seconds(-31 * HOUR),
        seen_at: now.plus_seconds(-9 * HOUR),
    }
}

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
        head: sha(&format!("head {pr}")),
        base_branch: BranchName::parse("master").unwrap(),
        url: format!("https://github.com/NixOS/nixpkgs/pull/{pr}"),
        labels: vec![
            "1.severity: security".into(),
            "backport release-26.05".into(),
        ],
        advisories: Advisory::find_all(&format!("CVE-2026-{}", 40_000 + pr % 10_000)),
        upstream: UpstreamState::Open,
        commits: vec![SourceCommit {
            sha: sha(&format!("head {pr}")),
            subject: title.to_owned(),
            author: "Margaret H.".into(),
        }],
        files: vec![FileChange {
            path: format!("pkgs/by-name/{}/{package}/package.nix", &package[..2]),
            change: ChangeKind::Modified,
            additions: 2,
            deletions: 2,
        }],
        opened_at: now.plus_seconds(-hours * HOUR),
        updated_at: now.plus_seconds(-hours * HOUR + HOUR / 2),
    }
}

fn conflict(path: &str) -> PickOutcome {
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

fn picked(text: &str) -> PickOutcome {
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

/// Records a person's decision.
pub(crate) async fn decide(site: &Site, by: &str, at: Timestamp, action: Action) {
    site.store
        .append(at, Actor::Person(login(by)), action)
        .await
        .unwrap();
}

pub(crate) async fn approve(site: &Site, by: &str, at: Timestamp, pr: u64, head: &CommitSha) {
    let head = head.clone();
    let action = Action::Approve {
        channel: channel(),
        pr: PrNumber(pr),
        head,
        patches: Vec::new(),
    };
    decide(site, by, at, action).await;
}

/// Plays the reconciler: assembles, and builds until a chain without `libxml2` is to be built.
struct Player<'a> {
    site: &'a Site,
    now: Timestamp,
    contents: BTreeMap<CommitSha, Vec<u64>>,
    unbuildable: u64,
    conflicting: u64,
    left_building: u64,
}

impl Player<'_> {
    async fn play(&mut self) {
        loop {
            let facts = self.site.store.facts(&policy()).await.unwrap();
            match resolve(&facts, self.now).next {
                Next::Assemble(spec) => {
                    let mut before = Vec::new();
                    let mut picks = Vec::new();
                    for pick in &spec.picks {
                        let outcome = if pick.pr.0 == self.conflicting {
                            conflict("pkgs/by-name/ex/expat/package.nix")
                        } else {
                            before.push(pick.pr.0);
                            let rev = format!("{} {}", spec.id(), pick.pr);
                            self.contents.insert(sha(&rev), before.clone());
                            picked(&rev)
                        };
                        let (pr, head) = (pick.pr, pick.head.clone());
                        picks.push(PickResult { pr, head, outcome });
                    }
                    self.site
                        .store
                        .record_assembly(&spec, &Assembly { picks })
                        .await
                        .unwrap();
                }
                Next::Build(rev) => {
                    let contents = &self.contents[&rev];
                    let breaks = contents.contains(&self.unbuildable);
                    if !breaks && contents.contains(&self.left_building) {
                        return;
                    }
                    let base = facts.base.unwrap().rev;
                    let report = report(breaks);
                    let attempt = Attempt {
                        at: self.now,
                        report,
                    };
                    let channel = channel();
                    self.site
                        .store
                        .record_attempt(&channel, &base, &rev, &attempt)
                        .await
                        .unwrap();
                }
                _ => return,
            }
        }
    }
}

pub(crate) fn drv(name: &str) -> StorePath {
    let hash = "0bgd045z0d4icpbc2yyz4gx48ak44lab";
    StorePath::parse(&format!("/nix/store/{hash}-{name}.drv")).unwrap()
}

pub(crate) const LOG: &str = "unpacking sources\nunpacking source archive /build/libxml2-2.13.9.tar.xz\n\
    patching sources\napplying patch CVE-2026-42401.patch\npatching file xpath.c\n\
    Hunk #1 succeeded at 11842 (offset 12 lines).\nHunk #2 FAILED at 11860.\n\
    1 out of 2 hunks FAILED -- saving rejects to file xpath.c.rej\n\
    error: builder for 'libxml2-2.13.9.drv' failed with exit code 1 <script>alert(1)</script>\n";

fn report(breaks: bool) -> BuildReport {
    let job = |name: &str, outcome| JobReport {
        job: JobName::parse(name).unwrap(),
        outcome,
    };
    let built = |name: &str| JobOutcome::Built {
        drv: drv(name),
        outputs: Vec::new(),
    };
    let failed = |name: &str| JobOutcome::Failed {
        drv: drv(name),
        failed: drv("libxml2-2.13.9"),
        cause: FailureCause::Builder,
        log_tail: LOG.to_owned(),
    };
    let mut changed = vec![job("nixpkgs.mastodon", built("mastodon-4.3.2"))];
    if breaks {
        changed.push(job("nixpkgs.libxml2", failed("libxml2-2.13.9")));
        changed.push(job("nixpkgs.xmlstarlet", failed("xmlstarlet-1.6.1")));
    }
    BuildReport::Evaluated { jobs: 41, changed }
}

/// Fills a site. `now` is the time at which it is going to be looked at.
pub(crate) async fn fill(site: &Site, now: Timestamp) {
    site.health.sign_of_life(now.plus_seconds(-4));
    let (store, base) = (&site.store, base(now));
    store.record_base(&channel(), &base).await.unwrap();
    let ago = |hours: i64| now.plus_seconds(-hours * HOUR);
    let nginx = pull_request(site.path(), PrNumber(412_350));
    for (mut candidate, assessment) in candidates(now) {
        if candidate.pr == PrNumber(412_350) {
            candidate.head = nginx.clone();
            candidate.commits[0].sha = nginx.clone();
        }
        store.upsert_candidate(&candidate).await.unwrap();
        if let Some(outcome) = assessment {
            let input = PickInput {
                pr: candidate.pr,
                head: candidate.head.clone(),
                resolved: ResolvedSet::default().id(),
            };
            store
                .record_assessment(&channel(), &base.rev, &input, &outcome)
                .await
                .unwrap();
        }
    }
    let head = |pr: u64| sha(&format!("head {pr}"));
    let mut player = Player {
        site,
        now: ago(30),
        contents: BTreeMap::new(),
        unbuildable: 412_401,
        conflicting: 412_390,
        left_building: 412_344,
    };
    release(site, 11, &[412_199], ago(160)).await;
    let pr = PrNumber(412_199);
    store
        .record_superseded(ago(9), &channel(), pr, &base.rev, 6 * DAY + 7 * HOUR)
        .await
        .unwrap();
    approve(site, "ada", ago(33), 412_301, &head(412_301)).await;
    approve(site, "grace", ago(32), 412_301, &head(412_301)).await;
    player.play().await;
    release(site, 12, &[412_301], ago(31)).await;
    player.now = ago(3);
    for (hours, by, pr) in [
        (6, "ada", 412_390),
        (6, "edsger", 412_390),
        (5, "ada", 412_401),
        (5, "grace", 412_401),
        (4, "grace", 412_350),
        (1, "ada", 412_344),
        (1, "grace", 412_344),
    ] {
        let head = if pr == 412_350 {
            nginx.clone()
        } else {
            head(pr)
        };
        approve(site, by, ago(hours), pr, &head).await;
    }
    approve(site, "edsger", ago(2), 412_333, &sha("an earlier head")).await;
    let veto = Action::Veto {
        channel: channel(),
        pr: PrNumber(412_360),
        reason: "Upstream withdrew 9.7; wait for 9.7.1.".into(),
    };
    decide(site, "grace", ago(2), veto).await;
    player.play().await;
}

async fn release(site: &Site, seq: u64, picks: &[u64], at: Timestamp) {
    let seq = ReleaseSeq(seq);
    let rev = sha(&format!("release {seq}"));
    let mut base = base(at);
    if seq == ReleaseSeq(11) {
        base.rev = sha("earlier base");
        base.rev_count -= 214;
    }
    let facts = site.store.facts(&policy()).await.unwrap();
    let tip = match resolve(&facts, at).assembly {
        Some(assembly) if seq != ReleaseSeq(11) => assembly.tip(&base.rev).clone(),
        _ => sha("an earlier tip"),
    };
    let picks = picks.iter().map(|pr| ReleasedPick {
        pr: PrNumber(*pr),
        head: sha(&format!("head {pr}")),
    });
    let release = Release {
        channel: channel(),
        seq,
        name: ReleaseName::of(&base, seq, &rev).unwrap(),
        base,
        tip,
        rev,
        picks: picks.collect(),
        reserved_at: at.plus_seconds(-90),
        state: ReleaseState::Reserved,
    };
    let (store, channel) = (&site.store, channel());
    store.reserve(&release).await.unwrap();
    store
        .seal(&channel, seq, at.plus_seconds(-10))
        .await
        .unwrap();
    store.publish(&channel, seq, at).await.unwrap();
    super::public::publish(&site.public(), &release.name, seq);
}

fn candidates(now: Timestamp) -> Vec<(Candidate, Option<PickOutcome>)> {
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
    nginx.advisories = Advisory::find_all("CVE-2026-40113 CVE-2026-40114 GHSA-vr6x-fg8c-3hmm");
    nginx.files.push(FileChange {
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
            Some(PickOutcome::Contained),
        ),
        (
            candidate(412_288, "sudo: 1.9.16 -> 1.9.17", 60, now),
            Some(PickOutcome::Contained),
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

/// The path of the channel's pointer on disk, for tests that move it.
pub(crate) fn pointer(site: &Site) -> std::path::PathBuf {
    site.public().root().join("channels").join(CHANNEL)
}

/// The mirror, and the upstream that it fetches from: nginx's pull request is in both.
pub(crate) fn mirror(dir: &Path) -> Mirror {
    let upstream = dir.join("upstream");
    Mirror::open(&dir.join("mirror.git"), upstream.to_str().unwrap()).unwrap()
}

/// Makes the upstream with one pull request, fetches it, and returns its head.
pub(crate) fn pull_request(dir: &Path, pr: PrNumber) -> CommitSha {
    let repo = git2::Repository::init_bare(dir.join("upstream")).unwrap();
    let base = commit(&repo, "refs/heads/master", &[], &[("package.nix", OLD)]);
    let files = [
        ("package.nix", NEW),
        ("http3.nix", "{\n  name = \"nginx-http3\";\n}\n"),
    ];
    let head = commit(&repo, &format!("refs/pull/{pr}/head"), &[base], &files);
    let head = CommitSha::parse(&head.to_string()).unwrap();
    let mirror = mirror(dir);
    mirror
        .fetch_branches(&[BranchName::parse("master").unwrap()])
        .unwrap();
    assert_eq!(
        mirror.fetch_pull_request(pr, &head).unwrap(),
        Fetched::Present
    );
    head
}

const OLD: &str = "{\n  lib,\n  fetchurl,\n  openssl,\n}:\n\nstdenv.mkDerivation rec {\n  pname = \"nginx\";\n  \
    version = \"1.28.0\";\n\n  src = fetchurl {\n    url = \"https://nginx.org/download/nginx-${version}.tar.gz\";\n    \
    hash = \"sha256-xrXGsIbA3508o/9eCEwdDvkJ5gOCy/OP7+cCnAYzCCY=\";\n  };\n\n  doCheck = false;\n}\n";

const NEW: &str = "{\n  lib,\n  fetchurl,\n  openssl,\n}:\n\nstdenv.mkDerivation rec {\n  pname = \"nginx\";\n  \
    version = \"1.28.1\";\n\n  src = fetchurl {\n    url = \"https://nginx.org/download/nginx-${version}.tar.gz\";\n    \
    hash = \"sha256-dHKHoqmYQPZRM+SMFcAbJCFTHuQYKVJ5C3cCV6ALyMM=\";\n  };\n\n  # <script>alert(2)</script>\n  doCheck = false;\n}\n";

fn commit(
    repo: &git2::Repository,
    reference: &str,
    parents: &[git2::Oid],
    files: &[(&str, &str)],
) -> git2::Oid {
    let mut tree = repo.treebuilder(None).unwrap();
    for (name, content) in files {
        let blob = repo.blob(content.as_bytes()).unwrap();
        tree.insert(name, blob, 0o100_644).unwrap();
    }
    let tree = repo.find_tree(tree.write().unwrap()).unwrap();
    let who = git2::Signature::new("M", "m@example.org", &git2::Time::new(0, 0)).unwrap();
    let parents: Vec<_> = parents
        .iter()
        .map(|id| repo.find_commit(*id).unwrap())
        .collect();
    let parents: Vec<_> = parents.iter().collect();
    repo.commit(
        Some(reference),
        &who,
        &who,
        "nginx: 1.28.0 -> 1.28.1",
        &tree,
        &parents,
    )
    .unwrap()
}

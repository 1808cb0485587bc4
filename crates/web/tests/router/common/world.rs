//! A channel on a real repository, and what the reconciler does about it, short of building.

use std::collections::BTreeMap;

use git2::{Oid, Repository, Signature, Time};
use picket_domain::{
    Action, ApprovedPick, Base, BranchName, Candidate, ChangeKind, CommitSha, Facts, FileChange,
    Next, PickOutcome, PrNumber, SourceCommit, Timestamp, resolve,
};
use picket_merger::{Fetched, GitAddress, Merger};

use super::sample::candidate;
use super::upstream::mirror;
use super::{Site, channel, policy};

/// A file's path and content; none where it goes.
pub(crate) type Edit<'a> = (&'a str, Option<&'a str>);

/// A site with an upstream: the branches `master` and `release-26.05`, and pull requests.
pub(crate) struct World {
    pub(crate) site: Site,
    upstream: Repository,
}

impl World {
    pub(crate) async fn new() -> Self {
        let site = Site::new().await;
        let upstream = Repository::init_bare(site.path().join("upstream")).unwrap();
        Self { site, upstream }
    }

    pub(crate) fn router(&self) -> axum::Router {
        picket_web::router(self.site.state())
    }

    /// Where people push resolutions.
    pub(crate) fn remote(&self) -> GitAddress {
        let path = self.site.path().join("upstream");
        GitAddress::parse(&path.display().to_string()).unwrap()
    }

    pub(crate) fn commit(&self, parents: &[Oid], subject: &str, edits: &[Edit<'_>]) -> Oid {
        let repo = &self.upstream;
        let parents: Vec<_> = parents
            .iter()
            .map(|id| repo.find_commit(*id).unwrap())
            .collect();
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, content) in edits {
            match content {
                Some(content) => {
                    let blob = repo.blob(content.as_bytes()).unwrap();
                    update.upsert(path, blob, git2::FileMode::Blob);
                }
                None => {
                    update.remove(path);
                }
            }
        }
        let from = match parents.first() {
            Some(parent) => parent.tree().unwrap(),
            None => {
                let empty = repo.treebuilder(None).unwrap().write().unwrap();
                repo.find_tree(empty).unwrap()
            }
        };
        let tree = update.create_updated(repo, &from).unwrap();
        let who = Signature::new("Margaret H.", "m@example.org", &Time::new(1_780_000_000, 0));
        let who = who.unwrap();
        let tree = repo.find_tree(tree).unwrap();
        let parents: Vec<_> = parents.iter().collect();
        repo.commit(None, &who, &who, subject, &tree, &parents)
            .unwrap()
    }

    pub(crate) fn branch(&self, name: &str, tip: Oid) {
        let name = format!("refs/heads/{name}");
        self.upstream.reference(&name, tip, true, "test").unwrap();
    }

    pub(crate) fn tip(&self, branch: &str) -> Oid {
        let name = format!("refs/heads/{branch}");
        self.upstream.refname_to_id(&name).unwrap()
    }

    fn mirror(&self) -> Merger {
        mirror(self.site.path())
    }

    /// Moves the channel's base there.
    pub(crate) async fn base(&self, master: Oid, release: Oid) {
        self.branch("master", master);
        self.branch("release-26.05", release);
        let branches = ["master", "release-26.05"].map(|name| BranchName::parse(name).unwrap());
        drop(self.mirror().fetch_branches(&branches).unwrap());
        let base = Base {
            rev: sha(release),
            rev_count: 715_880,
            version: "26.05".into(),
            committed_at: Timestamp::now(),
            seen_at: Timestamp::now(),
        };
        let store = &self.site.store;
        store.record_base(&channel(), &base).await.unwrap();
    }

    /// A pull request into `master` with these commits, by `margaret`.
    pub(crate) async fn pull(&self, pr: u64, title: &str, commits: &[Oid]) -> Candidate {
        let head = *commits.last().unwrap();
        let name = format!("refs/pull/{pr}/head");
        self.upstream.reference(&name, head, true, "test").unwrap();
        let mut candidate = candidate(pr, title, 3, Timestamp::now());
        candidate.head = sha(head);
        let details = candidate.details.as_mut().unwrap();
        details.commits = commits.iter().map(|id| self.source(*id)).collect();
        details.files = self.changed(head);
        let fetched = self.mirror().fetch_pull_request(candidate.pr, &sha(head));
        assert_eq!(fetched.unwrap(), Fetched::Present);
        self.site.store.upsert_candidate(&candidate).await.unwrap();
        candidate
    }

    fn source(&self, id: Oid) -> SourceCommit {
        let commit = self.upstream.find_commit(id).unwrap();
        SourceCommit {
            sha: sha(id),
            subject: String::from_utf8_lossy(commit.summary_bytes().unwrap()).into_owned(),
            author: "Margaret H.".into(),
            picked_from: Vec::new(),
        }
    }

    fn changed(&self, id: Oid) -> Vec<FileChange> {
        let commit = self.upstream.find_commit(id).unwrap();
        let parent = commit.parent(0).unwrap().tree().unwrap();
        let tree = commit.tree().unwrap();
        let diff = self
            .upstream
            .diff_tree_to_tree(Some(&parent), Some(&tree), None);
        let diff = diff.unwrap();
        let change = |delta: git2::DiffDelta<'_>| FileChange {
            path: delta.new_file().path().unwrap().display().to_string(),
            change: ChangeKind::Modified,
            additions: 1,
            deletions: 1,
        };
        diff.deltas().map(change).collect()
    }

    /// Looks at every candidate and assembles, as far as it goes without building.
    pub(crate) async fn reconcile(&self) {
        let (store, mirror) = (&self.site.store, self.mirror());
        let facts = store.facts(&policy()).await.unwrap();
        let base = facts.base().unwrap().rev.clone();
        for candidate in facts.candidates.values() {
            let (input, resolved) = (facts.input(candidate), facts.resolved(candidate.pr));
            let form = facts.form(candidate.pr, &candidate.head);
            let contents = resolved.contents().chain(form.content()).cloned();
            let contents = store.contents(&contents.collect()).await.unwrap();
            let assessed = mirror.assess(&base, candidate, (resolved, form), &contents);
            let assessed = assessed.unwrap();
            store.record_patches(&assessed.patches).await.unwrap();
            let outcome = &assessed.outcome;
            store
                .record_assessment(&channel(), &base, &input, outcome)
                .await
                .unwrap();
        }
        loop {
            let facts = store.facts(&policy()).await.unwrap();
            let Next::Assemble(spec) = resolve(&facts, Timestamp::now()).next else {
                return;
            };
            let ids = spec.picks.iter().flat_map(ApprovedPick::contents);
            let contents = store.contents(&ids.cloned().collect()).await.unwrap();
            let made = mirror.assemble(&spec, &own(&facts), &contents);
            let made = made.unwrap();
            store.record_patches(&made.patches).await.unwrap();
            store.record_assembly(&spec, &made.assembly).await.unwrap();
        }
    }

    /// Looks into the history of every conflict.
    pub(crate) async fn investigate(&self) {
        let (store, mirror) = (&self.site.store, self.mirror());
        let facts = store.facts(&policy()).await.unwrap();
        let base = facts.base().unwrap().rev.clone();
        for candidate in facts.candidates.values() {
            if !matches!(
                facts.assessment(candidate),
                Some(PickOutcome::Conflict { .. })
            ) {
                continue;
            }
            let resolved = facts.resolved(candidate.pr);
            let contents = BTreeMap::new();
            let found = mirror.investigate(&base, candidate, resolved, &contents, &own(&facts));
            let (input, found) = (facts.input(candidate), found.unwrap());
            store
                .record_investigation(&channel(), &base, &input, &found)
                .await
                .unwrap();
        }
    }

    pub(crate) async fn actions(&self, pr: u64) -> Vec<Action> {
        let log = self.site.store.log_of_pr(PrNumber(pr)).await.unwrap();
        log.into_iter().map(|entry| entry.action).collect()
    }
}

pub(crate) fn sha(id: Oid) -> CommitSha {
    CommitSha::parse(&id.to_string()).unwrap()
}

/// A package, with a version that tells its hash, and lines of its own.
pub(crate) fn package(version: &str, more: &str) -> String {
    format!(
        "{{\n  lib,\n  stdenv,\n  fetchurl,\n}}:\n\nstdenv.mkDerivation (finalAttrs: {{\n  \
         pname = \"curl\";\n  version = \"{version}\";\n\n  src = fetchurl {{\n    url = \
         \"https://curl.se/download/curl-${{finalAttrs.version}}.tar.xz\";\n    hash = \
         \"sha256-{}\";\n  }};\n\n{more}  doCheck = false;\n\n  meta = {{\n    description = \
         \"Command line tool\";\n    license = lib.licenses.curl;\n  }};\n}})\n",
        hash(version)
    )
}

/// 44 characters that look like a hash and differ from version to version.
fn hash(version: &str) -> String {
    let digest = picket_domain::Sha256::of(version.as_bytes()).to_string();
    format!("{}=", &digest[..43])
}

pub(crate) const CURL: &str = "pkgs/by-name/cu/curl/package.nix";

impl World {
    /// `curl` is at 8.12.1 in the release and at 8.13.0 in master; #7 brings 8.14.1 there. Returns
    /// the release's tip.
    pub(crate) async fn with_curl() -> (Self, Oid) {
        let world = Self::new().await;
        let at = |version: &str| package(version, "");
        let root = world.commit(&[], "root", &[(CURL, Some(&at("8.12.0")))]);
        let subject = "curl: 8.12.0 -> 8.12.1";
        let release = world.commit(&[root], subject, &[(CURL, Some(&at("8.12.1")))]);
        let subject = "curl: 8.12.0 -> 8.13.0";
        let master = world.commit(&[root], subject, &[(CURL, Some(&at("8.13.0")))]);
        let title = "curl: 8.13.0 -> 8.14.1";
        let fix = world.commit(&[master], title, &[(CURL, Some(&at("8.14.1")))]);
        world.base(master, release).await;
        world.pull(7, title, &[fix]).await;
        world.reconcile().await;
        (world, release)
    }
}

fn own(facts: &Facts) -> BTreeMap<PrNumber, Candidate> {
    let candidates = facts.candidates.values();
    candidates.map(|it| (it.pr, it.as_ref().clone())).collect()
}

//! An upstream repository made commit by commit.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use git2::{Oid, Repository, RepositoryInitOptions};
use picket_domain::{
    BranchName, Candidate, CommitSha, Details, Login, PrNumber, SourceCommit, Timestamp,
    UpstreamState,
};
use picket_mirror::{Fetched, FetchedBranch, Mirror};
use tempfile::TempDir;

pub(crate) const FILE: u32 = 0o100_644;
pub(crate) const EXECUTABLE: u32 = 0o100_755;
pub(crate) const LINK: u32 = 0o120_000;
pub(crate) const SUBMODULE: u32 = 0o160_000;

/// A tree's files by path: mode, and content or, for a submodule, nothing but its commit.
#[derive(Clone, Default)]
pub(crate) struct Files(pub(crate) BTreeMap<Vec<u8>, (u32, Oid)>);

/// What a commit does to its first parent's files.
pub(crate) struct Edit<'r> {
    repo: &'r Repository,
    files: Files,
}

impl Edit<'_> {
    pub(crate) fn put(&mut self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> &mut Self {
        self.put_as(FILE, path, content)
    }

    pub(crate) fn put_as(
        &mut self,
        mode: u32,
        path: impl AsRef<[u8]>,
        content: impl AsRef<[u8]>,
    ) -> &mut Self {
        let blob = self.repo.blob(content.as_ref()).unwrap();
        self.entry(mode, path, blob)
    }

    pub(crate) fn entry(&mut self, mode: u32, path: impl AsRef<[u8]>, id: Oid) -> &mut Self {
        self.files.0.insert(path.as_ref().to_vec(), (mode, id));
        self
    }

    pub(crate) fn remove(&mut self, path: &str) -> &mut Self {
        self.files
            .0
            .remove(path.as_bytes())
            .expect("the file is there");
        self
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) -> &mut Self {
        let entry = self
            .files
            .0
            .remove(from.as_bytes())
            .expect("the file is there");
        self.files.0.insert(to.as_bytes().to_vec(), entry);
        self
    }

    /// Replaces a line of a file.
    pub(crate) fn line(&mut self, path: &str, from: &str, to: &str) -> &mut Self {
        let (mode, id) = self.files.0[path.as_bytes()];
        let content = self.repo.find_blob(id).unwrap().content().to_vec();
        let content = String::from_utf8(content).unwrap();
        assert!(content.contains(from), "{path} has no {from:?}");
        self.put_as(mode, path, content.replace(from, to))
    }
}

/// A file of this many lines, `<name> line <n>`.
pub(crate) fn text(name: &str, lines: usize) -> String {
    (1..=lines).map(|n| format!("{name} line {n}\n")).collect()
}

pub(crate) struct Upstream {
    pub(crate) temp: TempDir,
    pub(crate) repo: Repository,
    clock: Cell<i64>,
}

impl Upstream {
    /// With the branches `master` and `release`, both at one commit with three files.
    pub(crate) fn new() -> (Self, Oid) {
        let temp = tempfile::tempdir().unwrap();
        let mut options = RepositoryInitOptions::new();
        options
            .bare(true)
            .external_template(false)
            .initial_head("master");
        let repo = Repository::init_opts(temp.path().join("upstream.git"), &options).unwrap();
        let upstream = Self {
            temp,
            repo,
            clock: Cell::new(1_790_000_000),
        };
        let root = upstream.commit(&[], "root", |edit| {
            for name in ["openssl", "nginx", "mastodon"] {
                edit.put(format!("pkgs/{name}.nix"), text(name, 12));
            }
        });
        upstream.branch("master", root);
        upstream.branch("release", root);
        (upstream, root)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.temp.path().join("upstream.git")
    }

    pub(crate) fn commit(
        &self,
        parents: &[Oid],
        message: &str,
        change: impl FnOnce(&mut Edit<'_>),
    ) -> Oid {
        let files = parents
            .first()
            .map(|parent| self.files(*parent))
            .unwrap_or_default();
        let mut edit = Edit {
            repo: &self.repo,
            files,
        };
        change(&mut edit);
        let tree = write_tree(&self.repo, &edit.files);
        self.raw_commit(
            tree,
            parents,
            "Ada Lovelace <ada@example.org>",
            message.as_bytes(),
        )
    }

    /// A commit with these bytes as its author and message.
    pub(crate) fn raw_commit(
        &self,
        tree: Oid,
        parents: &[Oid],
        author: impl AsRef<[u8]>,
        message: &[u8],
    ) -> Oid {
        self.clock.set(self.clock.get() + 60);
        let now = self.clock.get();
        let mut bytes = format!("tree {tree}\n").into_bytes();
        for parent in parents {
            bytes.extend(format!("parent {parent}\n").bytes());
        }
        bytes.extend(b"author ");
        bytes.extend_from_slice(author.as_ref());
        bytes.extend(format!(" {now} +0200\ncommitter GitHub <x@y> {now} +0000\n").bytes());
        bytes.push(b'\n');
        bytes.extend_from_slice(message);
        self.repo
            .odb()
            .unwrap()
            .write(git2::ObjectType::Commit, &bytes)
            .unwrap()
    }

    /// A merge of `theirs` into `ours` with the files of both; neither may have changed the same.
    pub(crate) fn merge(&self, ours: Oid, theirs: Oid, message: &str) -> Oid {
        let (one, two) = (
            self.repo.find_commit(ours).unwrap(),
            self.repo.find_commit(theirs).unwrap(),
        );
        let mut index = self.repo.merge_commits(&one, &two, None).unwrap();
        assert!(!index.has_conflicts());
        let tree = index.write_tree_to(&self.repo).unwrap();
        self.raw_commit(tree, &[ours, theirs], "GitHub <x@y>", message.as_bytes())
    }

    /// The files of a commit, submodules included.
    pub(crate) fn files(&self, commit: Oid) -> Files {
        files(&self.repo, self.repo.find_commit(commit).unwrap().tree_id())
    }

    pub(crate) fn branch(&self, name: &str, tip: Oid) {
        self.repo
            .reference(&format!("refs/heads/{name}"), tip, true, "")
            .unwrap();
    }

    pub(crate) fn pull(&self, pr: u64, head: Oid) {
        self.repo
            .reference(&format!("refs/pull/{pr}/head"), head, true, "")
            .unwrap();
    }

    pub(crate) fn mirror_dir(&self) -> PathBuf {
        self.temp.path().join("mirror.git")
    }

    /// Fetches the branches, and the pull requests as if GitHub had them.
    pub(crate) fn update(&self, mirror: &Mirror, prs: &[&Candidate]) {
        let fetched = mirror.fetch_branches(&[branch("master"), branch("release")]);
        for (branch, fetched) in fetched.unwrap() {
            assert!(
                matches!(fetched, FetchedBranch::Fetched(_)),
                "{branch}: {fetched:?}"
            );
        }
        for candidate in prs {
            let head = Oid::from_str(candidate.head.as_str()).unwrap();
            self.pull(candidate.pr.0, head);
            let fetched = mirror
                .fetch_pull_request(candidate.pr, &candidate.head)
                .unwrap();
            assert_eq!(fetched, Fetched::Present);
        }
    }

    pub(crate) fn mirror_repo(&self) -> Repository {
        Repository::open_bare(self.mirror_dir()).unwrap()
    }

    /// The files of a commit that the mirror made.
    pub(crate) fn picked_files(&self, commit: &CommitSha) -> Files {
        let repo = self.mirror_repo();
        let tree = repo.find_commit(oid(commit)).unwrap().tree_id();
        files(&repo, tree)
    }

    pub(crate) fn mirror_file(&self, commit: &CommitSha, path: &str) -> Vec<u8> {
        let files = self.picked_files(commit);
        let (_, id) = files.0[path.as_bytes()];
        self.mirror_repo().find_blob(id).unwrap().content().to_vec()
    }
}

fn files(repo: &Repository, tree: Oid) -> Files {
    let mut found = Files::default();
    collect(repo, tree, &mut Vec::new(), &mut found);
    found
}

fn collect(repo: &Repository, tree: Oid, prefix: &mut Vec<u8>, found: &mut Files) {
    for entry in &repo.find_tree(tree).unwrap() {
        let start = prefix.len();
        prefix.extend_from_slice(entry.name_bytes());
        if entry.filemode() == 0o040_000 {
            prefix.push(b'/');
            collect(repo, entry.id(), prefix, found);
        } else {
            let mode = u32::try_from(entry.filemode()).unwrap();
            found.0.insert(prefix.clone(), (mode, entry.id()));
        }
        prefix.truncate(start);
    }
}

/// Writes the trees as bytes, so that they may hold what a library refuses.
pub(crate) fn write_tree(repo: &Repository, files: &Files) -> Oid {
    let mut here: BTreeMap<Vec<u8>, (u32, Oid)> = BTreeMap::new();
    let mut below: BTreeMap<Vec<u8>, Files> = BTreeMap::new();
    for (path, entry) in &files.0 {
        match path.iter().position(|byte| *byte == b'/') {
            Some(at) => {
                let folder = below.entry(path[..at].to_vec()).or_default();
                folder.0.insert(path[at + 1..].to_vec(), *entry);
            }
            None => drop(here.insert(path.clone(), *entry)),
        }
    }
    let folders = below
        .iter()
        .map(|(name, files)| (name.clone(), (0o040_000, write_tree(repo, files))));
    let mut entries: Vec<_> = here.into_iter().chain(folders).collect();
    // Git orders a folder as if its name ended in a slash.
    entries.sort_by_key(|(name, (mode, _))| {
        let slash: &[u8] = if *mode == 0o040_000 { b"/" } else { b"" };
        [name, slash].concat()
    });
    let mut bytes = Vec::new();
    for (name, (mode, id)) in entries {
        bytes.extend(format!("{mode:o} ").bytes());
        bytes.extend(name);
        bytes.push(0);
        bytes.extend_from_slice(id.as_bytes());
    }
    repo.odb()
        .unwrap()
        .write(git2::ObjectType::Tree, &bytes)
        .unwrap()
}

pub(crate) fn sha(oid: Oid) -> CommitSha {
    CommitSha::parse(&oid.to_string()).unwrap()
}

pub(crate) fn oid(sha: &CommitSha) -> Oid {
    Oid::from_str(sha.as_str()).unwrap()
}

pub(crate) fn branch(name: &str) -> BranchName {
    BranchName::parse(name).unwrap()
}

/// An open pull request to `master`.
pub(crate) fn candidate(pr: u64, head: Oid) -> Candidate {
    Candidate {
        pr: PrNumber(pr),
        title: format!("fix {pr}"),
        body: String::new(),
        author: Login::parse("author").unwrap(),
        author_id: None,
        head: sha(head),
        base_branch: branch("master"),
        url: format!("https://github.com/NixOS/nixpkgs/pull/{pr}"),
        labels: Vec::new(),
        named: Vec::new(),
        upstream: UpstreamState::Open,
        is_draft: false,
        details: None,
        opened_at: Timestamp::from_unix(1_790_000_000),
        updated_at: Timestamp::from_unix(1_790_000_000),
    }
}

/// The same pull request, merged as this commit.
pub(crate) fn merged(candidate: &Candidate, commit: Option<Oid>) -> Candidate {
    let at = Timestamp::from_unix(1_790_100_000);
    Candidate {
        upstream: UpstreamState::Merged {
            at,
            commit: commit.map(sha),
        },
        ..candidate.clone()
    }
}

/// The same pull request, with the commits that GitHub lists.
pub(crate) fn listing(candidate: &Candidate, commits: &[Oid]) -> Candidate {
    let commits = commits.iter().map(|id| SourceCommit {
        sha: sha(*id),
        subject: String::new(),
        author: String::new(),
        picked_from: Vec::new(),
    });
    let details = Details {
        commits: commits.collect(),
        ..Details::default()
    };
    Candidate {
        details: Some(details),
        ..candidate.clone()
    }
}

/// Runs git in a repository, shut off from the machine's configuration.
pub(crate) fn try_git(dir: &Path, args: &[&str]) -> Output {
    Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "T")
        .env("GIT_AUTHOR_EMAIL", "t@example.org")
        .env("GIT_COMMITTER_NAME", "T")
        .env("GIT_COMMITTER_EMAIL", "t@example.org")
        .output()
        .unwrap()
}

/// What git printed; it must succeed.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let output = try_git(dir, args);
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

//! Throw-away repositories, filled through `git fast-import`.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use picket_lab::replay::{GitAnswer, GitMerges, Triple};
use picket_treemerge::{AllText, Mode, ObjectId, Outcome, Repository, Version, merge};
use tempfile::TempDir;

/// An entry of a generated tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    File(Vec<u8>),
    Executable(Vec<u8>),
    Symlink(Vec<u8>),
    /// A submodule at a made-up commit.
    Submodule(u8),
}

/// A tree as paths and entries.
pub(crate) type Tree = BTreeMap<Vec<u8>, Entry>;

/// Base, ours, theirs.
pub(crate) type Case = [Tree; 3];

/// A path, and what it is to have.
pub(crate) type Change = (Vec<u8>, Option<Version>);

pub(crate) fn octal(mode: Mode) -> &'static str {
    match mode {
        Mode::File => "100644",
        Mode::Executable => "100755",
        Mode::Symlink => "120000",
        Mode::Tree => "040000",
        Mode::Submodule => "160000",
    }
}

pub(crate) fn file(text: &str) -> Entry {
    Entry::File(text.as_bytes().to_vec())
}

pub(crate) fn tree(entries: &[(&str, Entry)]) -> Tree {
    entries
        .iter()
        .map(|(path, entry)| (path.as_bytes().to_vec(), entry.clone()))
        .collect()
}

/// Lines `1` to `count`, one of them replaced.
pub(crate) fn numbered(count: usize, changed: Option<(usize, &str)>) -> Entry {
    let line = |number: usize| match changed {
        Some((at, text)) if at == number => format!("{text}\n"),
        _ => format!("line {number}\n"),
    };
    file(&(1..=count).map(line).collect::<String>())
}

/// What this engine and git made of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) picket: Result<ObjectId, Vec<String>>,
    pub(crate) git: GitAnswer,
}

impl Compared {
    /// Whether both have the same tree or both a conflict. Where git itself breaks off, over
    /// one of its own assertions, anything but a clean merge agrees with it.
    pub(crate) fn agree(&self) -> bool {
        match (&self.picket, self.git) {
            (Ok(tree), GitAnswer::Merged(other)) => *tree == other,
            (Err(_), GitAnswer::Conflict | GitAnswer::GaveUp) => true,
            _ => false,
        }
    }

    pub(crate) fn tree(&self) -> Option<ObjectId> {
        self.picket.as_ref().ok().copied()
    }
}

/// A bare repository that is dropped with this.
pub(crate) struct Scratch {
    directory: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let scratch = Self { directory };
        let done = scratch
            .git()
            .args(["init", "--quiet", "--bare", "."])
            .status();
        assert!(done.expect("git runs").success());
        scratch
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("repository")
    }

    pub(crate) fn git(&self) -> Command {
        std::fs::create_dir_all(self.path()).expect("a folder");
        let mut git = Command::new("git");
        git.current_dir(self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        git
    }

    /// Adds these trees, and returns their ids.
    pub(crate) fn add<'t>(&self, trees: impl IntoIterator<Item = &'t Tree>) -> Vec<ObjectId> {
        let mut stream = Vec::new();
        let mut count = 0;
        for tree in trees {
            write_commit(&mut stream, count, tree);
            count += 1;
        }
        let mut import = self
            .git()
            .args(["fast-import", "--quiet", "--force"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("git runs");
        import
            .stdin
            .take()
            .expect("a pipe")
            .write_all(&stream)
            .expect("git reads");
        assert!(import.wait().expect("git ends").success());
        let refs = self
            .git()
            .args(["for-each-ref", "--format=%(tree)", "refs/heads/"])
            .output()
            .expect("git runs");
        let ids: Vec<ObjectId> = String::from_utf8_lossy(&refs.stdout)
            .lines()
            .map(|id| id.parse().expect("an id"))
            .collect();
        assert_eq!(ids.len(), count);
        ids
    }

    /// The tree `tree` changed by `git update-index`.
    pub(crate) fn updated(&self, tree: ObjectId, changes: &[Change]) -> ObjectId {
        let mut list = Vec::new();
        for (path, version) in changes {
            let line = match version {
                Some(version) => format!("{} {}\t", octal(version.mode), version.id),
                None => format!("0 {}\t", ObjectId::NULL),
            };
            list.extend([line.as_bytes(), path, b"\0"].concat());
        }
        let folder = tempfile::tempdir().expect("a folder");
        let with_index = || {
            let mut git = self.git();
            git.env("GIT_INDEX_FILE", folder.path().join("index"));
            git
        };
        let done = with_index().args(["read-tree", &tree.to_string()]).status();
        assert!(done.expect("git runs").success());
        let mut update = with_index()
            .args(["update-index", "-z", "--add", "--replace", "--index-info"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("git runs");
        let mut input = update.stdin.take().expect("a pipe");
        input.write_all(&list).expect("git reads");
        drop(input);
        assert!(update.wait().expect("git ends").success());
        let output = with_index().args(["write-tree", "--missing-ok"]).output();
        let tree = String::from_utf8(output.expect("git runs").stdout).expect("text");
        tree.trim().parse().expect("an id")
    }

    /// Merges each case with this engine and with git.
    pub(crate) fn compare(cases: &[Case]) -> Vec<Compared> {
        let scratch = Self::new();
        let ids = scratch.add(cases.iter().flatten());
        let triples: Vec<Triple> = ids
            .chunks_exact(3)
            .map(|ids| Triple {
                base: ids[0],
                ours: ids[1],
                theirs: ids[2],
            })
            .collect();
        scratch.merge(&triples)
    }

    pub(crate) fn merge(&self, triples: &[Triple]) -> Vec<Compared> {
        let objects = self.directory.path().join("scratch");
        std::fs::create_dir_all(&objects).expect("a folder");
        let git = GitMerges::run(&self.path(), &objects, triples, |_| ()).expect("git answers");
        let repository = Repository::open(&self.path()).expect("a repository");
        let compare = |(triple, git): (&Triple, &picket_lab::replay::GitMerge)| Compared {
            picket: merge_one(&repository, triple),
            git: git.answer,
        };
        triples.iter().zip(&git.merges).map(compare).collect()
    }
}

fn merge_one(repository: &Repository, triple: &Triple) -> Result<ObjectId, Vec<String>> {
    let outcome = merge(
        repository,
        &AllText,
        triple.base,
        triple.ours,
        triple.theirs,
    );
    match outcome.expect("nothing is missing") {
        Outcome::Merged(merged) => Ok(merged.tree),
        Outcome::Conflict(conflicts) => {
            Err(conflicts.paths.iter().map(ToString::to_string).collect())
        }
        Outcome::Unsure(reason) => Err(vec![format!("unsure: {reason}")]),
    }
}

fn write_commit(stream: &mut Vec<u8>, number: usize, tree: &Tree) {
    let head =
        format!("commit refs/heads/{number:08}\ncommitter a <a> 0 +0000\ndata 0\ndeleteall\n");
    stream.extend_from_slice(head.as_bytes());
    for (path, entry) in tree {
        let path: String = path.iter().map(|byte| format!("\\{byte:03o}")).collect();
        let (mode, content) = match entry {
            Entry::File(content) => ("100644", content),
            Entry::Executable(content) => ("100755", content),
            Entry::Symlink(content) => ("120000", content),
            Entry::Submodule(commit) => {
                let id = format!("{commit:02x}").repeat(20);
                stream.extend_from_slice(format!("M 160000 {id} \"{path}\"\n").as_bytes());
                continue;
            }
        };
        let head = format!("M {mode} inline \"{path}\"\ndata {}\n", content.len());
        stream.extend_from_slice(head.as_bytes());
        stream.extend_from_slice(content);
        stream.push(b'\n');
    }
}

/// Merges one case with both, which must agree; nothing is a conflict.
pub(crate) fn agreed(base: &Tree, ours: &Tree, theirs: &Tree) -> Option<ObjectId> {
    let case = [base.clone(), ours.clone(), theirs.clone()];
    let compared = Scratch::compare(std::slice::from_ref(&case)).remove(0);
    assert!(compared.agree(), "{compared:?} of {case:#?}");
    compared.tree()
}

/// Whether this tree has that id.
pub(crate) fn is_tree(tree: &Tree, id: Option<ObjectId>) -> bool {
    Scratch::new().add([tree]).first().copied() == id
}

pub(crate) fn open(path: &Path) -> Repository {
    Repository::open(path).expect("a repository")
}

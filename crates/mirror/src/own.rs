//! Patches of the team's own: mails, as `git format-patch` writes them, that become commits.
//!
//! What comes of them depends on nothing but the mails and the commit that they are applied to: the
//! author of each is its committer, too. So the mirror may lose those commits, and gets them again.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;

use git2::Oid;
use picket_domain::{BranchName, CommitSha, PrNumber};
use tempfile::TempDir;

use crate::address::GitAddress;
use crate::error::{MirrorError, Result, at};
use crate::fetch::{self, Fetcher, is_fetched, kept_ref};
use crate::git::Git;
use crate::history::{RawCommit, merge_bases, walk};
use crate::ids::{need_commit, oid, sha};
use crate::mirror::Mirror;

/// More mails, or commits of a branch, than a person reads.
const MAX_MAILS: usize = 50;

/// A series of mails, made commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The last of the commits.
    pub head: CommitSha,
    /// The subject of the first mail.
    pub title: String,
    /// What the first mail says before its patch.
    pub body: String,
}

/// A branch as mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mails {
    /// The commit that the branch left upstream's at.
    pub onto: CommitSha,
    /// A mail for each of its commits.
    pub text: Vec<u8>,
}

impl Mirror {
    /// Makes commits of mails, onto a commit that was fetched. Nothing refers to them yet.
    ///
    /// # Errors
    /// [`MirrorError::UnusablePatch`] where the mails are none, or do not apply;
    /// [`MirrorError::MissingCommit`] where the mirror lacks `onto`.
    pub fn apply_mails(&self, onto: &CommitSha, mails: &[u8]) -> Result<Applied> {
        let _reading = self.reading()?;
        need_commit(&self.repository()?, onto)?;
        let table = Table::new(self)?;
        let count = table.split(mails)?;
        table.git("read-tree").args([onto.as_str()]).output()?;
        let (mut applied, mut head) = (None, oid(onto));
        for number in 1..=count {
            let mail = table.read(number)?;
            head = table.commit(&mail, number, head)?;
            applied.get_or_insert((mail.subject, mail.body));
        }
        let (title, body) = applied.ok_or_else(|| unusable("there is no mail in it".to_owned()))?;
        Ok(Applied {
            head: sha(head),
            title,
            body,
        })
    }

    /// Whether an own patch's commits are kept at this head.
    ///
    /// # Errors
    /// [`MirrorError::Git`] where the mirror cannot be read.
    pub fn is_kept(&self, pr: PrNumber, head: &CommitSha) -> Result<bool> {
        is_fetched(&self.repository()?, pr, head)
    }

    /// Keeps an own patch's commits, as a pull request's are kept once they were fetched.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the mirror lacks the head.
    pub fn keep_own(&self, pr: PrNumber, head: &CommitSha) -> Result<()> {
        let lock = self.write_lock()?;
        let (repo, name) = (self.repository()?, kept_ref(pr, head));
        need_commit(&repo, head)?;
        lock.clear_stale([name.as_str()])?;
        repo.reference(&name, oid(head), true, "an own patch")?;
        Ok(())
    }

    /// Fetches a branch that somebody pushed, and reads what it has beyond upstream's branch. Uses
    /// the network.
    ///
    /// # Errors
    /// [`MirrorError::NoBranch`] where the remote lacks it, [`MirrorError::UnusablePatch`] where it
    /// has no commits of its own, too many, or merges; and as of [`Mirror::fetch_branches`].
    pub fn mails_of(
        &self,
        remote: &GitAddress,
        branch: &BranchName,
        upstream: &BranchName,
    ) -> Result<Mails> {
        let fetch = |fetcher: &Fetcher<'_>| fetch::fetch_pushed(fetcher, branch);
        let tip = self.fetch(remote, fetch)?;
        let _reading = self.reading()?;
        let repo = self.repository()?;
        let no_upstream = || unusable(format!("{upstream} was not fetched yet"));
        let upstream_tip = self.branch_tip(upstream)?.ok_or_else(no_upstream)?;
        let bases = merge_bases(&repo, oid(&upstream_tip), tip)?;
        let [onto] = bases[..] else {
            let reason = format!("the branch does not come from {upstream} by one way");
            return Err(unusable(reason));
        };
        let own = walk(&repo, &[tip], &[onto], MAX_MAILS + 1)?;
        if own.is_empty() {
            return Err(unusable(format!(
                "the branch has nothing that {upstream} lacks"
            )));
        }
        check_count(own.len())?;
        for commit in own {
            if RawCommit::read(&repo, commit)?.parents.len() != 1 {
                let reason = format!("commit {commit} is a merge: rebase the branch on {upstream}");
                return Err(unusable(reason));
            }
        }
        let range = format!("{onto}..{tip}");
        let mails = Git::local(self.dir(), "format-patch", self.limits()).args([
            "--stdout",
            "--binary",
            "--full-index",
            "--no-signature",
            range.as_str(),
        ]);
        Ok(Mails {
            onto: sha(onto),
            text: mails.output()?,
        })
    }
}

/// Where mails are taken apart. It goes with all that is on it.
struct Table<'a> {
    mirror: &'a Mirror,
    dir: TempDir,
}

/// What a mail says, but for its patch, which is a file.
struct Mail {
    author: String,
    email: String,
    date: String,
    subject: String,
    body: String,
}

impl<'a> Table<'a> {
    fn new(mirror: &'a Mirror) -> Result<Self> {
        let dir = TempDir::new().map_err(at(std::env::temp_dir()))?;
        Ok(Self { mirror, dir })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs git with an index of its own.
    fn git(&self, name: &'static str) -> Git<'static> {
        let git = Git::local(self.mirror.dir(), name, self.mirror.limits());
        git.env("GIT_INDEX_FILE", self.file("index"))
    }

    /// Splits a series into files that are named by their numbers, and returns how many those are.
    fn split(&self, mails: &[u8]) -> Result<usize> {
        let (all, dir) = (self.file("mails"), self.file("split"));
        fs::write(&all, mails).map_err(at(&all))?;
        fs::create_dir(&dir).map_err(at(&dir))?;
        let mut out = std::ffi::OsString::from("-o");
        out.push(&dir);
        let split = self.git("mailsplit").args(["-b".into(), "-d4".into(), out]);
        let counted = split.stdin(open(&all)?).output();
        let counted = counted.map_err(|error| refused(error, "it is no series of mails"))?;
        let count = String::from_utf8_lossy(&counted).trim().parse();
        let count = count.map_err(|_| unusable("it is no series of mails".to_owned()))?;
        check_count(count)?;
        Ok(count)
    }

    /// Reads a mail; its patch becomes the file `patch`.
    fn read(&self, number: usize) -> Result<Mail> {
        let mail = self.file("split").join(format!("{number:04}"));
        let (message, patch) = (self.file("message"), self.file("patch"));
        let info = self.git("mailinfo").args([
            "--encoding=UTF-8".as_ref(),
            message.as_os_str(),
            patch.as_os_str(),
        ]);
        let what = format!("mail {number} cannot be read");
        let info = info.stdin(open(&mail)?).output();
        let info = info.map_err(|error| refused(error, &what))?;
        let info = String::from_utf8_lossy(&info);
        let field = |name: &str| {
            let mut lines = info.lines();
            let value = lines
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim);
            let lacks = || {
                unusable(format!(
                    "mail {number} has no line {name:?}: hand in what git format-patch --stdout writes"
                ))
            };
            value
                .filter(|it| !it.is_empty())
                .map(str::to_owned)
                .ok_or_else(lacks)
        };
        if fs::metadata(&patch).map_err(at(&patch))?.len() == 0 {
            return Err(unusable(format!("mail {number} has no patch in it")));
        }
        let body = fs::read(&message).map_err(at(&message))?;
        Ok(Mail {
            author: field("Author:")?,
            email: field("Email:")?,
            date: field("Date:")?,
            subject: field("Subject:")?,
            body: String::from_utf8_lossy(&body).trim().to_owned(),
        })
    }

    /// Applies the patch that was read last, and makes the commit.
    fn commit(&self, mail: &Mail, number: usize, parent: Oid) -> Result<Oid> {
        let patch = self.file("patch");
        let apply = self.git("apply").args([
            "--cached".as_ref(),
            "--whitespace=nowarn".as_ref(),
            patch.as_os_str(),
        ]);
        let what = format!("mail {number} does not apply");
        apply.output().map_err(|error| refused(error, &what))?;
        let tree = id(&self.git("write-tree").output()?)?;
        let parent_tree = self.mirror.repository()?.find_commit(parent)?.tree_id();
        if tree == parent_tree {
            return Err(unusable(format!("mail {number} changes nothing")));
        }
        let message = self.file("message");
        let text = format!("{}\n\n{}", mail.subject, mail.body);
        fs::write(&message, text.trim_end().to_owned() + "\n").map_err(at(&message))?;
        let mut make = self.git("commit-tree");
        for (role, value) in [
            ("NAME", &mail.author),
            ("EMAIL", &mail.email),
            ("DATE", &mail.date),
        ] {
            make = make.env(&format!("GIT_AUTHOR_{role}"), value);
            make = make.env(&format!("GIT_COMMITTER_{role}"), value);
        }
        let (tree, parent) = (tree.to_string(), parent.to_string());
        let words = [tree.as_str(), "-p", parent.as_str(), "-F"].map(AsRef::as_ref);
        let make = make.args(words.into_iter().chain([message.as_os_str()]));
        let what = format!("mail {number} makes no commit");
        id(&make.output().map_err(|error| refused(error, &what))?)
    }
}

fn open(path: &PathBuf) -> Result<Stdio> {
    Ok(File::open(path).map_err(at(path))?.into())
}

fn id(printed: &[u8]) -> Result<Oid> {
    Ok(Oid::from_str(String::from_utf8_lossy(printed).trim())?)
}

fn check_count(mails: usize) -> Result<()> {
    match mails {
        ..=MAX_MAILS => Ok(()),
        _ => Err(unusable(format!("it has more than {MAX_MAILS} commits"))),
    }
}

fn unusable(reason: String) -> MirrorError {
    MirrorError::UnusablePatch { reason }
}

/// What git says of a patch is its author's to mend; that git cannot be run is not.
fn refused(error: MirrorError, what: &str) -> MirrorError {
    match error {
        MirrorError::Transport { message, .. } => unusable(format!("{what}: {message}")),
        other => other,
    }
}

//! A small nixpkgs, as a git repository, that really evaluates and builds.
//!
//! About fifty packages with real dependencies between them, `lib`, a standard environment, NixOS
//! tests and the job set of a channel. Everything is built by the statically linked busybox that
//! the repository holds (as the real one does); source archives are "downloaded" by a fixed-output
//! derivation that makes them up from their name and version, so that hashes are as real as in any
//! nixpkgs. Programs can be run and say which libraries they load.
//!
//! Commit ids depend on nothing but the files and the host's busybox: times and people are fixed.

mod branches;
mod commit;
mod fixes;
mod history;
mod line;
mod scenarios;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use git2::build::CheckoutBuilder;
use git2::{Oid, Repository};

use self::branches::branch_tip;

pub use self::branches::{CHANNEL_BRANCH, MASTER, RELEASE_BRANCH};
pub use self::fixes::Fix;

/// The repository; bare, as a server keeps it.
#[derive(Debug, Clone)]
pub struct Nixpkgs {
    path: PathBuf,
}

impl Nixpkgs {
    /// Makes the repository in a folder that is not there yet, or takes up the one that is.
    ///
    /// # Errors
    /// Where the folder cannot be written, or the host has no statically linked busybox.
    pub fn create(dir: &Path) -> Result<Self> {
        if !dir.exists() {
            let mut partial = dir.as_os_str().to_owned();
            partial.push(".partial");
            let partial = PathBuf::from(partial);
            if partial.exists() {
                fs::remove_dir_all(&partial)?;
            }
            history::write(&partial)
                .with_context(|| format!("cannot make nixpkgs in {}", partial.display()))?;
            fs::rename(&partial, dir)?;
        }
        Ok(Self {
            path: dir.canonicalize()?,
        })
    }

    /// The repository's folder, which is also an address to fetch from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The commit that a branch is at.
    ///
    /// # Errors
    /// Where there is no such branch.
    pub fn tip(&self, branch: &str) -> Result<String> {
        Ok(branch_tip(&self.open()?, branch)?.to_string())
    }

    /// How many commits a revision has behind it, itself included: `revCount`.
    ///
    /// # Errors
    /// Where there is no such commit.
    pub fn rev_count(&self, rev: &str) -> Result<u32> {
        let repository = self.open()?;
        let mut walk = repository.revwalk()?;
        walk.push(Oid::from_str(rev)?)?;
        Ok(u32::try_from(walk.count())?)
    }

    /// Writes a revision's files into a folder.
    ///
    /// # Errors
    /// Where there is no such commit, or the folder cannot be written.
    pub fn export(&self, rev: &str, dest: &Path) -> Result<()> {
        let repository = self.open()?;
        let tree = repository.find_commit(Oid::from_str(rev)?)?.tree()?;
        fs::create_dir_all(dest)?;
        let mut options = CheckoutBuilder::new();
        options.force().update_index(false).target_dir(dest);
        repository.checkout_tree(tree.as_object(), Some(&mut options))?;
        Ok(())
    }

    fn open(&self) -> Result<Repository> {
        Repository::open_bare(&self.path)
            .with_context(|| format!("{} is no git repository", self.path.display()))
    }
}

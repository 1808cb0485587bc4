//! Pull requests to try things with, and what else happens in a nixpkgs.

use anyhow::{Context, Result};
use git2::Oid;

use super::Nixpkgs;
use super::branches::{CHANNEL_BRANCH, MASTER, RELEASE_BRANCH, branch_tip, set_branch};
use super::commit::{CHIARA, EVE, Edit, bump};
use super::fixes::{
    CURL, Fix, MASTODON, NGINX, OPENSSH, OPENSSL, REDIS, REDIS_FILE, SUDO, Scenario, UNBOUND,
};
use super::history::VIM;
use super::line::Line;

/// Each of these makes a branch off `master`, or takes up the one that is there.
impl Nixpkgs {
    /// A new version of mastodon. Picks cleanly onto the channel's branch and rebuilds little.
    ///
    /// # Errors
    /// Where the repository cannot be written, as for all of these.
    pub fn fix_mastodon(&self) -> Result<Fix> {
        self.fix(&MASTODON)
    }

    /// A new version of openssl. Picks cleanly and rebuilds most packages.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn fix_openssl(&self) -> Result<Fix> {
        self.fix(&OPENSSL)
    }

    /// New versions of both nginx packages, in two commits. Picks cleanly.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn fix_nginx(&self) -> Result<Fix> {
        self.fix(&NGINX)
    }

    /// A patch file for curl. Picks cleanly; git is rebuilt too.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn fix_curl(&self) -> Result<Fix> {
        self.fix(&CURL)
    }

    /// A new version of redis, of which `master` has another major version than the stable
    /// branches: conflicts.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn fix_redis(&self) -> Result<Fix> {
        self.fix(&REDIS)
    }

    /// A new version of unbound whose source has another hash than the package says. Picks
    /// cleanly; its download fails.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn fix_unbound(&self) -> Result<Fix> {
        self.fix(&UNBOUND)
    }

    /// A new version of openssh whose own check fails. Picks cleanly; its build fails.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn fix_openssh(&self) -> Result<Fix> {
        self.fix(&OPENSSH)
    }

    /// A new version of sudo that both stable branches have already, cherry-picked with a trailer
    /// that names the commit.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn fix_sudo(&self) -> Result<Fix> {
        self.fix(&SUDO)
    }

    fn fix(&self, scenario: &Scenario) -> Result<Fix> {
        let repository = self.open()?;
        if branch_tip(&repository, scenario.branch).is_err() {
            scenario.write(&repository, branch_tip(&repository, MASTER)?)?;
        }
        scenario.fix(&repository)
    }

    /// Adds a commit to a fix's branch, as an author who pushes again does. The fix stays what it
    /// was but for its head and commits.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn push_again(&self, fix: &Fix) -> Result<Fix> {
        let repository = self.open()?;
        let mut line = Line::from(&repository, Oid::from_str(&fix.head)?);
        let readme = line.text_of("README.md")?;
        let message = format!("{}: note the fix in the readme\n", fix.attribute);
        let text = format!("{readme}- {}\n", fix.title);
        let head = line.commit(
            EVE,
            &message,
            &[Edit::Write {
                path: "README.md",
                text,
            }],
        )?;
        set_branch(&repository, &fix.branch, head)?;
        let mut pushed = fix.clone();
        pushed.head = head.to_string();
        pushed.commits.push(head.to_string());
        Ok(pushed)
    }

    /// Merges a fix into `master`, as a click on GitHub does. Returns the merge commit.
    ///
    /// # Errors
    /// Where it conflicts, or the repository cannot be written.
    pub fn merge(&self, fix: &Fix) -> Result<String> {
        let repository = self.open()?;
        let mut line = Line::from(&repository, branch_tip(&repository, MASTER)?);
        let merged = line.merge(Oid::from_str(&fix.head)?, &format!("{}\n", fix.title))?;
        set_branch(&repository, MASTER, merged)?;
        Ok(merged.to_string())
    }

    /// Moves both stable branches on by a commit that has nothing to do with any fix. Returns the
    /// channel's new revision.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn advance_stable(&self) -> Result<String> {
        self.on_stable(|line| next_patch(line, VIM, "vim"))
    }

    /// Moves both stable branches on by a new version of redis, at the lines that
    /// [`Nixpkgs::fix_redis`] conflicts in. Returns the channel's new revision.
    ///
    /// # Errors
    /// Where the repository cannot be written.
    pub fn advance_redis(&self) -> Result<String> {
        self.on_stable(|line| next_patch(line, REDIS_FILE, "redis"))
    }

    /// Cherry-picks a fix to both stable branches, with trailers. Returns the channel's new
    /// revision.
    ///
    /// # Errors
    /// Where it conflicts, or the repository cannot be written.
    pub fn backport_to_stable(&self, fix: &Fix) -> Result<String> {
        self.on_stable(|line| {
            for commit in &fix.commits {
                line.pick(Oid::from_str(commit)?)?;
            }
            Ok(())
        })
    }

    /// Moves the release branch on, and the channel's branch to it.
    fn on_stable(&self, change: impl FnOnce(&mut Line) -> Result<()>) -> Result<String> {
        let repository = self.open()?;
        let mut line = Line::from(&repository, branch_tip(&repository, RELEASE_BRANCH)?);
        change(&mut line)?;
        set_branch(&repository, RELEASE_BRANCH, line.tip())?;
        set_branch(&repository, CHANNEL_BRANCH, line.tip())?;
        Ok(line.tip().to_string())
    }
}

/// The next patch version of a package.
fn next_patch(line: &mut Line, file: &'static str, name: &'static str) -> Result<()> {
    let text = line.text_of(file)?;
    let old = text
        .split_once("version = \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version)
        .with_context(|| format!("{name} has a version"))?;
    let (series, patch) = old.rsplit_once('.').context("the version has parts")?;
    let new = format!("{series}.{}", patch.parse::<u32>()? + 1);
    let message = format!("{name}: {old} -> {new}\n");
    line.commit(CHIARA, &message, &[bump(file, name, old, &new)])?;
    Ok(())
}

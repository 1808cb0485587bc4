//! The history that the repository starts with.

use std::path::Path;

use anyhow::Result;
use git2::{Oid, Repository};

use super::branches::{CHANNEL_BRANCH, MASTER, RELEASE_BRANCH, set_branch};
use super::commit::{self, ADA, BRAM, CHIARA, DMITRI, Edit, bump};
use super::fixes::SUDO;
use super::line::Line;
use super::tree;

/// Makes the repository with all of its branches.
pub(super) fn write(dir: &Path) -> Result<()> {
    let repository = Repository::init_bare(dir)?;
    repository.set_head(&format!("refs/heads/{MASTER}"))?;
    // As GitHub does: what is reachable can be fetched by its id.
    repository
        .config()?
        .set_bool("uploadpack.allowAnySHA1InWant", true)?;

    let branch_off = before_branch_off(&repository)?;
    let master = write_master(&repository, branch_off)?;
    set_branch(&repository, MASTER, master.tip)?;

    let sudo = SUDO.write(&repository, master.tip)?;

    let mut stable = Line::from(&repository, branch_off);
    stable.commit(
        ADA,
        "nixos/release.nix: 26.05 is a stable branch\n",
        &[Edit::Replace {
            path: "nixos/release.nix",
            from: "stableBranch ? false",
            to: "stableBranch ? true",
        }],
    )?;
    stable.pick(master.rsync)?;
    let channel = stable.pick(sudo)?;
    set_branch(&repository, CHANNEL_BRANCH, channel)?;
    let release = stable.pick(master.wget)?;
    set_branch(&repository, RELEASE_BRANCH, release)
}

/// What both branches have in common.
fn before_branch_off(repository: &Repository) -> Result<Oid> {
    let files = tree::write(repository)?;
    let first = commit::write_by(repository, &[], files, ADA, "Import the package set\n")?;
    let mut line = Line::from(repository, first);
    line.commit(
        BRAM,
        "haproxy: 3.1.7 -> 3.1.8\n",
        &[bump(
            "pkgs/by-name/ha/haproxy/package.nix",
            "haproxy",
            "3.1.7",
            "3.1.8",
        )],
    )?;
    let mut git = Line::from(repository, line.tip());
    git.commit(
        DMITRI,
        "git: 2.49.0 -> 2.49.1\n",
        &[bump(
            "pkgs/by-name/gi/git/package.nix",
            "git",
            "2.49.0",
            "2.49.1",
        )],
    )?;
    line.commit(
        CHIARA,
        "vim: 9.1.1336 -> 9.1.1401\n",
        &[bump(VIM, "vim", "9.1.1336", "9.1.1401")],
    )?;
    line.merge(git.tip(), "git: 2.49.0 -> 2.49.1 (#410210)\n")
}

pub(super) const VIM: &str = "pkgs/by-name/vi/vim/package.nix";

/// Master's later commits, those that were backported by name.
struct Master {
    tip: Oid,
    rsync: Oid,
    wget: Oid,
}

fn write_master(repository: &Repository, branch_off: Oid) -> Result<Master> {
    let mut line = Line::from(repository, branch_off);
    line.commit(
        ADA,
        "26.11 is Zokor\n",
        &[Edit::Write {
            path: "lib/.version",
            text: "26.11".to_owned(),
        }],
    )?;
    let rsync = line.commit(
        BRAM,
        "rsync: 3.4.1 -> 3.4.2\n\nhttps://download.samba.org/pub/rsync/NEWS\n",
        &[bump(
            "pkgs/by-name/rs/rsync/package.nix",
            "rsync",
            "3.4.1",
            "3.4.2",
        )],
    )?;
    line.commit(
        CHIARA,
        "redis: 7.2.7 -> 8.0.1\n\nhttps://github.com/redis/redis/releases/tag/8.0.1\n",
        &[bump(
            "pkgs/by-name/re/redis/package.nix",
            "redis",
            "7.2.7",
            "8.0.1",
        )],
    )?;
    let wget = line.commit(
        DMITRI,
        "wget: 1.25.0 -> 1.25.1\n",
        &[bump(
            "pkgs/by-name/wg/wget/package.nix",
            "wget",
            "1.25.0",
            "1.25.1",
        )],
    )?;
    let tip = line.commit(
        BRAM,
        "imagemagick: 7.1.1-47 -> 7.1.2-1\n",
        &[bump(
            "pkgs/by-name/im/imagemagick/package.nix",
            "imagemagick",
            "7.1.1-47",
            "7.1.2-1",
        )],
    )?;
    Ok(Master { tip, rsync, wget })
}

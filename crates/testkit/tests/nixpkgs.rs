//! The small nixpkgs evaluates, builds from scratch, and its pull requests are what they claim.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result};
use picket_testkit::nix::NixStore;
use picket_testkit::nixpkgs::{CHANNEL_BRANCH, Fix, MASTER, Nixpkgs, RELEASE_BRANCH};

const JOBS: [&str; 6] = ["-A", "nixpkgs", "-A", "tests", "-A", "tested"];

struct World {
    dir: tempfile::TempDir,
    nixpkgs: Nixpkgs,
    store: NixStore,
}

impl World {
    fn new() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        Ok(Self {
            nixpkgs: Nixpkgs::create(&dir.path().join("nixpkgs.git"))?,
            store: NixStore::create(&dir.path().join("nix"))?,
            dir,
        })
    }

    /// The derivations of all jobs at a revision.
    fn jobs(&self, rev: &str) -> Result<BTreeSet<String>> {
        let tree = self.dir.path().join(rev);
        self.nixpkgs.export(rev, &tree)?;
        self.jobs_of(&tree)
    }

    fn jobs_of(&self, tree: &Path) -> Result<BTreeSet<String>> {
        let mut arguments = vec![tree.join("nixos/release.nix").display().to_string()];
        arguments.extend(JOBS.map(str::to_owned));
        let drvs = self.store.run("nix-instantiate", arguments)?;
        // `<drv>!bin` where the first output is not `out`.
        let drv = |line: &str| line.split('!').next().unwrap_or(line).to_owned();
        Ok(drvs.lines().map(drv).collect())
    }

    fn realise(&self, drvs: &BTreeSet<String>) -> Result<Output> {
        Ok(self
            .store
            .command("nix-store")
            .arg("--realise")
            .arg("--keep-going")
            .args(drvs)
            .output()?)
    }

    fn git(&self, dir: &Path, arguments: &[&str]) -> Result<Output> {
        Ok(Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
            .args(["-c", "safe.directory=*"])
            .current_dir(dir)
            .args(arguments)
            .output()?)
    }

    /// Runs `git cherry-pick -x` of a fix onto the channel's branch in a fresh clone.
    fn pick(&self, fix: &Fix) -> Result<Output> {
        let clone = self.dir.path().join(format!("clone-{}", fix.attribute));
        let dest = clone.to_str().context("UTF-8")?;
        let source = self.nixpkgs.path().to_str().context("UTF-8")?;
        let cloned = self.git(
            self.dir.path(),
            &["clone", "-q", "-b", CHANNEL_BRANCH, source, dest],
        )?;
        assert!(cloned.status.success(), "{}", text(&cloned.stderr));
        let commits: Vec<&str> = fix.commits.iter().map(String::as_str).collect();
        self.git(&clone, &[&["cherry-pick", "-x"][..], &commits].concat())
    }

    fn head_of_clone(&self, fix: &Fix) -> Result<String> {
        let clone = self.dir.path().join(format!("clone-{}", fix.attribute));
        let output = self.git(&clone, &["rev-parse", "HEAD"])?;
        Ok(text(&output.stdout).trim().to_owned())
    }

    /// The jobs that differ from the channel's once a fix is picked.
    fn changed_by(&self, fix: &Fix) -> Result<BTreeSet<String>> {
        let picked = self.pick(fix)?;
        assert!(picked.status.success(), "{}", text(&picked.stderr));
        let base = self.jobs(&self.nixpkgs.tip(CHANNEL_BRANCH)?)?;
        let clone = self.dir.path().join(format!("clone-{}", fix.attribute));
        let head = self.jobs_of(&clone)?;
        Ok(head.difference(&base).cloned().collect())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The names of derivations, without what differs from one store folder to the other.
fn names(drvs: &BTreeSet<String>) -> Vec<&str> {
    let mut names: Vec<&str> = drvs
        .iter()
        .filter_map(|drv| {
            drv.rsplit_once('/')?
                .1
                .split_once('-')?
                .1
                .strip_suffix(".drv")
        })
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn everything_builds_from_scratch() -> Result<()> {
    let world = World::new()?;
    let channel = world.nixpkgs.tip(CHANNEL_BRANCH)?;
    let drvs = world.jobs(&channel)?;
    assert!(drvs.len() > 50, "{} jobs", drvs.len());
    let version = world.dir.path().join(&channel).join(".version");
    assert_eq!(fs::read_link(version)?, Path::new("lib/.version"));
    let built = world.realise(&drvs)?;
    assert!(built.status.success(), "{}", text(&built.stderr));

    let mastodon = text(&built.stdout)
        .lines()
        .find(|path| path.ends_with("-mastodon-4.3.7"))
        .context("mastodon was built")?
        .to_owned();
    let said = world
        .store
        .run(&format!("{mastodon}/bin/mastodon"), ["--version"])?;
    assert!(said.starts_with("mastodon 4.3.7\n"), "{said}");
    assert!(said.contains("linked against openssl 3.4.1 ("), "{said}");
    Ok(())
}

#[test]
fn master_builds_too() -> Result<()> {
    let world = World::new()?;
    let built = world.realise(&world.jobs(&world.nixpkgs.tip(MASTER)?)?)?;
    assert!(built.status.success(), "{}", text(&built.stderr));
    Ok(())
}

#[test]
fn the_history_is_the_same_each_time() -> Result<()> {
    let (one, other) = (World::new()?, World::new()?);
    for branch in [MASTER, RELEASE_BRANCH, CHANNEL_BRANCH] {
        assert_eq!(one.nixpkgs.tip(branch)?, other.nixpkgs.tip(branch)?);
    }
    // In whichever order fixes are made.
    one.nixpkgs.fix_nginx()?;
    assert_eq!(one.nixpkgs.fix_openssl()?, other.nixpkgs.fix_openssl()?);
    assert_eq!(one.nixpkgs.fix_openssl()?, other.nixpkgs.fix_openssl()?);
    assert_eq!(
        one.nixpkgs.advance_stable()?,
        other.nixpkgs.advance_stable()?
    );
    assert_ne!(one.nixpkgs.tip(CHANNEL_BRANCH)?, one.nixpkgs.tip(MASTER)?);
    Ok(())
}

#[test]
fn a_repository_is_taken_up_again() -> Result<()> {
    let world = World::new()?;
    let advanced = world.nixpkgs.advance_stable()?;
    let again = Nixpkgs::create(world.nixpkgs.path())?;
    assert_eq!(again.tip(CHANNEL_BRANCH)?, advanced);
    Ok(())
}

#[test]
fn mastodon_picks_cleanly_and_rebuilds_little() -> Result<()> {
    let world = World::new()?;
    let changed = world.changed_by(&world.nixpkgs.fix_mastodon()?)?;
    insta::assert_debug_snapshot!(names(&changed), @r#"
    [
        "mastodon-4.3.8",
        "nixos-26.05.56789.gfedcba",
        "vm-test-run-mastodon",
    ]
    "#);
    let built = world.realise(&changed)?;
    assert!(built.status.success(), "{}", text(&built.stderr));
    Ok(())
}

#[test]
fn nginx_is_two_commits() -> Result<()> {
    let world = World::new()?;
    let fix = world.nixpkgs.fix_nginx()?;
    assert_eq!(fix.commits.len(), 2);
    let changed = world.changed_by(&fix)?;
    insta::assert_debug_snapshot!(names(&changed), @r#"
    [
        "nginx-1.28.1",
        "nginx-mainline-1.29.0",
        "nixos-26.05.56789.gfedcba",
        "vm-test-run-curl",
        "vm-test-run-mastodon",
        "vm-test-run-nginx",
    ]
    "#);
    Ok(())
}

#[test]
fn curl_is_patched() -> Result<()> {
    let world = World::new()?;
    let changed = world.changed_by(&world.nixpkgs.fix_curl()?)?;
    insta::assert_debug_snapshot!(names(&changed), @r#"
    [
        "curl-8.13.0",
        "git-2.49.1",
        "nixos-26.05.56789.gfedcba",
        "vm-test-run-curl",
        "vm-test-run-nginx",
    ]
    "#);
    let built = world.realise(&changed)?;
    assert!(built.status.success(), "{}", text(&built.stderr));
    Ok(())
}

#[test]
fn openssl_rebuilds_most() -> Result<()> {
    let world = World::new()?;
    let jobs = world.jobs(&world.nixpkgs.tip(CHANNEL_BRANCH)?)?.len();
    let changed = world.changed_by(&world.nixpkgs.fix_openssl()?)?;
    assert!(changed.len() * 2 > jobs, "{} of {jobs}", changed.len());
    assert!(!names(&changed).iter().any(|name| name.starts_with("zlib")));
    let built = world.realise(&changed)?;
    assert!(built.status.success(), "{}", text(&built.stderr));
    Ok(())
}

#[test]
fn redis_conflicts() -> Result<()> {
    let world = World::new()?;
    let picked = world.pick(&world.nixpkgs.fix_redis()?)?;
    assert!(!picked.status.success());
    let said = text(&picked.stdout);
    assert!(
        said.contains("CONFLICT (content): Merge conflict in pkgs/by-name/re/redis"),
        "{said}"
    );
    Ok(())
}

#[test]
fn unbound_has_the_wrong_hash() -> Result<()> {
    let world = World::new()?;
    let built = world.realise(&world.changed_by(&world.nixpkgs.fix_unbound()?)?)?;
    assert!(!built.status.success());
    let said = text(&built.stderr);
    assert!(
        said.contains("hash mismatch in fixed-output derivation"),
        "{said}"
    );
    assert!(said.contains("unbound-1.23.1.shar.drv"), "{said}");
    Ok(())
}

#[test]
fn openssh_fails_its_check() -> Result<()> {
    let world = World::new()?;
    let built = world.realise(&world.changed_by(&world.nixpkgs.fix_openssh()?)?)?;
    assert!(!built.status.success());
    let said = text(&built.stderr);
    assert!(
        said.contains("running regress/agent-forwarding.sh"),
        "{said}"
    );
    assert!(
        said.contains("openssh-10.0p2.drv' failed with exit code 1"),
        "{said}"
    );
    Ok(())
}

#[test]
fn sudo_is_in_the_channel_already() -> Result<()> {
    let world = World::new()?;
    let fix = world.nixpkgs.fix_sudo()?;
    let picked = world.pick(&fix)?;
    let said = format!("{}{}", text(&picked.stdout), text(&picked.stderr));
    assert!(
        said.contains("The previous cherry-pick is now empty"),
        "{said}"
    );

    let log = world.git(
        world.nixpkgs.path(),
        &["log", "-1", "--format=%B", CHANNEL_BRANCH],
    )?;
    let trailer = format!("(cherry picked from commit {})", fix.head);
    assert!(
        text(&log.stdout).contains(&trailer),
        "{}",
        text(&log.stdout)
    );
    Ok(())
}

#[test]
fn stable_moves_on_and_takes_fixes_up() -> Result<()> {
    let world = World::new()?;
    let fix = world.nixpkgs.fix_mastodon()?;
    let old = world.nixpkgs.tip(CHANNEL_BRANCH)?;
    let advanced = world.nixpkgs.advance_stable()?;
    assert!(world.nixpkgs.rev_count(&advanced)? > world.nixpkgs.rev_count(&old)?);
    assert_ne!(advanced, world.nixpkgs.advance_stable()?);
    assert!(world.pick(&fix)?.status.success());

    world.nixpkgs.merge(&fix)?;
    let backported = world.nixpkgs.backport_to_stable(&fix)?;
    assert_eq!(world.nixpkgs.tip(CHANNEL_BRANCH)?, backported);
    assert_eq!(world.nixpkgs.tip(RELEASE_BRANCH)?, backported);
    let built = world.realise(&world.jobs(&backported)?)?;
    assert!(built.status.success(), "{}", text(&built.stderr));
    assert!(text(&built.stdout).contains("-mastodon-4.3.8\n"));
    assert_ne!(world.head_of_clone(&fix)?, backported);
    Ok(())
}

#[test]
fn an_author_pushes_again() -> Result<()> {
    let world = World::new()?;
    let fix = world.nixpkgs.fix_mastodon()?;
    let pushed = world.nixpkgs.push_again(&fix)?;
    assert_ne!(pushed.head, fix.head);
    assert_eq!(pushed.commits, [fix.head, pushed.head.clone()]);
    assert_eq!(world.nixpkgs.fix_mastodon()?, pushed);
    Ok(())
}

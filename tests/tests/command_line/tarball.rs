//! `picket tarball` on a small repository.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use picket_testkit::nixpkgs::Nixpkgs;
use picket_tests::{Ran, run};
use serde_json::Value;

#[test]
fn the_same_revision_gives_the_same_archives() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let nixpkgs = Nixpkgs::create(&dir.path().join("nixpkgs.git"))?;
    let repo = nixpkgs.path().to_str().context("it is UTF-8")?.to_owned();
    let out = |name: &str| dir.path().join(name).display().to_string();
    let keep = out("keep");
    let pack = |to: &str, more: &[&str]| -> Result<Ran> {
        let to = out(to);
        let fixed = ["tarball", "--repo", &repo, "--rev", "master", "--out", &to];
        run([&fixed[..], &["--preset", "1", "--json"], more].concat())
    };
    let first = pack("first", &[])?;
    ensure!(first.code == Some(0), "{first:?}");
    let line = first.stdout.lines().last().context("it says something")?;
    let said: Value = serde_json::from_str(line)?;
    assert_eq!(said["rev"], nixpkgs.tip("master")?.as_str());
    pack("second", &["--keep", &keep, "--threads", "1"])?;
    pack("third", &["--keep", &keep])?;
    for file in ["nixexprs.tar.xz", "nixexprs.tar.zst"] {
        let read = |folder: &str| fs::read(dir.path().join(folder).join(file));
        ensure!(read("first")? == read("second")?, "{file}");
        ensure!(read("first")? == read("third")?, "{file} of what was kept");
    }
    let listed = Command::new("tar")
        .args([
            "--list",
            "--file",
            &format!("{}/nixexprs.tar.xz", out("first")),
        ])
        .output()?;
    let listed = String::from_utf8(listed.stdout)?;
    for name in ["nixpkgs/default.nix", "nixpkgs/.git-revision"] {
        ensure!(listed.lines().any(|line| line == name), "{listed}");
    }

    let again = pack("first", &[])?;
    ensure!(again.code == Some(1), "{again:?}");
    ensure!(again.stderr.contains("nixexprs.tar.xz"), "{again:?}");
    Ok(())
}

//! Flakes, with a Nix that knows the protocol of lockable tarballs (2.17 and later).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use picket_testkit::nix::{NewerNix, SkipReason};
use picket_tests::Machine;
use serde_json::Value;

use crate::{OUR_KEY, current, release_nginx, text, with_mastodon_fixed};

#[tokio::test(flavor = "multi_thread")]
async fn a_flake_is_locked_to_one_release() -> Result<()> {
    let nix = match NewerNix::prepare(Path::new(env!("CARGO_TARGET_TMPDIR")), "trixie") {
        Ok(nix) => nix,
        Err(reason) => return skipped(&reason),
    };
    let stage = with_mastodon_fixed().await?;
    let machine = stage.machine_with(&nix, "flakes")?;
    let flake_url = format!("{}/nixexprs.tar.xz", stage.channel_url()?);
    let first = current(&stage).await?;
    let locked = metadata(&machine, &flake_url)?;
    is_locked_to(&locked, &first)?;

    let flake = Flake::write(&machine, &flake_url)?;
    assert_eq!(flake.eval("rev")?, text(&first, "rev")?);
    assert_eq!(flake.eval("mastodon")?, "mastodon-4.3.8");
    assert_eq!(flake.locked()?, locked);
    let build = ["build", "--no-link", "--print-out-paths", "--max-jobs", "0"];
    let path = machine.run("nix", &[&build[..], &[&flake.reference()]].concat())?;
    assert!(path.ends_with("-mastodon-4.3.8"), "{path}");
    assert_eq!(machine.signed_by(&path)?, [OUR_KEY]);
    assert!(machine.store.built()?.is_empty());

    release_nginx(&stage).await?;
    assert_eq!(flake.eval("nginx")?, "nginx-1.28.0", "it is locked");
    let late = stage.machine_with(&nix, "late")?;
    let copy = flake.copy_to(&late)?;
    let arguments = ["--no-update-lock-file"];
    assert_eq!(copy.eval_with("rev", &arguments)?, text(&first, "rev")?);
    assert_eq!(copy.eval_with("nginx", &arguments)?, "nginx-1.28.0");

    machine.run("nix", &["flake", "update", "--flake", &flake.reference()])?;
    is_locked_to(&flake.locked()?, &current(&stage).await?)?;
    assert_eq!(flake.eval("nginx")?, "nginx-1.28.1");
    assert_eq!(flake.eval("mastodon")?, "mastodon-4.3.8");
    Ok(())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is what the skipped test returns"
)]
fn skipped(reason: &SkipReason) -> Result<()> {
    println!("skipped: {reason}");
    Ok(())
}

/// What a flake's address is locked to.
fn metadata(machine: &Machine, url: &str) -> Result<Value> {
    let said = machine.run("nix", &["flake", "metadata", "--json", url])?;
    let metadata: Value = serde_json::from_str(&said)?;
    let mut locked = metadata["locked"].clone();
    if let Some(fields) = locked.as_object_mut() {
        // Nix's own note that all of it is known, which it does not write into lock files.
        fields.remove("__final");
    }
    Ok(locked)
}

/// The lock must name the address of one release, which never changes, and its commit.
fn is_locked_to(locked: &Value, release: &Value) -> Result<()> {
    let url = format!("{}/nixexprs.tar.xz", text(release, "url")?);
    assert_eq!(locked["type"], "tarball", "{locked}");
    assert_eq!(text(locked, "url")?, url);
    assert_eq!(text(locked, "rev")?, text(release, "rev")?);
    assert!(text(locked, "narHash")?.starts_with("sha256-"), "{locked}");
    assert!(
        locked["lastModified"].as_u64() > Some(1_700_000_000),
        "{locked}"
    );
    // `nixos-26.05.<revCount of the base>.<sequence number>.<rev>`
    let rev_count = text(release, "name")?.split('.').nth(2);
    assert_eq!(Some(locked["revCount"].to_string().as_str()), rev_count);
    Ok(())
}

/// A small flake with the channel as its input, in a machine's home folder.
struct Flake<'a> {
    machine: &'a Machine,
}

impl<'a> Flake<'a> {
    fn write(machine: &'a Machine, nixpkgs: &str) -> Result<Self> {
        let flake = Self { machine };
        let system = machine.eval("builtins.currentSystem")?;
        fs::create_dir_all(flake.files())?;
        fs::write(
            flake.files().join("flake.nix"),
            format!(
                r#"{{
  inputs.nixpkgs.url = "{nixpkgs}";
  outputs = {{ nixpkgs, ... }}: let pkgs = nixpkgs.legacyPackages.{system}; in {{
    rev = nixpkgs.rev;
    mastodon = pkgs.mastodon.name;
    nginx = pkgs.nginx.name;
    packages.{system}.default = pkgs.mastodon;
  }};
}}
"#
            ),
        )?;
        Ok(flake)
    }

    /// The same flake with the same lock on another machine.
    fn copy_to<'b>(&self, machine: &'b Machine) -> Result<Flake<'b>> {
        let copy = Flake { machine };
        fs::create_dir_all(copy.files())?;
        for file in ["flake.nix", "flake.lock"] {
            fs::copy(self.files().join(file), copy.files().join(file))?;
        }
        Ok(copy)
    }

    /// Where its machine sees it.
    fn dir(&self) -> PathBuf {
        self.machine.store.home().join("flake")
    }

    /// Where its files are.
    fn files(&self) -> PathBuf {
        self.machine.store.physical(&self.dir())
    }

    fn reference(&self) -> String {
        format!("path:{}", self.dir().display())
    }

    fn eval(&self, output: &str) -> Result<String> {
        self.eval_with(output, &[])
    }

    fn eval_with(&self, output: &str, options: &[&str]) -> Result<String> {
        let output = format!("{}#{output}", self.reference());
        let arguments = [&["eval", "--raw", &output], options].concat();
        self.machine.run("nix", &arguments)
    }

    /// What its lock file says of its input.
    fn locked(&self) -> Result<Value> {
        let lock: Value = serde_json::from_slice(&fs::read(self.files().join("flake.lock"))?)?;
        Ok(lock["nodes"]["nixpkgs"]["locked"].clone())
    }
}

//! A small tree in a repository, and its changes.

use std::path::Path;
use std::time::Duration;

use git2::{Repository, Signature};
use picket_impact::{Impact, Laboratory, Limits, Setting};

const DEFAULT: &str =
    "{ config ? { }, overlays ? [ ], system ? \"x\" }: import ./pkgs { inherit system; }";

const PKGS: &str = r#"{ system }:
let
  lib = import ../lib;
  mk = { pname, version, ... }@args: derivation ({
    inherit system;
    name = "${pname}-${version}";
    builder = "/bin/sh";
  } // args) // { inherit version; };
  fetch = url: hash: derivation {
    inherit system url;
    name = "source";
    builder = "/bin/sh";
    outputHash = hash;
    outputHashAlgo = "sha256";
  };
  callPackage = path: args:
    let f = import path; in f (builtins.intersectAttrs (builtins.functionArgs f) pkgs // args);
  byName = builtins.mapAttrs (name: _: callPackage (./by-name/aa + "/${name}/package.nix") { })
    (builtins.readDir ./by-name/aa);
  pkgs = byName // import ./all.nix { inherit lib mk fetch callPackage; } pkgs;
in pkgs
"#;

pub(crate) const ALL: &str = r#"{ lib, mk, fetch, callPackage }: pkgs: with pkgs; {
  inherit lib mk fetch;
  app = callPackage ./app { };
  user = mk { pname = "user"; version = "1"; dependency = app; };
  note = mk { pname = "note"; version = "1"; text = "for app ${app.version}"; };
  shouting = mk { pname = "shouting"; version = "1"; text = lib.shout "a"; };
  linked = callPackage ./link/linked.nix { };
  broken = throw "it is broken";
  tool1 = mk { pname = "tool"; version = "1"; };
  tool2 = mk { pname = "tool"; version = "2"; };
  tool = tool1;
  set = import ./set.nix { inherit mk; };
  of-inner = mk { pname = "of-inner"; version = "1"; dependency = set.inner; };
  of-outer = mk { pname = "of-outer"; version = "1"; dependency = set.outer; };
  by-lib = mk { pname = "by-lib"; version = "1"; dependency = pkgs.${lib.tool}; };
  of-tool = mk { pname = "of-tool"; version = "1"; dependency = tool; };
  of-tool1 = mk { pname = "of-tool1"; version = "1"; dependency = tool1; };
  driver = mk { pname = "driver"; version = "1"; src = fetch "http://d" zeros; };
  app-too = mk { pname = "app-too"; version = "1"; source = app.src; };
  kit = { main = driver; };
  kits = kit;
  maker = callPackage ./maker.nix { };
  maker-too = maker;
  made = maker-too.make "made";
  of-source = mk { pname = "of-source"; version = "1"; source = kits.main.src; };
  pinned = mk { pname = "pinned"; version = "1"; sources = [ (fetch "http://d" zeros) (fetch "http://a" zeros) ]; };
  zeros = "0000000000000000000000000000000000000000000000000000000000000000";
  f00 = 0; f01 = 0; f02 = 0; f03 = 0; f04 = 0; f05 = 0; f06 = 0; f07 = 0; f08 = 0; f09 = 0;
  f10 = 0; f11 = 0; f12 = 0; f13 = 0; f14 = 0; f15 = 0; f16 = 0; f17 = 0; f18 = 0; f19 = 0;
}
"#;

pub(crate) const SET: &str = r#"{ mk }: rec {
  s00 = 0; s01 = 0; s02 = 0; s03 = 0; s04 = 0; s05 = 0; s06 = 0; s07 = 0; s08 = 0; s09 = 0;
  s10 = 0; s11 = 0; s12 = 0; s13 = 0; s14 = 0; s15 = 0; s16 = 0; s17 = 0; s18 = 0; s19 = 0;
  inner = mk { pname = "inner"; version = "1"; };
  outer = mk { pname = "outer"; version = "1"; dependency = inner; };
}
"#;

pub(crate) const APP: &str = r#"{ mk, fetch }: mk {
  pname = "app";
  version = "1";
  src = fetch "http://a" "0000000000000000000000000000000000000000000000000000000000000000";
}
"#;

pub(crate) const MAKER: &str = r#"{ mk }:
mk { pname = "maker"; version = "1"; } // { make = pname: mk { inherit pname; version = "1"; }; }
"#;

const JOBS: &str = r#"{ nixpkgs, supportedSystems, stableBranch ? true }:
let
  pkgs = import nixpkgs { };
  each = f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) supportedSystems);
in {
  app = each (system: pkgs.app);
  nested.user = pkgs.user;
  nested.deeper.linked = pkgs.linked;
  text = "no job";
}
"#;

const FILES: &[(&str, &str)] = &[
    ("default.nix", DEFAULT),
    (
        "lib/default.nix",
        "{ shout = text: \"${text}!\"; whisper = text: text; tool = \"tool1\"; }",
    ),
    ("pkgs/default.nix", PKGS),
    ("pkgs/all.nix", ALL),
    ("pkgs/app/default.nix", APP),
    ("pkgs/set.nix", SET),
    ("pkgs/maker.nix", MAKER),
    ("jobs.nix", JOBS),
    (
        "pkgs/by-name/aa/aardvark/package.nix",
        "{ mk }: mk { pname = \"aardvark\"; version = \"1\"; }",
    ),
    (
        "shared/linked.nix",
        "{ mk }: mk { pname = \"linked\"; version = \"1\"; }",
    ),
];

/// Files and their contents; `None`: the file goes.
pub(crate) type Edit<'a> = &'a [(&'a str, Option<&'a str>)];

/// The commit of these files, with a link beside them.
fn commit(repo: &Repository, files: &[(String, String)]) -> String {
    let mut index = git2::Index::new().unwrap();
    let mut add = |path: &str, content: &str, mode: u32| {
        let id = repo.blob(content.as_bytes()).unwrap();
        let entry = git2::IndexEntry {
            ctime: git2::IndexTime::new(0, 0),
            mtime: git2::IndexTime::new(0, 0),
            dev: 0,
            ino: 0,
            mode,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path: path.as_bytes().to_vec(),
        };
        index.add(&entry).unwrap();
    };
    for (path, content) in files {
        add(path, content, 0o100_644);
    }
    add("pkgs/link", "../shared", 0o120_000);
    let tree = repo.find_tree(index.write_tree_to(repo).unwrap()).unwrap();
    let who = Signature::new("a", "a@example.org", &git2::Time::new(0, 0)).unwrap();
    repo.commit(None, &who, &who, "", &tree, &[])
        .unwrap()
        .to_string()
}

/// A repository with the tree in it, and a cache.
pub(crate) struct World {
    folder: tempfile::TempDir,
    repo: Repository,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(folder.path().join("repo")).unwrap();
        Self { folder, repo }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The commit of the tree with these edits, one after the other.
    pub(crate) fn commit(&self, edits: &[Edit<'_>]) -> String {
        let mut files: Vec<_> = FILES
            .iter()
            .map(|(path, content)| ((*path).to_owned(), (*content).to_owned()))
            .collect();
        for (path, content) in edits.iter().copied().flatten() {
            files.retain(|(it, _)| it != path);
            files.extend(content.map(|content| ((*path).to_owned(), content.to_owned())));
        }
        commit(&self.repo, &files)
    }

    pub(crate) fn setting(&self) -> Setting {
        Setting {
            system: "x86_64-linux".to_owned(),
            limits: Limits {
                workers: Some(1),
                ..Limits::default()
            },
            ..Setting::new(self.path().join("cache"))
        }
    }

    pub(crate) fn laboratory(&self, setting: Setting) -> Laboratory {
        Laboratory::open(&self.path().join("repo"), setting).unwrap()
    }

    /// An estimate with all the time that it takes, and the exact answer.
    pub(crate) fn between(&self, setting: Setting, base: &str, head: &str) -> Impact {
        let laboratory = self.laboratory(setting);
        let estimate = laboratory.estimate(base, head, PATIENCE);
        laboratory.exact(base, head, estimate.unwrap()).unwrap()
    }

    pub(crate) fn impact(&self, edit: Edit<'_>) -> Impact {
        let (base, head) = (self.commit(&[]), self.commit(&[edit]));
        self.between(self.setting(), &base, &head)
    }
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What differs, a line each; the estimate must know all of it and nothing else.
pub(crate) fn told(impact: &Impact) -> Vec<String> {
    let exact = impact.exact.as_ref().unwrap();
    assert_eq!(exact.missed, Vec::<String>::new(), "missed");
    assert_eq!(exact.too_many, Vec::<String>::new(), "too many");
    let what = &impact.differences;
    let mut lines = Vec::new();
    for (sign, list) in [
        ("~", &what.changed),
        ("+", &what.added),
        ("-", &what.removed),
        ("works", &what.newly_working),
    ] {
        lines.extend(list.iter().map(|it| {
            let version = |version: &Option<String>| version.clone().unwrap_or_default();
            format!(
                "{sign} {} {}>{}",
                it.attribute,
                version(&it.old),
                version(&it.new)
            )
        }));
    }
    lines.extend(
        what.newly_failing
            .iter()
            .map(|it| format!("fails {}", it.attribute)),
    );
    lines
}

//! What the bench is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use picket_evaluator::Walk;
use serde_json::Value;

const USAGE: &str = "--tree FOLDER | --repo CLONE [--rev REV], [--file JOBS.nix [--arg NAME=JSON].. \
    [--attribute PATH].. [--one-by-one]] [--change FILE].. [--memory-mib N] [--workers N] [--json]";

/// The arguments.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    tree: Option<PathBuf>,
    repo: Option<PathBuf>,
    rev: Option<String>,
    pub(crate) file: PathBuf,
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) attributes: Vec<String>,
    pub(crate) one_by_one: bool,
    /// Files of the tree, each of which is changed once, after the rest.
    pub(crate) changes: Vec<PathBuf>,
    pub(crate) memory_mib: Option<u64>,
    pub(crate) workers: Option<usize>,
    pub(crate) json: bool,
}

impl Arguments {
    pub(crate) fn parse() -> Result<Self> {
        let mut arguments = Self::default();
        let mut given = std::env::args().skip(1);
        while let Some(argument) = given.next() {
            let mut value = || {
                given
                    .next()
                    .with_context(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--tree" => arguments.tree = Some(value()?.into()),
                "--repo" => arguments.repo = Some(value()?.into()),
                "--rev" => arguments.rev = Some(value()?),
                "--file" => arguments.file = value()?.into(),
                "--attribute" => arguments.attributes.push(value()?),
                "--change" => arguments.changes.push(value()?.into()),
                "--arg" => arguments.add(&value()?)?,
                "--one-by-one" => arguments.one_by_one = true,
                "--memory-mib" => arguments.memory_mib = Some(value()?.parse()?),
                "--workers" => arguments.workers = Some(value()?.parse()?),
                "--json" => arguments.json = true,
                // Cargo itself passes it.
                "--bench" => {}
                other => bail!("{other} is not known here: {USAGE}"),
            }
        }
        ensure!(
            arguments.tree.is_some() != arguments.repo.is_some(),
            "either --tree or --repo is needed: {USAGE}"
        );
        Ok(arguments.with_defaults())
    }

    fn add(&mut self, argument: &str) -> Result<()> {
        let (name, json) = argument.split_once('=').context("--arg NAME=JSON")?;
        let value = serde_json::from_str(json).with_context(|| format!("--arg {name}"))?;
        self.values.insert(name.to_owned(), value);
        Ok(())
    }

    fn with_defaults(mut self) -> Self {
        if self.file.as_os_str().is_empty() {
            self.file = "default.nix".into();
            let config = Value::Object(serde_json::Map::new());
            self.values.entry("config".to_owned()).or_insert(config);
        }
        self
    }

    pub(crate) fn walk(&self) -> Walk {
        match self.file.to_str() {
            Some("default.nix") => Walk::TopLevel,
            _ => Walk::Jobs,
        }
    }

    /// The tree's folder; of a clone, a revision's tree is written to `place`.
    pub(crate) fn tree(&self, place: &Path) -> Result<PathBuf> {
        if let Some(tree) = &self.tree {
            return tree
                .canonicalize()
                .with_context(|| tree.display().to_string());
        }
        let repo = self.repo.as_deref().context("--repo")?;
        std::fs::create_dir_all(place)?;
        let mut archive = Command::new("git")
            .arg("-C")
            .arg(repo)
            .args(["archive", "--format=tar"])
            .arg(self.rev.as_deref().unwrap_or("HEAD"))
            .stdout(Stdio::piped())
            .spawn()?;
        let tar = archive.stdout.take().context("git's output")?;
        let unpacked = Command::new("tar")
            .arg("-x")
            .arg("-C")
            .arg(place)
            .stdin(tar)
            .status()?;
        ensure!(
            archive.wait()?.success() && unpacked.success(),
            "the revision's tree cannot be written"
        );
        Ok(place.to_owned())
    }
}

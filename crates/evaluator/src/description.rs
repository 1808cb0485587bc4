//! Reading what the walker says of a node, and whether it can be true.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use picket_domain::StorePath;
use picket_nix::{derivation, text};
use serde::Deserialize;

use crate::jobs::{Constituents, Job, JobError, Says};

/// What there is at a path.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Found {
    /// A job.
    pub(crate) job: Option<Described>,
    /// A set with so many names, to be looked into.
    pub(crate) set: Option<u32>,
    /// A set that lies too deep.
    pub(crate) deep: bool,
}

/// A job as it describes itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Described {
    drv: String,
    system: String,
    name: String,
    pname: String,
    version: String,
    outputs: BTreeMap<String, String>,
    constituents: Option<DescribedConstituents>,
}

#[derive(Debug, Deserialize)]
struct DescribedConstituents {
    globs: bool,
    all: Vec<Constituent>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Constituent {
    Name { name: String },
    Derivations { drvs: Vec<String> },
}

impl Described {
    /// Takes what an expression says of itself only if it is true: its derivation is in this store,
    /// has these outputs, is for this system, and will be the same at the next look. Blocks.
    ///
    /// `time` is what `builtins.currentTime` was.
    pub(crate) fn check(self, store_dir: &str, time: &str) -> Result<Job, JobError> {
        self.checked(store_dir, time)
            .map_err(|why| JobError::Unbuildable { why })
    }

    fn checked(self, store_dir: &str, time: &str) -> Result<Job, String> {
        let drv = in_store(&self.drv, store_dir)
            .filter(StorePath::is_derivation)
            .ok_or("it says that it is a derivation, but names none of this store")?;
        let recipe = derivation::read(&drv).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "it says that it is a derivation, but the store has no such one",
            _ => "its derivation cannot be read: it is too large, or damaged",
        })?;
        if self.system != recipe.system {
            return Err(format!(
                "it says that it is for {:?}, but its derivation is for {:?}",
                text::head(&text::clean(&self.system), 64),
                text::head(&text::clean(&recipe.system), 64)
            ));
        }
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if self.system.is_empty() || !self.system.bytes().all(is_plain) {
            let system = text::head(&text::clean(&self.system), 64);
            return Err(format!("it is for {system:?}, which is no system"));
        }
        if !time.is_empty() && derivation::contains(&drv, time).unwrap_or(false) {
            return Err(
                "its derivation has the time of its evaluation in it (builtins.currentTime): it \
                 would be another one at each look"
                    .to_owned(),
            );
        }
        let outputs = self.outputs.into_iter().map(|(name, path)| {
            let path = in_store(&path, store_dir)?;
            (recipe.outputs.get(&name) == Some(&path)).then_some((name, path))
        });
        let outputs: Option<BTreeMap<_, _>> = outputs.collect();
        let outputs = outputs.filter(|outputs| !outputs.is_empty()).ok_or(
            "its derivation has not the outputs that it says, or their paths are not known before \
             they are built",
        )?;
        let constituents = self
            .constituents
            .map(|it| it.check(store_dir))
            .transpose()?;
        let clean = |said: &str| text::head(&text::clean(said), 256);
        Ok(Job {
            drv,
            outputs,
            system: self.system,
            says: Says {
                name: clean(&self.name),
                pname: clean(&self.pname),
                version: clean(&self.version),
                ..Says::default()
            },
            constituents,
        })
    }
}

impl DescribedConstituents {
    fn check(self, store_dir: &str) -> Result<Constituents, String> {
        let mut checked = Constituents {
            globs: self.globs,
            ..Constituents::default()
        };
        for constituent in self.all {
            match constituent {
                Constituent::Name { name } => checked.names.push(text::clean(&name)),
                Constituent::Derivations { drvs } => {
                    for drv in drvs {
                        let drv = in_store(&drv, store_dir).filter(StorePath::is_derivation);
                        let wrong = "one of its constituents is no derivation of this store";
                        checked.derivations.push(drv.ok_or(wrong)?);
                    }
                }
            }
        }
        Ok(checked)
    }
}

fn in_store(path: &str, store_dir: &str) -> Option<StorePath> {
    let path = StorePath::parse(path).ok()?;
    (path.store_dir() == store_dir).then_some(path)
}

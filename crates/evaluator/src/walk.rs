//! One evaluation's questions: how workers are started for them, and what is asked.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use picket_nix::Nix;
use serde::Serialize;

use crate::error::EvaluateError;
use crate::limits::Limits;
use crate::request::{Request, Walk};
use crate::sandbox::Sandbox;
use crate::station::Station;
use crate::worker::{Bounds, Ended, Worker};

/// The expression that workers evaluate.
pub(crate) const WALKER: &str = include_str!("walker.nix");

#[derive(Serialize)]
struct Asked<'a> {
    tree: &'a Path,
    file: &'a str,
    arguments: &'a std::collections::BTreeMap<String, serde_json::Value>,
    attributes: &'a [Vec<String>],
    depth: u32,
    walk: Walk,
}

/// What one evaluation's workers are started with.
#[derive(Debug)]
pub(crate) struct Crew {
    station: Station,
    pub(crate) tree: PathBuf,
    pub(crate) attributes: Vec<Vec<String>>,
    /// Gives the walker the name by which it is asked.
    introduction: String,
}

/// Where the evaluator has its own files.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    /// [`WALKER`].
    pub(crate) walker: PathBuf,
    /// A home folder for workers.
    pub(crate) home: PathBuf,
}

impl Crew {
    pub(crate) fn new(
        nix: &Nix,
        limits: &Limits,
        sandbox: Sandbox,
        own: &Own,
        heard: bool,
        request: Request<'_>,
    ) -> Result<Self, EvaluateError> {
        let tree = &request.revision.tree;
        let tree = tree.canonicalize().map_err(EvaluateError::file(tree))?;
        let attributes = request.jobs.checked_attributes()?;
        let asked = Asked {
            tree: &tree,
            file: request.jobs.checked_file()?,
            arguments: &request.jobs.arguments,
            attributes: &attributes,
            depth: limits.depth,
            walk: request.walk,
        };
        let json = serde_json::to_string(&asked)
            .map_err(|error| EvaluateError::JobSet(error.to_string()))?;
        let introduction = format!(
            "picket = import (/. + {}) {}",
            literal(&own.walker.to_string_lossy()),
            literal(&json)
        );
        let sources = vec![
            ("picket".to_owned(), tree.clone()),
            ("walker".to_owned(), own.walker.clone()),
        ];
        let bounds = Bounds {
            address_space: limits.memory().map(address_space),
            complaints: limits.job_output_bytes,
        };
        let installed = request.installed;
        let station = Station::new(nix, installed, sandbox, sources, &own.home, bounds);
        Ok(Self {
            station: station
                .restricted(limits.restricted)
                .heard(heard.then(|| tree.clone()))
                .for_system(request.system),
            tree,
            attributes,
            introduction,
        })
    }

    /// Starts a worker that knows the job set, and has read nothing of it.
    pub(crate) async fn worker(&self) -> io::Result<Result<Worker, Ended>> {
        let mut worker = match self.station.worker().await? {
            Ok(worker) => worker,
            Err(ended) => return Ok(Err(ended)),
        };
        worker.tell(&self.introduction).await?;
        Ok(Ok(worker))
    }
}

/// The address space of a worker that may have so much memory. It is larger: what is reserved and
/// not used counts, and a worker that is close to its end collects garbage over and over. So this
/// is for what grows faster than it is looked at; whoever watches the memory stops all others.
pub fn address_space(memory: u64) -> u64 {
    memory.saturating_add((memory / 4).max(1 << 30))
}

/// Text as Nix code, in ASCII and in one line.
pub fn literal(text: &str) -> String {
    let mut code = String::from("(builtins.fromJSON \"");
    let json = serde_json::Value::from(text).to_string();
    for c in json.chars() {
        match c {
            '"' | '\\' | '$' => {
                code.push('\\');
                code.push(c);
            }
            c if c.is_ascii_graphic() || c == ' ' => code.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(code, "\\\\u{unit:04x}");
                }
            }
        }
    }
    code.push_str("\")");
    code
}

/// What a worker is asked about a node of the job set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    /// What is there, where it is where the walk begins.
    Root,
    /// What is there.
    Look,
    /// What `meta` and `passthru` say.
    Extras,
    /// Some of the names of a set.
    Names { from: u32, count: u32 },
}

impl Question {
    /// As Nix code, for the node at these numbers.
    pub(crate) fn about(self, numbers: &[u32]) -> String {
        let mut path = String::from("[");
        for number in numbers {
            let _ = write!(path, " {number}");
        }
        path.push_str(" ]");
        match self {
            Self::Root => format!("picket.root {path}"),
            Self::Look => format!("picket.look {path}"),
            Self::Extras => format!("picket.extras {path}"),
            Self::Names { from, count } => format!("picket.names {path} {from} {count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_code() {
        assert_eq!(
            literal("a\"${b}\\\n\té😀"),
            r#"(builtins.fromJSON "\"a\\\"\${b}\\\\\\n\\t\\u00e9\\ud83d\\ude00\"")"#
        );
    }
}

//! What workers are asked about attributes, and how their answers are read.

use std::collections::BTreeSet;
use std::time::Instant;

use serde::Deserialize;

use crate::error::ImpactError;
use crate::finding::{AttributePath, Finding, PACKAGES, Package, Sets};
use crate::source::LARGE;
use crate::worker::{Reply, Worker};

/// Characters of a message that are kept.
const MESSAGE_MAX: usize = 500;

/// The paths of the job set's attributes.
pub(crate) fn paths(
    worker: &mut Worker,
    deadline: Option<Instant>,
) -> Result<Vec<AttributePath>, ImpactError> {
    match worker.ask("picket.paths", deadline)? {
        Reply::Said(text) => {
            serde_json::from_str(&text).map_err(|error| ImpactError::Tree(error.to_string()))
        }
        Reply::Failed(message) | Reply::Ended(message) => {
            Err(ImpactError::Tree(shortened(&message)))
        }
        Reply::Late => Err(ImpactError::Tree("it took too long".to_owned())),
    }
}

/// What these attributes are. Of those that throw, no message is told.
pub(crate) fn findings(
    worker: &mut Worker,
    paths: &[AttributePath],
) -> Result<Vec<Finding>, ImpactError> {
    let lists: Option<Vec<_>> = paths.iter().map(nix_list).collect();
    if let Some(lists) = lists
        && let Reply::Said(text) =
            worker.ask(&format!("picket.many [ {} ]", lists.join(" ")), None)?
        && let Ok(found) = serde_json::from_str::<Vec<Option<Described>>>(&text)
        && found.len() == paths.len()
    {
        let thrown = || Finding::Failed(String::new());
        let found = found.into_iter();
        return Ok(found
            .map(|it| it.map_or_else(thrown, Described::finding))
            .collect());
    }
    // One of them fails in a way that no expression can catch.
    let one = |path| Ok(finding(worker, path, None)?.unwrap_or(Finding::Missing));
    paths.iter().map(one).collect()
}

/// What an attribute is; `None`: not known when the time was over.
pub(crate) fn finding(
    worker: &mut Worker,
    path: &AttributePath,
    deadline: Option<Instant>,
) -> Result<Option<Finding>, ImpactError> {
    let Some(list) = nix_list(path) else {
        let why = "its name has characters that cannot be asked for";
        return Ok(Some(Finding::Failed(why.to_owned())));
    };
    let reply = match worker.ask(&format!("picket.full {list}"), deadline)? {
        // What others can read of it may fail where it itself does not.
        Reply::Failed(_) => worker.ask(&format!("picket.brief {list}"), deadline)?,
        reply => reply,
    };
    Ok(Some(match reply {
        Reply::Said(text) => serde_json::from_str::<Described>(&text).map_or_else(
            |error| Finding::Failed(error.to_string()),
            Described::finding,
        ),
        Reply::Failed(message) | Reply::Ended(message) => Finding::Failed(shortened(&message)),
        Reply::Late => return Ok(None),
    }))
}

/// The names in those of these sets that are large.
pub(crate) fn sets(worker: &mut Worker, sets: &[AttributePath]) -> Result<Sets, ImpactError> {
    let mut found = Sets::new();
    for path in sets {
        let Some(list) = nix_list(path) else {
            continue;
        };
        if let Reply::Said(text) = worker.ask(&format!("picket.names {list}"), None)?
            && let Ok(names) = serde_json::from_str::<BTreeSet<String>>(&text)
            && names.len() >= LARGE
        {
            found.insert(path.to_string(), names);
        }
    }
    Ok(found)
}

/// The names of the packages, beside which the job set is another.
pub(crate) fn packages(worker: &mut Worker) -> Result<Sets, ImpactError> {
    let names = match worker.ask("picket.packages", None)? {
        Reply::Said(text) => serde_json::from_str(&text).unwrap_or_default(),
        Reply::Failed(_) | Reply::Ended(_) | Reply::Late => BTreeSet::new(),
    };
    Ok(Sets::from([(PACKAGES.to_owned(), names)]))
}

/// For each of these attributes, the place of the first one that is the same value.
pub(crate) fn firsts(
    worker: &mut Worker,
    paths: &[AttributePath],
) -> Result<Vec<usize>, ImpactError> {
    let apart = || (0..paths.len()).collect();
    let lists: Option<Vec<_>> = paths.iter().map(nix_list).collect();
    let Some(lists) = lists else {
        return Ok(apart());
    };
    let asked = worker.ask(&format!("picket.classes [ {} ]", lists.join(" ")), None)?;
    Ok(match asked {
        Reply::Said(text) => serde_json::from_str(&text).unwrap_or_else(|_| apart()),
        Reply::Failed(_) | Reply::Ended(_) | Reply::Late => apart(),
    })
}

/// What `describe` says.
#[derive(Deserialize)]
#[serde(untagged)]
enum Described {
    Derivation(Package),
    Other(Other),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Other {
    Set,
    Plain,
    Missing,
}

impl Described {
    fn finding(self) -> Finding {
        match self {
            Self::Derivation(package) => Finding::Derivation(package),
            Self::Other(Other::Set) => Finding::Set,
            Self::Other(Other::Plain) => Finding::Plain,
            Self::Other(Other::Missing) => Finding::Missing,
        }
    }
}

/// An attribute's path as a list in Nix.
fn nix_list(path: &AttributePath) -> Option<String> {
    let parts: Option<Vec<_>> = path.0.iter().map(|part| nix_text(part)).collect();
    Some(format!("[ {} ]", parts?.join(" ")))
}

/// A text as Nix writes it; `None` where it has control characters, on which a line would end.
fn nix_text(text: &str) -> Option<String> {
    if text.chars().any(char::is_control) {
        return None;
    }
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("\"{}\"", text.replace('$', "\\$")))
}

/// A message in one line.
fn shortened(message: &str) -> String {
    let words: Vec<_> = message.split_whitespace().collect();
    words.join(" ").chars().take(MESSAGE_MAX).collect()
}

//! Which paths of a closure are ours to publish, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{PathInfo, StorePath};

use crate::error::PublishError;
use crate::upstream::Upstream;

/// The paths that we publish, and where they touch upstream's.
#[derive(Debug)]
pub(crate) struct Delta<'a> {
    /// Each after everything that it refers to.
    pub(crate) ours: Vec<&'a PathInfo>,
    /// What they refer to that upstream has.
    pub(crate) upstream_references: BTreeSet<StorePath>,
}

/// Splits a closure into upstream's part and ours.
///
/// # Errors
/// Where something that one of our paths refers to is in neither part, and where references go in
/// a circle.
pub(crate) fn delta<'a>(
    closure: &'a [PathInfo],
    upstream: &Upstream,
) -> Result<Delta<'a>, PublishError> {
    let ours: BTreeMap<&StorePath, &PathInfo> = closure
        .iter()
        .filter(|info| !upstream.has(&info.path))
        .map(|info| (&info.path, info))
        .collect();
    let mut upstream_references = BTreeSet::new();
    for info in ours.values() {
        for reference in &info.references {
            if upstream.has(reference) {
                upstream_references.insert(reference.clone());
            } else if !ours.contains_key(reference) {
                return Err(PublishError::MissingReference {
                    path: info.path.clone(),
                    reference: reference.clone(),
                });
            }
        }
    }
    let ours = topological(&ours)?;
    Ok(Delta {
        ours,
        upstream_references,
    })
}

/// Kahn's algorithm; of the paths that may come next, the alphabetically first.
fn topological<'a>(
    infos: &BTreeMap<&'a StorePath, &'a PathInfo>,
) -> Result<Vec<&'a PathInfo>, PublishError> {
    let mut waits_for: BTreeMap<&StorePath, BTreeSet<&StorePath>> = BTreeMap::new();
    let mut referrers: BTreeMap<&StorePath, Vec<&'a StorePath>> = BTreeMap::new();
    for (&path, info) in infos {
        let others = info.references.iter();
        let others: BTreeSet<_> = others
            .filter(|&it| it != path && infos.contains_key(it))
            .collect();
        for other in &others {
            referrers.entry(other).or_default().push(path);
        }
        waits_for.insert(path, others);
    }
    let mut free: BTreeSet<&'a StorePath> = infos
        .keys()
        .filter(|path| waits_for[*path].is_empty())
        .copied()
        .collect();
    let mut ordered = Vec::with_capacity(infos.len());
    while let Some(path) = free.pop_first() {
        waits_for.remove(path);
        ordered.push(infos[path]);
        for referrer in referrers.remove(path).unwrap_or_default() {
            let others = waits_for.entry(referrer).or_default();
            others.remove(path);
            if others.is_empty() {
                free.insert(referrer);
            }
        }
    }
    match waits_for.into_keys().next() {
        None => Ok(ordered),
        Some(path) => Err(PublishError::Cycle(path.clone())),
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::Sha256;

    use super::*;

    fn path(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}", "0".repeat(32))).unwrap()
    }

    fn info(name: &str, references: &[&str]) -> PathInfo {
        PathInfo {
            path: path(name),
            nar_hash: Sha256::of(name.as_bytes()),
            nar_size: 1,
            references: references.iter().map(|name| path(name)).collect(),
            deriver: None,
            content_address: None,
            signatures: Vec::new(),
        }
    }

    fn names(infos: &[&PathInfo]) -> Vec<String> {
        let names = infos.iter().map(|info| info.path.name().to_owned());
        names.collect()
    }

    #[test]
    fn a_path_comes_after_what_it_refers_to() {
        let closure = [
            info("app", &["app", "lib", "libc"]),
            info("lib", &["libc"]),
            info("libc", &["libc"]),
        ];
        let delta = delta(&closure, &Upstream::none()).unwrap();
        assert_eq!(names(&delta.ours), ["libc", "lib", "app"]);
        assert!(delta.upstream_references.is_empty());
    }

    #[test]
    fn what_upstream_has_is_not_ours() {
        let closure = [info("app", &["lib", "libc"]), info("lib", &["libc"])];
        let upstream = Upstream::of([path("libc"), path("lib")]);
        let delta = delta(&closure, &upstream).unwrap();
        assert_eq!(names(&delta.ours), ["app"]);
        let touched: Vec<_> = delta
            .upstream_references
            .iter()
            .map(StorePath::name)
            .collect();
        assert_eq!(touched, ["lib", "libc"]);
    }

    #[test]
    fn a_missing_reference_is_named() {
        let closure = [info("app", &["lib"])];
        let error = delta(&closure, &Upstream::none()).unwrap_err().to_string();
        assert!(error.contains("-app refers to"), "{error}");
        assert!(error.contains("-lib, which is neither"), "{error}");
    }

    #[test]
    fn a_circle_is_an_error() {
        let closure = [info("a", &["b"]), info("b", &["a"])];
        let error = delta(&closure, &Upstream::none()).unwrap_err();
        assert!(matches!(error, PublishError::Cycle(_)), "{error}");
    }
}

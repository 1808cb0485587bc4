//! The runtime closure of store paths.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{PathInfo, StorePath};

use crate::daemon::Daemon;
use crate::error::BuildError;

/// Everything that these paths refer to, directly or not, themselves included; by path.
pub(crate) async fn closure(
    daemon: &mut Daemon,
    paths: &[StorePath],
) -> Result<Vec<PathInfo>, BuildError> {
    let mut waiting: BTreeSet<StorePath> = paths.iter().cloned().collect();
    let mut found: BTreeMap<StorePath, PathInfo> = BTreeMap::new();
    while !waiting.is_empty() {
        // All that is known to be asked for, at once.
        let asked: Vec<_> = std::mem::take(&mut waiting).into_iter().collect();
        let infos = match daemon.path_infos(&asked).await {
            Ok(infos) => infos,
            Err(error) => return Err(daemon.store_error(error).await),
        };
        let mut references = BTreeSet::new();
        for (path, info) in asked.into_iter().zip(infos) {
            let info = info.ok_or_else(|| BuildError::store(format!("{path} is not in it")))?;
            references.extend(info.references.iter().cloned());
            found.insert(path, info);
        }
        references.retain(|reference| !found.contains_key(reference));
        waiting = references;
    }
    Ok(found.into_values().collect())
}

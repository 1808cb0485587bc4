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
    while let Some(path) = waiting.pop_first() {
        let info = match daemon.path_info(&path).await {
            Ok(Some(info)) => info,
            Ok(None) => return Err(BuildError::store(format!("{path} is not in it"))),
            Err(error) => return Err(daemon.store_error(error).await),
        };
        let new = info
            .references
            .iter()
            .filter(|reference| !found.contains_key(*reference) && **reference != path);
        waiting.extend(new.cloned());
        found.insert(path, info);
    }
    Ok(found.into_values().collect())
}

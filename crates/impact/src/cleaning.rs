//! Keeps the cache folder within bounds.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{ImpactError, at};
use crate::subject::Setting;

/// Bases that stay whatever their size: that of the work at hand, and that which comes of it.
const KEPT: usize = 2;

/// Removes what has not been used for longest, until what is known of bases takes half of the bytes
/// that the cache may have; and the store, if it takes more than the other half. What is known of a
/// base is of use without it: a worker writes what it needs again.
pub(crate) fn clean(setting: &Setting) -> Result<(), ImpactError> {
    let half = setting.cache_bytes / 2;
    let mut sum = 0;
    for (place, (_, files)) in bases(&setting.indexes())?.into_iter().enumerate() {
        sum += files.iter().map(|(_, size)| size).sum::<u64>();
        if sum > half && place >= KEPT {
            for (file, _) in files {
                fs::remove_file(&file).map_err(at(&file))?;
            }
        }
    }
    let store = setting.store();
    if size(&store)? > half {
        fs::remove_dir_all(&store).map_err(at(&store))?;
        setting.make_store()?;
    }
    Ok(())
}

/// The files of a base, with their sizes, and when it was used.
type Base = (SystemTime, Vec<(PathBuf, u64)>);

/// What is kept of bases, those used last first.
fn bases(folder: &Path) -> Result<Vec<Base>, ImpactError> {
    let mut bases = std::collections::BTreeMap::<_, Base>::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let metadata = entry.metadata().map_err(at(folder))?;
        let path = entry.path();
        let (used, files) = bases
            .entry(path.with_extension(""))
            .or_insert((SystemTime::UNIX_EPOCH, Vec::new()));
        *used = (*used).max(metadata.modified().map_err(at(&path))?);
        files.push((path, metadata.len()));
    }
    let mut bases: Vec<_> = bases.into_values().collect();
    bases.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
    Ok(bases)
}

fn size(folder: &Path) -> Result<u64, ImpactError> {
    let mut sum = 0;
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let entry = entry.map_err(at(&folder))?;
            let metadata = entry.metadata().map_err(at(&folder))?;
            if metadata.is_dir() {
                todo.push(entry.path());
            }
            sum += metadata.len();
        }
    }
    Ok(sum)
}

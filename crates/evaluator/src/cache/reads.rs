//! What kept evaluations read.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use picket_domain::CommitSha;
use picket_files::write_whole;

use super::files::read;
use crate::job_set::JobSet;
use crate::jobs::Evaluated;
use crate::traces::{Digests, Earlier, Readers, Trace};

/// How the names of files end that say what an evaluation read.
pub(super) const READS: &str = ".reads";

/// The most that is read of a trace to find out which job set it is of, in bytes.
const HEAD: u64 = 1 << 20;

/// How many earlier evaluations are looked at: what one does not know, the ones before it seldom do.
const EARLIER_MAX: usize = 3;

/// What of the newest evaluations of a setting holds for a tree, the one at `own` left aside.
pub(super) fn earlier(own: &Path, of_setting: &str, digests: &mut Digests) -> Earlier {
    let mut earlier = Earlier::default();
    let dir = own.parent().unwrap_or(Path::new("/"));
    let is_other = |name: &str| name.ends_with(of_setting);
    let mut others = newest_first(dir, is_other).unwrap_or_default();
    others.retain(|reads| *reads != *own);
    for reads in others.iter().take(EARLIER_MAX) {
        let evaluated: Option<Evaluated> = read(&evaluation_beside(reads));
        let (Some(trace), Some(evaluated)) = (read_trace(reads), evaluated) else {
            continue;
        };
        if earlier.add(evaluated, &trace, digests) {
            break;
        }
    }
    earlier
}

/// Which jobs of a revision read what, as its newest evaluation by a job set tells.
pub(super) fn readers(dir: &Path, rev: &CommitSha, job_set: &JobSet) -> Option<Readers> {
    let is_of = |name: &str| name.starts_with(rev.as_str()) && name.ends_with(READS);
    let files = newest_first(dir, is_of).ok()?;
    let file = files.iter().find(|file| is_of_job_set(file, job_set))?;
    Some(Readers::new(
        read(&evaluation_beside(file))?,
        &read_trace(file)?,
    ))
}

/// A trace is written in a form that takes less than JSON: it may have a million places of paths.
pub(super) fn write_trace(file: &Path, trace: &Trace) -> io::Result<()> {
    let bytes = postcard::to_stdvec(trace).map_err(io::Error::other)?;
    fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
    write_whole(file, &bytes)
}

fn read_trace(file: &Path) -> Option<Trace> {
    postcard::from_bytes(&fs::read(file).ok()?).ok()
}

/// Whether a trace is of this job set, as its beginning says: the rest may have many megabytes.
fn is_of_job_set(file: &Path, job_set: &JobSet) -> bool {
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && Trace::begins_for(&head, job_set)
}

/// The evaluation of which a file says what it read.
fn evaluation_beside(reads: &Path) -> PathBuf {
    reads.with_extension("json")
}

/// The files of a folder by their names, the newest first.
fn newest_first(dir: &Path, is_meant: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if is_meant(&entry.file_name().to_string_lossy()) {
            found.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().rev().map(|(_, path)| path).collect())
}

//! A file that is read again when it was replaced.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::exploited::Catalogue;

/// No catalogue is longer, in bytes: that of 2025 has 1.5 MB.
const LONGEST: u64 = 64 << 20;

/// The file with CISA's catalogue.
#[derive(Debug)]
pub struct KevFile {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The file that was read last, by its length and when it was written.
    seen: Option<(u64, SystemTime)>,
    catalogue: Arc<Catalogue>,
    problem: Option<String>,
}

impl KevFile {
    /// The file at this path, which is not read yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            state: Mutex::default(),
        }
    }

    /// The catalogue as it is now; as it last was, where it cannot be read. Blocks on the disk.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.look();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&state.catalogue)
    }

    /// Why the file as it is now could not be read, for a person.
    pub fn problem(&self) -> Option<String> {
        self.look();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.problem.clone()
    }

    fn look(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let written = fs::metadata(&self.path).and_then(|it| Ok((it.len(), it.modified()?)));
        let seen = written.as_ref().ok().copied();
        if seen.is_some() && seen == state.seen {
            return;
        }
        let read = written.and_then(|_| read(&self.path));
        let read = read.map_err(|error| error.to_string());
        match read.and_then(|text| Catalogue::parse(&text).map_err(|error| error.to_string())) {
            Ok(catalogue) => {
                tracing::info!(entries = catalogue.len(), "read {}", self.path.display());
                state.catalogue = Arc::new(catalogue);
                state.problem = None;
            }
            Err(problem) => {
                let problem = format!("{}: {problem}", self.path.display());
                if state.problem.as_ref() != Some(&problem) {
                    tracing::warn!("{problem}");
                }
                state.problem = Some(problem);
            }
        }
        state.seen = seen;
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?
        .take(LONGEST)
        .read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_replaced_is_read_again_and_a_broken_one_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kev.json");
        let file = KevFile::new(path.clone());
        assert!(file.catalogue().is_empty());
        assert!(file.problem().unwrap().contains("No such file"));
        let entry =
            r#"{"cveID": "CVE-2025-48384", "dateAdded": "2025-08-25", "dueDate": "2025-09-15"}"#;
        fs::write(&path, format!("{{\"vulnerabilities\": [{entry}]}}")).unwrap();
        assert_eq!((file.catalogue().len(), file.problem()), (1, None));
        fs::write(&path, "{").unwrap();
        assert_eq!(file.catalogue().len(), 1, "as it last was");
        assert!(
            file.problem()
                .unwrap()
                .contains("kev.json: it is not CISA's")
        );
    }
}

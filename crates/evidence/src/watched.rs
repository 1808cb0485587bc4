//! A source that is read again when it was replaced, and what it last told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::source::{Reading, Source, SourceKind, Stamp, Unreadable};

/// A source, and what it last told.
#[derive(Debug)]
pub(crate) struct Watched<S: Source> {
    source: S,
    state: Mutex<State<S::Known>>,
}

#[derive(Debug, Default)]
struct State<K> {
    /// The files that were read last.
    seen: Option<Stamp>,
    known: Arc<K>,
    entries: usize,
    odd: usize,
    problem: Option<String>,
    was_looked_at: bool,
}

/// How a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name, for metrics: `kev`, `osv-1`.
    pub name: String,
    /// What it is about.
    pub kind: SourceKind,
    /// How many entries are known.
    pub entries: usize,
    /// How many entries it has that could not be read.
    pub odd: usize,
    /// When the newest of its files was written that were read.
    pub written: Option<SystemTime>,
    /// Whether it was looked at since the start.
    pub was_looked_at: bool,
    /// Why it cannot be read as it is now, for a person: the text has a path.
    pub problem: Option<String>,
}

impl<S: Source> Watched<S> {
    /// A source that is not read yet.
    pub(crate) fn new(source: S) -> Self {
        let state = Mutex::new(State {
            seen: None,
            known: Arc::default(),
            entries: 0,
            odd: 0,
            problem: None,
            was_looked_at: false,
        });
        Self { source, state }
    }

    /// Reads it, where it was replaced since it was read last or could not be read then. Blocks on
    /// the disk; nobody who asks what is known waits for it.
    pub(crate) fn look(&self) {
        let seen = self.source.stamp();
        if matches!(&seen, Ok(seen) if self.state().has_read(*seen)) {
            return;
        }
        let read = seen.and_then(|seen| Ok((seen, self.source.read()?)));
        let mut state = self.state();
        state.was_looked_at = true;
        match read {
            Ok((seen, reading)) => self.take(&mut state, seen, reading),
            Err(error) => self.complain(&mut state, &error),
        }
    }

    /// What it says; what it last said, where it cannot be read.
    pub(crate) fn known(&self) -> Arc<S::Known> {
        Arc::clone(&self.state().known)
    }

    /// How it is.
    pub(crate) fn standing(&self, name: String) -> Standing {
        let state = self.state();
        Standing {
            name,
            kind: S::KIND,
            entries: state.entries,
            odd: state.odd,
            written: state.seen.map(|it| it.written),
            was_looked_at: state.was_looked_at,
            problem: state.problem.clone(),
        }
    }

    fn take(&self, state: &mut State<S::Known>, seen: Stamp, reading: Reading<S::Known>) {
        let Reading {
            known,
            entries,
            odd,
        } = reading;
        let path = self.source.path().display();
        tracing::info!(entries, odd, "read {path}");
        state.known = Arc::new(known);
        (state.entries, state.odd) = (entries, odd);
        state.seen = Some(seen);
        state.problem = None;
    }

    fn complain(&self, state: &mut State<S::Known>, error: &Unreadable) {
        let problem = format!("{}: {error}", self.source.path().display());
        if state.problem.as_ref() != Some(&problem) {
            tracing::warn!("{problem}");
        }
        state.problem = Some(problem);
    }

    /// What broke down while it was written down left nothing half done.
    fn state(&self) -> MutexGuard<'_, State<S::Known>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> State<K> {
    fn has_read(&self, stamp: Stamp) -> bool {
        self.seen == Some(stamp) && self.problem.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::kev_file::KevFile;

    #[test]
    fn a_file_that_is_replaced_is_read_again_and_a_broken_one_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kev.json");
        let file = Watched::new(KevFile(path.clone()));
        let standing = || file.standing("kev".to_owned());
        assert!(!standing().was_looked_at && standing().problem.is_none());
        file.look();
        assert!(file.known().is_empty());
        assert!(standing().problem.unwrap().contains("No such file"));
        let entry =
            r#"{"cveID": "CVE-2025-48384", "dateAdded": "2025-08-25", "dueDate": "2025-09-15"}"#;
        let whole = format!("{{\"vulnerabilities\": [{entry}, 7]}}");
        fs::write(&path, &whole).unwrap();
        file.look();
        assert_eq!((standing().entries, standing().odd), (1, 1));
        assert_eq!(standing().problem, None);
        let (before, written) = (file.known(), standing().written);
        file.look();
        assert!(Arc::ptr_eq(&before, &file.known()), "it is not read again");
        fs::write(&path, "{").unwrap();
        file.look();
        assert_eq!(file.known().len(), 1, "as it last was");
        assert_eq!(standing().written, written, "of what is known");
        let problem = standing().problem.unwrap();
        assert!(problem.contains("kev.json: it is not CISA's"), "{problem}");
        fs::remove_file(&path).unwrap();
        file.look();
        assert_eq!(file.known().len(), 1);
        fs::write(&path, whole.replace("48384", "48385")).unwrap();
        file.look();
        assert_eq!((standing().entries, standing().problem), (1, None));
        assert!(!Arc::ptr_eq(&before, &file.known()));
    }
}

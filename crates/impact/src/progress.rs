//! How far a long evaluation is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How far the evaluation of a whole tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Attributes that have been evaluated.
    pub done: usize,
    /// All that are to be.
    pub all: usize,
}

type Listener = dyn Fn(Progress) + Send + Sync;

/// Who is told.
#[derive(Clone, Default)]
pub(crate) struct Told(Option<Arc<Listener>>);

impl Told {
    pub(crate) fn to(listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Counts one evaluation.
    pub(crate) fn count(&self, all: usize) -> Counting<'_> {
        Counting {
            told: self,
            done: AtomicUsize::new(0),
            all,
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.0.is_some();
        f.debug_tuple("Told").field(&told).finish()
    }
}

/// An evaluation under way.
pub(crate) struct Counting<'a> {
    told: &'a Told,
    done: AtomicUsize,
    all: usize,
}

impl Counting<'_> {
    /// So many more are done.
    pub(crate) fn add(&self, more: usize) {
        let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
        if let Some(listener) = &self.told.0 {
            listener(Progress {
                done,
                all: self.all,
            });
        }
    }
}

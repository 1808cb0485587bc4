//! Work that nobody waits for any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::ImpactError;

/// Stops what a [`Laboratory`](crate::Laboratory) does, from any thread. Clones stop the same.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Workers are stopped within a moment; what was begun returns [`ImpactError::Cancelled`], and so
    /// does whatever is asked later.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn check(&self) -> Result<(), ImpactError> {
        if self.is_cancelled() {
            return Err(ImpactError::Cancelled);
        }
        Ok(())
    }
}

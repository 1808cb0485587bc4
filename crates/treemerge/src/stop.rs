//! Why a merge ends early.

use crate::objects::ReadError;

/// A merge ends early.
pub(crate) enum Stop {
    Read(ReadError),
    Unsure(&'static str),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

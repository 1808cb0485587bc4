//! What was found before.

use std::sync::Arc;

use picket_domain::{Candidate, PrNumber, SharedMap};

/// The candidates so far.
pub type Known = SharedMap<PrNumber, Arc<Candidate>>;

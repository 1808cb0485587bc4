//! What was found before.

use std::collections::BTreeMap;
use std::sync::Arc;

use picket_domain::{Candidate, PrNumber};

/// The candidates so far.
pub type Known = BTreeMap<PrNumber, Arc<Candidate>>;

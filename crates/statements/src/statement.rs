//! What there is to say of one vulnerability of one package.

use picket_domain::{Advisory, PrNumber, Timestamp};

use crate::event::{Event, What};
use crate::package::Package;

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A package.
    Package(Package),
    /// What this pull request changes: which packages that are is not known.
    Change(PrNumber),
}

impl About {
    /// The package, where it is about one.
    pub fn package(&self) -> Option<&Package> {
        match self {
            Self::Package(package) => Some(package),
            Self::Change(_) => None,
        }
    }
}

/// What there is to say of one vulnerability of one package in one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Of what.
    pub about: About,
    /// The vulnerability.
    pub advisory: Advisory,
    /// What happened, oldest first; never empty. The last is how things stand.
    pub events: Vec<Event>,
}

impl Statement {
    /// How things stand, and since when.
    pub fn last(&self) -> &Event {
        &self.events[self.events.len() - 1]
    }

    /// Since when it is fixed without a break, where it is.
    pub fn fixed_since(&self) -> Option<Timestamp> {
        let newest = self.events.iter().rev();
        let fixed = newest.take_while(|event| matches!(event.what, What::Fixed { .. }));
        fixed.last().map(|event| event.at)
    }

    /// Whether somebody of the team ever decided anything about it.
    pub fn is_decided(&self) -> bool {
        let is_open = |event: &Event| matches!(event.what, What::Detected { .. });
        !self.events.iter().all(is_open)
    }
}

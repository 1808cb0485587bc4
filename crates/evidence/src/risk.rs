//! Which of two fixes cannot wait: the one order of the queue, and why.

use std::cmp::{Ordering, Reverse};

use crate::epss::Likelihood;
use crate::severity::Rating;

/// How much is at risk while a fix waits, as far as it is known elsewhere.
///
/// The smaller comes first: what is known to be exploited, then by severity, then by how likely it
/// is to be exploited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Risk {
    exploited: bool,
    rating: Option<Rating>,
    likelihood: Option<Likelihood>,
}

impl Risk {
    /// Of one vulnerability.
    pub fn new(exploited: bool, rating: Option<Rating>, likelihood: Option<Likelihood>) -> Self {
        Self {
            exploited,
            rating,
            likelihood,
        }
    }

    /// Of a fix of both: the worst of each.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            exploited: self.exploited || other.exploited,
            rating: self.rating.max(other.rating),
            likelihood: self.likelihood.max(other.likelihood),
        }
    }

    /// Whether any of it is known to be exploited.
    pub fn is_exploited(self) -> bool {
        self.exploited
    }

    /// How bad the worst of it is.
    pub fn rating(self) -> Option<Rating> {
        self.rating
    }

    /// Why it stands where it stands in the queue, as a sentence.
    pub fn reason(self) -> String {
        let likelihood = match self.likelihood {
            Some(likelihood) => format!("then by its EPSS, {likelihood}; then by age"),
            None => "then by age, since its EPSS is not known".to_owned(),
        };
        match (self.exploited, self.rating) {
            (true, _) => "First because it is known to be exploited.".to_owned(),
            (false, Some(rating)) => {
                format!("By its severity, {}; {likelihood}.", rating.word())
            }
            (false, None) => {
                format!("Between medium and low, since no source rates it; {likelihood}.")
            }
        }
    }

    fn key(self) -> (Reverse<bool>, Reverse<u8>, Reverse<u32>) {
        let likelihood = self.likelihood.map_or(0, |it| it.probability);
        let severity = weight(self.rating);
        (
            Reverse(self.exploited),
            Reverse(severity),
            Reverse(likelihood),
        )
    }
}

/// What nobody has rated is not harmless for that.
fn weight(rating: Option<Rating>) -> u8 {
    match rating {
        Some(Rating::Critical) => 5,
        Some(Rating::High) => 4,
        Some(Rating::Medium) => 3,
        None => 2,
        Some(Rating::Low) => 1,
        Some(Rating::None) => 0,
    }
}

impl Ord for Risk {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Risk {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn risk(exploited: bool, rating: Option<Rating>, probability: Option<u32>) -> Risk {
        let likelihood = probability.map(|probability| Likelihood {
            probability,
            percentile: 50_000,
        });
        Risk::new(exploited, rating, likelihood)
    }

    #[test]
    fn what_is_exploited_comes_first_then_severity_then_likelihood() {
        let in_order = [
            risk(true, Some(Rating::Critical), Some(90_000)),
            risk(true, None, Some(90_000)),
            risk(true, Some(Rating::Low), None),
            risk(false, Some(Rating::Critical), None),
            risk(false, Some(Rating::High), Some(2)),
            risk(false, Some(Rating::High), Some(1)),
            risk(false, Some(Rating::Medium), Some(99_000)),
            risk(false, None, Some(99_000)),
            Risk::default(),
            risk(false, Some(Rating::Low), Some(99_000)),
            risk(false, Some(Rating::None), None),
        ];
        for pair in in_order.windows(2) {
            assert!(pair[0] < pair[1], "{pair:?}");
        }
        let unknown = risk(false, None, None);
        assert_eq!(unknown.cmp(&risk(false, None, Some(0))), Ordering::Equal);
    }

    #[test]
    fn a_fix_of_several_is_as_urgent_as_the_worst_of_each() {
        let both =
            risk(true, Some(Rating::Low), None).and(risk(false, Some(Rating::High), Some(500)));
        assert_eq!(both, risk(true, Some(Rating::High), Some(500)));
        assert_eq!(both.and(Risk::default()), both);
    }

    #[test]
    fn each_place_is_explained() {
        let reasons = [
            risk(true, Some(Rating::Low), None),
            risk(false, Some(Rating::Critical), Some(12_345)),
            risk(false, Some(Rating::High), None),
            risk(false, None, Some(42)),
            Risk::default(),
        ];
        insta::assert_snapshot!(reasons.map(Risk::reason).join("\n"), @"
        First because it is known to be exploited.
        By its severity, critical; then by its EPSS, 12.3 %; then by age.
        By its severity, high; then by age, since its EPSS is not known.
        Between medium and low, since no source rates it; then by its EPSS, 0.04 %; then by age.
        Between medium and low, since no source rates it; then by age, since its EPSS is not known.
        ");
    }
}

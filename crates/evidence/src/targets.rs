//! How soon a team wants fixes to be out, by what is at risk.

use crate::risk::Risk;
use crate::severity::Rating;

/// How soon a team wants fixes to be out, in hours; `None`: it has no target for those.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Targets {
    /// Of what is known to be exploited, however it is rated.
    pub exploited: Option<u32>,
    /// Of what is rated critical.
    pub critical: Option<u32>,
    /// Of what is rated high.
    pub high: Option<u32>,
    /// Of what is rated medium.
    pub medium: Option<u32>,
    /// Of what is rated low.
    pub low: Option<u32>,
}

/// What a target is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gravity {
    /// What is known to be exploited.
    Exploited,
    /// What is rated critical.
    Critical,
    /// What is rated high.
    High,
    /// What is rated medium.
    Medium,
    /// What is rated low.
    Low,
}

/// The target for one fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// What it is for.
    pub gravity: Gravity,
    /// How soon the fix is to be out.
    pub hours: u32,
}

impl Targets {
    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The target for a fix: that of what is exploited, where there is one, before that of its
    /// rating. What nobody rates has none.
    pub fn target(&self, risk: Risk) -> Option<Target> {
        let exploited = risk.is_exploited().then_some(Gravity::Exploited);
        let rated = risk.rating().and_then(Gravity::of_rating);
        let mut gravities = exploited.into_iter().chain(rated);
        gravities.find_map(|gravity| {
            let hours = self.of(gravity)?;
            Some(Target { gravity, hours })
        })
    }

    /// The same, as hours alone.
    pub fn hours(&self, risk: Risk) -> Option<u32> {
        self.target(risk).map(|it| it.hours)
    }

    fn of(&self, gravity: Gravity) -> Option<u32> {
        match gravity {
            Gravity::Exploited => self.exploited,
            Gravity::Critical => self.critical,
            Gravity::High => self.high,
            Gravity::Medium => self.medium,
            Gravity::Low => self.low,
        }
    }
}

impl Gravity {
    /// In a word, as JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exploited => "exploited",
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// The fixes of such, as part of a sentence.
    pub const fn fixes(self) -> &'static str {
        match self {
            Self::Exploited => "fixes of what is exploited",
            Self::Critical => "critical fixes",
            Self::High => "fixes of high severity",
            Self::Medium => "fixes of medium severity",
            Self::Low => "fixes of low severity",
        }
    }

    /// `None` for what does no harm.
    fn of_rating(rating: Rating) -> Option<Self> {
        match rating {
            Rating::Critical => Some(Self::Critical),
            Rating::High => Some(Self::High),
            Rating::Medium => Some(Self::Medium),
            Rating::Low => Some(Self::Low),
            Rating::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGETS: Targets = Targets {
        exploited: Some(12),
        critical: Some(24),
        high: Some(72),
        medium: None,
        low: Some(720),
    };

    fn named(targets: Targets, exploited: bool, rating: Option<Rating>) -> Option<(Gravity, u32)> {
        let target = targets.target(Risk::new(exploited, rating, None));
        target.map(|it| (it.gravity, it.hours))
    }

    #[test]
    fn what_is_exploited_goes_before_its_rating() {
        for rating in [None, Some(Rating::None), Some(Rating::Critical)] {
            let found = named(TARGETS, true, rating);
            assert_eq!(found, Some((Gravity::Exploited, 12)), "{rating:?}");
        }
        let without = Targets {
            exploited: None,
            ..TARGETS
        };
        let found = named(without, true, Some(Rating::High));
        assert_eq!(found, Some((Gravity::High, 72)));
        assert_eq!(named(without, true, None), None);
    }

    #[test]
    fn each_rating_has_its_own_target_or_none() {
        let hours = [
            Rating::Critical,
            Rating::High,
            Rating::Medium,
            Rating::Low,
            Rating::None,
        ]
        .map(|rating| TARGETS.hours(Risk::new(false, Some(rating), None)));
        assert_eq!(hours, [Some(24), Some(72), None, Some(720), None]);
        assert_eq!(TARGETS.hours(Risk::default()), None, "nobody rates it");
        assert!(Targets::default().is_empty() && !TARGETS.is_empty());
    }
}

//! How soon the team wants fixes to be out.

use picket_evidence::Targets;
use toml::Spanned;

use super::Checked;
use crate::config::error::Problem;
use crate::config::raw;

/// A key, and what it says.
type Named<'a> = (&'static str, &'a Option<Spanned<u32>>);

/// What is graver has no more time than what is less so, as far as both have a target.
pub(super) fn targets(raw: &raw::Targets) -> Checked<Targets> {
    let gravest_first = [
        ("exploited_hours", &raw.exploited_hours),
        ("critical_hours", &raw.critical_hours),
        ("high_hours", &raw.high_hours),
        ("medium_hours", &raw.medium_hours),
        ("low_hours", &raw.low_hours),
    ];
    in_order(&gravest_first)?;
    let [exploited, critical, high, medium, low] =
        gravest_first.map(|(_, hours)| hours.as_ref().map(|it| *it.as_ref()));
    Ok(Targets {
        exploited,
        critical,
        high,
        medium,
        low,
    })
}

fn in_order(gravest_first: &[Named<'_>]) -> Checked<()> {
    let mut graver: Option<(&str, u32)> = None;
    for (name, value) in gravest_first {
        let Some(value) = value else { continue };
        let hours = *value.as_ref();
        if hours == 0 {
            let problem = "nothing is out within 0 hours";
            let remedy = "write 1 or more hours, or leave the key out: then there is no target";
            return Err(Problem::new(value.span(), problem, remedy));
        }
        if let Some((other, longer)) = graver.filter(|(_, longer)| *longer > hours) {
            let problem = format!("{name} is {hours}, and {other}, for what is graver, {longer}");
            let remedy = "give what is graver no more hours than what is less so";
            return Err(Problem::new(value.span(), problem, remedy));
        }
        graver = Some((name, hours));
    }
    Ok(())
}

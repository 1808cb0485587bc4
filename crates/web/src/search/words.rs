//! How things stand with a vulnerability, in words.

use picket_domain::{Facts, text};
use picket_statements::{FixedBy, What};

use crate::view::Badge;

/// In a word or three.
pub(crate) fn state_badge(what: &What) -> Badge {
    match what {
        What::Detected { .. } => Badge::new("warn", "Not decided"),
        What::Affected { .. } => Badge::new("bad", "Affected"),
        What::NotAffected { .. } => Badge::new("", "Not affected"),
        What::Mitigated { .. } => Badge::new("warn", "Mitigated"),
        What::Fixed { .. } => Badge::new("good", "Fixed"),
        What::Withdrawn { .. } => Badge::new("bad", "Not fixed any more"),
    }
}

/// In a sentence, but for the pull request and the time.
pub(crate) fn state_words(facts: &Facts, base_label: &str, what: &What) -> String {
    let release = |seq| {
        let release = facts.releases.get(seq);
        release.map_or_else(|| format!("release {seq}"), |it| it.name.to_string())
    };
    match what {
        What::Detected { .. } => "A pull request names it; nobody decided about it.".to_owned(),
        What::Affected { .. } => "A fix was approved, and is not out yet.".to_owned(),
        What::NotAffected { reason, by, .. } => {
            let reason = text::line(reason, text::MAX_LINE);
            format!("{by} looked at it; not affected, because: {reason}")
        }
        What::Mitigated {
            release: first,
            form,
            ..
        } => format!(
            "Releases from {} on have it {}, not fixed.",
            release(*first),
            form.done()
        ),
        What::Fixed {
            by: FixedBy::Release(first),
            ..
        } => format!("Releases from {} on have the fix.", release(*first)),
        What::Fixed {
            by: FixedBy::Base, ..
        } => format!("{base_label} has the fix."),
        What::Withdrawn { release: first, .. } => format!(
            "Releases from {} on are without the fix that earlier ones had.",
            release(*first)
        ),
    }
}

//! What is done to a build's report before it is kept.

use std::collections::BTreeSet;

use crate::build::{BuildReport, JobOutcome};
use crate::store_path::StorePath;

/// What Nix and builders said of all jobs together is kept up to so many bytes.
const TEXTS_MAX: usize = 8 << 20;
/// However many jobs fail, so many bytes of each one's message are kept.
const TEXT_MIN: usize = 200;

impl BuildReport {
    /// Marks the built jobs that have one of these outputs as not fit to ship. Returns whether there
    /// are any.
    pub fn refuse(&mut self, unfit: &BTreeSet<StorePath>, why: &str) -> bool {
        let Self::Evaluated { changed, .. } = self else {
            return false;
        };
        let mut any = false;
        for report in changed {
            let JobOutcome::Built { outputs, .. } = &report.outcome else {
                continue;
            };
            if outputs.iter().any(|output| unfit.contains(output)) {
                let why = why.to_owned();
                report.outcome = JobOutcome::Refused { why };
                any = true;
            }
        }
        any
    }

    /// Shortens what was said of each job, where that is too much for a database or a page: a change
    /// can make a hundred thousand jobs fail, each with as long a message as it likes.
    pub fn shorten(&mut self) {
        let Self::Evaluated { changed, .. } = self else {
            return;
        };
        let each = (TEXTS_MAX / changed.len().max(1)).max(TEXT_MIN);
        for report in changed {
            match &mut report.outcome {
                JobOutcome::Built { .. } => {}
                JobOutcome::Failed { log_tail: text, .. }
                | JobOutcome::Refused { why: text }
                | JobOutcome::EvaluationFailed { error: text } => shorten(text, each),
            }
        }
    }
}

/// Leaves out what is in the middle: Nix says first what went wrong, and builders last.
fn shorten(text: &mut String, most: usize) {
    const LEFT_OUT: &str = "\n[..]\n";
    if text.len() <= most {
        return;
    }
    let half = (most - LEFT_OUT.len()) / 2;
    let (begin, end) = (
        text.floor_char_boundary(half),
        text.ceil_char_boundary(text.len() - half),
    );
    text.replace_range(begin..end, LEFT_OUT);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{built, policy};
    use crate::{JobName, JobReport, PackageSet, Verdict};

    #[test]
    fn a_job_with_an_output_that_is_not_fit_to_ship_breaks_the_change() {
        let mut report = built("a");
        let outputs: BTreeSet<_> = report.built_outputs().into_iter().collect();
        assert!(!report.refuse(&BTreeSet::new(), "nothing"));
        assert_eq!(report.verdict(&policy(1)), Verdict::Passed);
        assert!(report.refuse(&outputs, "its narinfo is too long"));
        assert!(matches!(report.verdict(&policy(1)), Verdict::Rejected(_)));
        assert!(report.built_outputs().is_empty());
        assert!(!report.refuse(&outputs, "again"), "it is marked already");
    }

    #[test]
    fn many_long_messages_are_shortened_and_few_are_not() {
        let message = format!("first {} last", "\u{fffd}".repeat(2_000));
        let report = |jobs: u32| {
            let failed = |number| JobReport {
                job: JobName::parse(&format!("n{number}")).unwrap(),
                outcome: JobOutcome::EvaluationFailed {
                    error: message.clone(),
                },
            };
            let mut report = BuildReport::Evaluated {
                jobs,
                changed: (0..jobs).map(failed).collect(),
                aggregates: Vec::new(),
                packages: PackageSet::default(),
            };
            report.shorten();
            report
        };
        let texts = |report: &BuildReport| -> Vec<String> {
            let text = |it: &JobReport| match &it.outcome {
                JobOutcome::EvaluationFailed { error } => error.clone(),
                other => panic!("{other:?}"),
            };
            report.changed().iter().map(text).collect()
        };
        assert_eq!(texts(&report(3)), vec![message.clone(); 3]);
        let many = texts(&report(100_000));
        assert!(many.iter().all(|it| it.len() <= TEXT_MIN));
        assert!(many[0].starts_with("first ") && many[0].ends_with(" last"));
    }
}

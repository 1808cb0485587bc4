//! What a candidate's page says of the tests that packages name, beside those in its list of jobs.

use picket_domain::{BuildReport, JobName, PackageTestSet, Policy};

/// How many tests that are gone are named.
const NAMED: usize = 5;

/// A sentence for each thing that there is to say.
pub(super) fn lines(report: &BuildReport, policy: &Policy) -> Vec<String> {
    let jobs = report.changed().iter().map(|it| &it.job);
    let changed = jobs.filter(|job| job.is_package_test()).count();
    let set = report.packages().map(|packages| &packages.tests);
    let beside = set.map(beside).unwrap_or_default();
    built(changed, policy).into_iter().chain(beside).collect()
}

fn built(changed: usize, policy: &Policy) -> Option<String> {
    let tail = match policy.package_tests.are_required() {
        true => "",
        false => ", and hold nothing up",
    };
    match changed {
        0 => None,
        1 if tail.is_empty() => Some("1 test that these packages name changes.".to_owned()),
        1 => Some("1 test that these packages name changes, and holds nothing up.".to_owned()),
        _ => Some(format!(
            "{changed} tests that these packages name change{tail}."
        )),
    }
}

fn beside(tests: &PackageTestSet) -> Vec<String> {
    let PackageTestSet {
        left_out,
        packages_left_out,
        gone,
        broken_at_base,
        stopped,
        why_unknown,
    } = tests;
    let counted = [
        (
            *left_out,
            "more of their tests change than the channel builds",
        ),
        (
            *packages_left_out,
            "of these packages: their tests were not looked at",
        ),
        (
            *broken_at_base,
            "of their tests: not to be evaluated, and not at the base either",
        ),
        (
            *stopped,
            "of their tests: the evaluation was stopped, so that nobody knows whether they pass",
        ),
    ];
    let counted = counted.into_iter().filter(|(count, _)| *count > 0);
    let mut lines: Vec<_> = counted
        .map(|(count, what)| format!("{count} {what}."))
        .collect();
    if !gone.is_empty() {
        lines.push(format!("Tests that are gone: {}.", named(gone)));
    }
    if let Some(why) = why_unknown {
        lines.push(format!("What was said first: {why}"));
    }
    lines
}

fn named(tests: &[JobName]) -> String {
    let names: Vec<_> = tests.iter().take(NAMED).map(JobName::as_str).collect();
    match tests.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::{ChannelName, JobOutcome, JobReport, PackageSet, PackageTests, StorePath};

    use super::*;

    fn policy(tests: PackageTests) -> Policy {
        let mut policy = Policy::of(ChannelName::parse("channel").unwrap());
        policy.package_tests = tests;
        policy
    }

    fn report(tests: PackageTestSet, changed: &[&str]) -> BuildReport {
        let path = format!("/nix/store/{}-x.drv", "0".repeat(32));
        let job = |name: &&str| JobReport {
            job: JobName::parse(name).unwrap(),
            outcome: JobOutcome::Built {
                drv: StorePath::parse(&path).unwrap(),
                outputs: Vec::new(),
            },
        };
        BuildReport::Evaluated {
            jobs: 1,
            changed: changed.iter().map(job).collect(),
            aggregates: Vec::new(),
            packages: PackageSet {
                tests,
                ..PackageSet::default()
            },
        }
    }

    #[test]
    fn nothing_is_said_where_there_is_nothing_to_say() {
        let report = report(PackageTestSet::default(), &["tests.a", "pkgs.a"]);
        assert_eq!(lines(&report, &policy(PackageTests::Require)), [""; 0]);
    }

    #[test]
    fn tests_are_counted_with_whether_they_hold_anything_up() {
        let one = report(PackageTestSet::default(), &["test:a.passthru.tests.b"]);
        let said = |report, tests| lines(report, &policy(tests)).join("\n");
        insta::assert_snapshot!(said(&one, PackageTests::Require), @"1 test that these packages name changes.");
        insta::assert_snapshot!(said(&one, PackageTests::Build), @"1 test that these packages name changes, and holds nothing up.");
        let two = report(PackageTestSet::default(), &["test:a", "test:b"]);
        insta::assert_snapshot!(said(&two, PackageTests::Require), @"2 tests that these packages name change.");
        insta::assert_snapshot!(said(&two, PackageTests::Build), @"2 tests that these packages name change, and hold nothing up.");
    }

    #[test]
    fn what_is_not_known_is_said() {
        let gone = |n| JobName::parse(&format!("test:gone{n}")).unwrap();
        let set = PackageTestSet {
            left_out: 3,
            packages_left_out: 40,
            gone: (0..7).map(gone).collect(),
            broken_at_base: 1,
            stopped: 2,
            why_unknown: Some("test:a: it took longer than 600 s".to_owned()),
        };
        let said = lines(&report(set, &[]), &policy(PackageTests::Require)).join("\n");
        insta::assert_snapshot!(said, @"
        3 more of their tests change than the channel builds.
        40 of these packages: their tests were not looked at.
        1 of their tests: not to be evaluated, and not at the base either.
        2 of their tests: the evaluation was stopped, so that nobody knows whether they pass.
        Tests that are gone: test:gone0, test:gone1, test:gone2, test:gone3, test:gone4 and 2 more.
        What was said first: test:a: it took longer than 600 s
        ");
    }
}

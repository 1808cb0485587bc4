//! An impact in words.

use std::fmt;

use picket_nix::text::clean;

use crate::compare::Changed;
use crate::impact::Impact;

/// Attributes of a list that are printed.
const SHOWN: usize = 20;

/// For people: counts first, then the attributes, then what is not known.
impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.differences;
        let kind = if self.exact.is_some() {
            "exactly"
        } else {
            "estimated"
        };
        writeln!(
            f,
            "{} of {} attributes changed, {} added, {} removed, {} newly failing, {} newly working ({kind})",
            what.changed.len(),
            self.attributes,
            what.added.len(),
            what.removed.len(),
            what.newly_failing.len(),
            what.newly_working.len()
        )?;
        let mass = if self.mass_rebuild {
            "mass rebuild: "
        } else {
            ""
        };
        writeln!(f, "{mass}{} derivations to build", self.derivations)?;
        list(f, "changed", &what.changed)?;
        list(f, "added", &what.added)?;
        list(f, "removed", &what.removed)?;
        list(f, "newly working", &what.newly_working)?;
        if !what.newly_failing.is_empty() {
            writeln!(f, "newly failing:")?;
        }
        for failing in what.newly_failing.iter().take(SHOWN) {
            let (attribute, message) = (clean(&failing.attribute), clean(&failing.message));
            writeln!(f, "  {attribute}: {message}")?;
        }
        rest(f, what.newly_failing.len())?;
        for unknown in &self.unknown {
            writeln!(f, "not known: {}", clean(unknown))?;
        }
        for file in &self.missing_files {
            let file = clean(file);
            writeln!(f, "not in the repository, and so not in the trees: {file}")?;
        }
        write!(f, "estimate: {:.2} s", self.estimate_seconds)?;
        if let Some(seconds) = self.base_seconds {
            write!(f, ", after {seconds:.1} s for the base")?;
        }
        if let Some(exact) = &self.exact {
            write!(
                f,
                "; exact answer: {:.1} s; the estimate missed {} and had {} too many",
                exact.exact_seconds, exact.estimate_missed, exact.estimate_too_many
            )?;
        }
        writeln!(f)
    }
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, list: &[Changed]) -> fmt::Result {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}:")?;
    for it in list.iter().take(SHOWN) {
        let attribute = clean(&it.attribute);
        let version = |it: &Option<String>| it.as_deref().map(clean);
        match (version(&it.old), version(&it.new)) {
            (Some(old), Some(new)) if old != new => writeln!(f, "  {attribute} {old} -> {new}")?,
            (Some(version), _) | (None, Some(version)) => writeln!(f, "  {attribute} {version}")?,
            (None, None) => writeln!(f, "  {attribute}")?,
        }
    }
    rest(f, list.len())
}

fn rest(f: &mut fmt::Formatter<'_>, len: usize) -> fmt::Result {
    match len.saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::compare::{Differences, Failing};
    use crate::estimate::Estimate;
    use crate::finding::AttributePath;
    use crate::impact::Exact;

    fn changed(attribute: &str, old: Option<&str>, new: Option<&str>) -> Changed {
        Changed {
            attribute: attribute.to_owned(),
            old: old.map(ToOwned::to_owned),
            new: new.map(ToOwned::to_owned),
        }
    }

    fn impact() -> Impact {
        let user = |n| changed(&format!("user{n}"), Some("1"), Some("1"));
        let mut all = vec![changed("openssl", Some("1.0.2m"), Some("1.0.2n"))];
        all.extend((0..25).map(user));
        let differences = Differences {
            changed: all,
            added: vec![changed("new", None, Some("7"))],
            removed: vec![changed("old\u{1b}[31m", Some("3"), None)],
            newly_failing: vec![Failing {
                attribute: "broken".to_owned(),
                old: Some("1".to_owned()),
                new: None,
                message: "attribute 'x' missing".to_owned(),
                path: AttributePath::top("broken"),
            }],
            newly_working: Vec::new(),
        };
        let estimate = Estimate {
            differences,
            builds: [("user".to_owned(), 812)].into(),
            unknown: vec!["3 attributes mention what changes".to_owned()],
            evaluated: 9,
        };
        Impact {
            estimate_seconds: 0.734,
            base_seconds: Some(12.34),
            missing_files: vec!["pkgs/large.nix".to_owned()],
            ..Impact::estimated(estimate, 6929, 500)
        }
    }

    #[test]
    fn an_estimate_is_told_with_what_it_does_not_know() {
        assert_snapshot!(impact());
    }

    #[test]
    fn an_exact_answer_is_told_with_how_good_the_estimate_was() {
        let estimate = impact();
        let exact = Exact::beside(&estimate, &Differences::default(), 9.87);
        let told = Impact {
            differences: Differences::default(),
            derivations: 0,
            mass_rebuild: false,
            unknown: Vec::new(),
            base_seconds: None,
            missing_files: Vec::new(),
            exact: Some(exact),
            ..estimate
        };
        assert_snapshot!(told);
    }
}

//! Versions that both sides moved.
//!
//! Stable lags behind the base where it has an older version, so its lines about the package are
//! as old. People then take the pull request's lines, and so does this, in each hunk that is about
//! the package; where half of a unit merges cleanly, a hunk is made for it.

use std::collections::BTreeMap;

use crate::{
    nix::units::{Kind, Member, Package, members},
    plan::Plan,
    settle::{Sides, Span},
    source::Source,
};

/// The units of a side.
struct Units {
    members: Vec<Member>,
    packages: Vec<Package>,
}

impl Units {
    fn of(source: &Source<'_>) -> Option<Self> {
        let (members, packages) = members(source.tree()?);
        Some(Self { members, packages })
    }

    /// The members of a package by their path.
    fn package(&self, path: &str) -> BTreeMap<&(String, usize), &Member> {
        self.members
            .iter()
            .filter(|member| member.package == path)
            .map(|member| (&member.path, member))
            .collect()
    }

    fn find(&self, path: &(String, usize)) -> Option<&Member> {
        self.members.iter().find(|member| member.path == *path)
    }
}

/// Marks the hunks in which the pull request's lines are to be taken, and adds hunks for what has
/// to be taken with them.
pub(crate) fn mark(sides: &Sides<'_>, plan: &mut Plan) -> Option<()> {
    let base = Units::of(&sides.base)?;
    let ours = Units::of(&sides.ours)?;
    let theirs = Units::of(&sides.theirs)?;
    let mut packages: Vec<&str> = theirs
        .members
        .iter()
        .map(|member| member.package.as_str())
        .collect();
    packages.sort_unstable();
    packages.dedup();
    for package in packages {
        let [base, ours_of, theirs_of] =
            [&base, &ours, &theirs].map(|units| units.package(package));
        if !is_bump(&base, &ours_of, &theirs_of) {
            continue;
        }
        let touches = |span: &Span| {
            let within = |source: &Source<'_>, members: &BTreeMap<_, &Member>, lines: &std::ops::Range<usize>| {
                members.values().any(|member| {
                    let own = source.lines_of(&member.bytes);
                    own.start < lines.end && lines.start < own.end
                })
            };
            within(&sides.ours, &ours_of, &span.ours) || within(&sides.theirs, &theirs_of, &span.theirs)
        };
        if !plan.hunks().any(|hunk| touches(hunk)) {
            continue;
        }
        plan.take_theirs(|span| is_of(package, &ours, &sides.ours, &span.ours) || is_of(package, &theirs, &sides.theirs, &span.theirs));
        let hashes = theirs_of.values().filter(|member| member.path.0.to_lowercase().contains("sha") || member.path.0.contains("hash") || member.path.0.contains("md5")).count();
        if hashes != 1 { continue; }
        for (path, their) in &theirs_of {
            let Some(our) = ours_of.get(path) else {
                continue;
            };
            if our.value == their.value {
                continue;
            }
            let span = Span {
                base: base.get(path).map_or(0..0, |member| sides.base.lines_of(&member.bytes)),
                ours: sides.ours.lines_of(&our.bytes),
                theirs: sides.theirs.lines_of(&their.bytes),
            };
            let alone = |source: &Source<'_>, member: &Member| {
                let lines = source.lines_of(&member.bytes);
                source.lines(&lines).trim_ascii().len() <= member.bytes.len() + 1
            };
            if alone(&sides.ours, our) && alone(&sides.theirs, their) {
                plan.add(span);
            }
        }
    }
    let _ = Units::find;
    Some(())
}

/// Whether lines are of a package.
fn is_of(package: &str, units: &Units, source: &Source<'_>, lines: &std::ops::Range<usize>) -> bool {
    package.is_empty()
        || !lines.is_empty() && units.packages.iter().any(|other| {
            other.path == package && {
                let own = source.lines_of(&other.bytes);
                own.start <= lines.start && lines.end <= own.end
            }
        })
}

/// Whether the pull request changes the unit, and stable's is of another version than the base's.
fn is_bump(
    base: &BTreeMap<&(String, usize), &Member>,
    ours: &BTreeMap<&(String, usize), &Member>,
    theirs: &BTreeMap<&(String, usize), &Member>,
) -> bool {
    let value = |member: Option<&&Member>| member.map(|member| member.value.clone());
    let theirs_changed = theirs.iter().any(|(path, member)| member.kind == Kind::Identity && value(base.get(path)).is_none_or(|base| base != member.value));
    let lags = ours.iter().any(|(path, member)| {
        member.kind == Kind::Identity
            && value(base.get(path)).is_some_and(|base| base != member.value)
            && value(theirs.get(path)).is_none_or(|theirs| theirs != member.value)
    });
    theirs_changed && lags
}

//! Versions that both sides moved.
//!
//! Stable lags behind the base where it has an older version, so its lines about the package are
//! as old. People then take the pull request's lines, and so does this, in each hunk that is about
//! the package; where half of a unit merges cleanly, a hunk is made for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::{
    nix::units::{Kind, Member, Package, members},
    plan::Plan,
    settle::{Sides, Span},
    source::Source,
};

/// The units of a side.
struct Units<'s, 'a> {
    source: &'s Source<'a>,
    members: Vec<Member>,
    packages: Vec<Package>,
}

/// The members of one package, by their path.
type Unit<'m> = BTreeMap<&'m (String, usize), &'m Member>;

impl<'s, 'a> Units<'s, 'a> {
    fn of(source: &'s Source<'a>) -> Option<Self> {
        let (members, packages) = members(source.tree()?);
        Some(Self {
            source,
            members,
            packages,
        })
    }

    fn unit(&self, package: &str) -> Unit<'_> {
        let members = self.members.iter();
        members
            .filter(|member| member.package == package)
            .map(|member| (&member.path, member))
            .collect()
    }

    /// Whether lines are of a package.
    fn is_of(&self, package: &str, lines: &Range<usize>) -> bool {
        let holds = |other: &Package| {
            let own = self.source.lines_of(&other.bytes);
            other.path == package && own.start <= lines.start && lines.end <= own.end
        };
        package.is_empty() || !lines.is_empty() && self.packages.iter().any(holds)
    }

    /// Whether lines have a member of a unit.
    fn touches(&self, unit: &Unit<'_>, lines: &Range<usize>) -> bool {
        unit.values().any(|member| {
            let own = self.source.lines_of(&member.bytes);
            own.start < lines.end && lines.start < own.end
        })
    }

    /// Whether a member has its lines for itself.
    fn is_alone(&self, member: &Member) -> bool {
        let lines = self.source.lines_of(&member.bytes);
        self.source.lines(&lines).trim_ascii().len() <= member.bytes.len() + 1
    }
}

/// Marks the hunks in which the pull request's lines are to be taken, and adds hunks for what has
/// to be taken with them.
pub(crate) fn mark(sides: &Sides<'_>, plan: &mut Plan) {
    let units = [&sides.base, &sides.ours, &sides.theirs].map(Units::of);
    let [Some(base), Some(ours), Some(theirs)] = &units else {
        return;
    };
    let packages: BTreeSet<&str> = theirs
        .members
        .iter()
        .map(|it| it.package.as_str())
        .collect();
    for package in packages {
        let [base_unit, our_unit, their_unit] = [base, ours, theirs].map(|it| it.unit(package));
        let touches = |span: &Span| {
            ours.touches(&our_unit, &span.ours) || theirs.touches(&their_unit, &span.theirs)
        };
        if !is_bump(&base_unit, &our_unit, &their_unit) || !plan.hunks().any(touches) {
            continue;
        }
        plan.take_theirs(|span| {
            ours.is_of(package, &span.ours) || theirs.is_of(package, &span.theirs)
        });
        // With several sources, it cannot be told which of them a member is of.
        if their_unit
            .values()
            .filter(|member| member.is_hash())
            .count()
            != 1
        {
            continue;
        }
        for (path, their) in &their_unit {
            let Some(our) = our_unit.get(path).filter(|our| our.value != their.value) else {
                continue;
            };
            if ours.is_alone(our) && theirs.is_alone(their) {
                let lines = |member: &&Member| sides.base.lines_of(&member.bytes);
                plan.add(Span {
                    base: base_unit.get(path).map_or(0..0, lines),
                    ours: sides.ours.lines_of(&our.bytes),
                    theirs: sides.theirs.lines_of(&their.bytes),
                });
            }
        }
    }
}

/// Whether the pull request changes the unit, and stable's is of another version than the base's.
fn is_bump(base: &Unit<'_>, ours: &Unit<'_>, theirs: &Unit<'_>) -> bool {
    let value = |member: Option<&&Member>| member.map(|member| member.value.clone());
    let theirs_changed = theirs.iter().any(|(path, member)| {
        member.kind == Kind::Identity
            && value(base.get(path)).is_none_or(|base| base != member.value)
    });
    let lags = ours.iter().any(|(path, member)| {
        member.kind == Kind::Identity
            && value(base.get(path)).is_some_and(|base| base != member.value)
            && value(theirs.get(path)).is_none_or(|theirs| theirs != member.value)
    });
    theirs_changed && lags
}

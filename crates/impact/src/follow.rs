//! Follows a change from attribute to attribute: what may differ is evaluated, what that rebuilds is
//! marked, and who mentions it comes up next.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::dirt::{Candidate, Dirt, Reach};
use crate::error::ImpactError;
use crate::finding::{AttributePath, Finding, Findings, PACKAGES, Package};
use crate::graph::Node;
use crate::index::{Evaluated, Index};
use crate::questions;
use crate::rebuilt::Rebuilt;
use crate::times::Times;
use crate::worker::Worker;

/// The first of what a change touches: more than these would not be few.
const DIRECT_MAX: usize = 50;

/// Attributes that are asked whether a derivation is still there.
const WITNESSES: usize = 2;

pub(crate) struct Following<'a> {
    base: &'a Evaluated,
    pub(crate) dirt: Dirt<'a>,
    pub(crate) worker: Worker,
    times: Times,
    pub(crate) rebuilt: Rebuilt<'a>,
    /// What has been evaluated after the change.
    pub(crate) head: Findings,
    /// The same of attributes of sets.
    members: Findings,
    /// The attributes whose own expressions change, or may.
    direct: FxHashSet<AttributePath>,
    /// Derivations that have been asked for, and whether they are gone.
    gone: FxHashMap<Node, bool>,
    /// Derivations of attributes that are made by what the change touches.
    touched: FxHashSet<&'a str>,
}

/// What there was no time for.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) count: usize,
    /// Some of them.
    pub(crate) some: Vec<AttributePath>,
}

impl<'a> Following<'a> {
    pub(crate) fn new(index: &'a Index, dirt: Dirt<'a>, worker: Worker, times: Times) -> Self {
        let base = &index.evaluated;
        Self {
            base,
            dirt,
            worker,
            times,
            rebuilt: Rebuilt::new(&base.graph, &base.findings),
            head: Findings::new(),
            members: Findings::new(),
            direct: FxHashSet::default(),
            gone: FxHashMap::default(),
            touched: FxHashSet::default(),
        }
    }

    /// Evaluates candidates, and what comes up by it. What is sure to be rebuilt comes last: only its
    /// version and what mentions it are open. Returns what there was no time for, or is beyond so many.
    pub(crate) fn follow(
        &mut self,
        candidates: Vec<Candidate>,
        most: usize,
    ) -> Result<Option<Left>, ImpactError> {
        self.direct
            .extend(candidates.iter().map(|(path, _)| path.clone()));
        let mut queue = VecDeque::from(candidates);
        let mut later = VecDeque::new();
        loop {
            let (path, reach, is_late) = match queue.pop_front() {
                Some((path, reach)) => (path, reach, false),
                None => match later.pop_front() {
                    Some((path, reach)) => (path, reach, true),
                    None => return Ok(None),
                },
            };
            if self.rebuilt.has(&path) && !is_late && !self.head.contains_key(&path) {
                later.push_back((path, reach));
                continue;
            }
            if is_late && self.worker.cpu() > self.times.sure {
                return Ok(None);
            }
            if self.head.len() >= most || !self.visit(&path, reach)? {
                return Ok(self.left(path, queue));
            }
            queue.extend(self.dirt.take_candidates());
        }
    }

    /// What is marked is known to change.
    fn left(&self, path: AttributePath, queue: VecDeque<Candidate>) -> Option<Left> {
        let queue = queue.into_iter().map(|(path, _)| path);
        let left = [path].into_iter().chain(queue);
        let left: Vec<_> = left.filter(|path| !self.rebuilt.has(path)).collect();
        (!left.is_empty()).then(|| Left {
            count: left.len(),
            some: left.into_iter().take(5).collect(),
        })
    }

    /// Looks at an attribute and at what its difference means for others; says whether there was time.
    fn visit(&mut self, path: &AttributePath, reach: Reach) -> Result<bool, ImpactError> {
        let is_direct = self.direct.contains(path);
        // Without what the change touches itself, there is no estimate.
        let must = is_direct && self.head.len() + self.members.len() < DIRECT_MAX;
        let Some(finding) = self.look(path, must)? else {
            return Ok(false);
        };
        let reach = if self.is_member(path) {
            self.judge_member(path, &finding, reach)?
        } else {
            self.judge(path, &finding, reach)?
        };
        if let (Some(reach), Some(name)) = (reach, path.0.last()) {
            self.dirt.spread(name, reach);
        }
        Ok(true)
    }

    /// Whether the job set is another than the packages.
    fn is_beside_packages(&self) -> bool {
        self.base.sets.contains_key(PACKAGES)
    }

    /// Whether it is an attribute of a set, and none of the job set.
    fn is_member(&self, path: &AttributePath) -> bool {
        if self.is_beside_packages() {
            path.0.first().is_some_and(|set| set == PACKAGES)
        } else {
            path.0.len() > 1
        }
    }

    fn before(&self, path: &AttributePath) -> Option<&'a Package> {
        self.base.findings.get(path).and_then(Finding::package)
    }

    /// What an attribute is after the change; `None`: there is no time left.
    fn look(&mut self, path: &AttributePath, must: bool) -> Result<Option<Finding>, ImpactError> {
        let is_member = self.is_member(path);
        let known = if is_member { &self.members } else { &self.head };
        if let Some(finding) = known.get(path) {
            return Ok(Some(finding.clone()));
        }
        if !must && self.worker.cpu() > self.times.open {
            return Ok(None);
        }
        let finding = questions::finding(&mut self.worker, path, Some(self.times.end))?;
        if let Some(finding) = &finding {
            let known = if is_member {
                &mut self.members
            } else {
                &mut self.head
            };
            known.insert(path.clone(), finding.clone());
        }
        Ok(finding)
    }

    /// Marks what the difference rebuilds; says how those are reached who mention the attribute, if
    /// that matters to them. Where an attribute is rebuilt because of what it depends on, others
    /// depend on that as well.
    fn judge(
        &mut self,
        path: &AttributePath,
        after: &Finding,
        reach: Reach,
    ) -> Result<Option<Reach>, ImpactError> {
        let Some(before) = self.base.findings.get(path) else {
            return Ok(Some(Reach::Read));
        };
        let (Finding::Derivation(before), Finding::Derivation(after)) = (before, after) else {
            return Ok(of_other(before, after, reach));
        };
        let reach = self.reach_of(before, reach);
        let is_direct = self.direct.contains(path);
        let is_sure = self.rebuilt.has(path) && !is_direct;
        let differs = before.outputs != after.outputs && !is_sure;
        if differs {
            self.mark(path, before, after)?;
        }
        if before.surface.is_none() || before.surface != after.surface {
            return Ok(Some(Reach::Read));
        }
        // Where what makes it is otherwise, a variant of it can be so although it itself is not.
        let is_otherwise = differs || reach == Reach::Changed;
        Ok(is_otherwise.then_some(Reach::Rebuilt))
    }

    /// A second name of what the change makes otherwise is made otherwise, too: `python3` has the
    /// functions of `python36`.
    fn reach_of(&mut self, before: &'a Package, reach: Reach) -> Reach {
        if reach == Reach::Changed {
            self.touched.insert(&before.drv);
        }
        if self.touched.contains(before.drv.as_str()) {
            Reach::Changed
        } else {
            reach
        }
    }

    /// The same of an attribute of a set, of which it is not known what it was. What it may have been
    /// are the derivations of its name.
    fn judge_member(
        &mut self,
        path: &AttributePath,
        after: &Finding,
        reach: Reach,
    ) -> Result<Option<Reach>, ImpactError> {
        let Finding::Derivation(after) = after else {
            return Ok(of_other(after, after, reach).filter(|_| reach > Reach::Rebuilt));
        };
        let graph = &self.base.graph;
        let before = self.rebuilt.of_name(&after.name);
        let is_there = |node: &Node| after.outputs.iter().any(|it| it == graph.output(*node));
        if before.iter().any(is_there) {
            return Ok(None);
        }
        let mut is_gone = false;
        for node in before {
            if self.mark_if_gone(node, path)? {
                is_gone = true;
                let after = self.rebuilt.overlay.add(&after.drv)?;
                self.bring_up_sharers(node, after);
            }
        }
        Ok(is_gone.then_some(Reach::Read))
    }

    fn mark(
        &mut self,
        path: &AttributePath,
        before: &Package,
        after: &Package,
    ) -> Result<(), ImpactError> {
        let Some(node) = self.rebuilt.node(&before.drv) else {
            return Ok(());
        };
        self.mark_if_gone(node, path)?;
        let after = self.rebuilt.overlay.add(&after.drv)?;
        if self.direct.contains(path) {
            self.bring_up_sharers(node, after);
            return Ok(());
        }
        for (node, after) in self.rebuilt.overlay.changed_first(node, after) {
            if self.mark_if_gone(node, path)? {
                self.bring_up_sharers(node, after);
            }
        }
        Ok(())
    }

    /// What is made of the same source may take it from there, as kernel tools do, without needing what
    /// is built of it, and by way of sets that stop those who mention it from coming up.
    fn bring_up_sharers(&mut self, node: Node, after: Node) {
        for source in self.rebuilt.overlay.dropped_sources(node, after) {
            for path in self.rebuilt.nearest_unmarked(source) {
                self.dirt.bring_up(path);
            }
        }
    }

    /// Marks a derivation that is made otherwise now, and those alike, unless they are still there after
    /// the change: then it is `path` that is made of something else now.
    fn mark_if_gone(&mut self, node: Node, path: &AttributePath) -> Result<bool, ImpactError> {
        if let Some(gone) = self.gone.get(&node) {
            return Ok(*gone);
        }
        let is_gone = !self.is_still_there(node, path)?;
        self.gone.insert(node, is_gone);
        if is_gone {
            self.rebuilt.mark(node);
            for alike in self.rebuilt.alike(node) {
                if !self.rebuilt.is_marked(alike) && !self.gone.contains_key(&alike) {
                    let is_gone = !self.is_still_there(alike, path)?;
                    self.gone.insert(alike, is_gone);
                    if is_gone {
                        self.rebuilt.mark(alike);
                    }
                }
            }
        }
        Ok(is_gone)
    }

    /// Asks attributes that are, or need, a derivation whether they still do.
    fn is_still_there(&mut self, node: Node, path: &AttributePath) -> Result<bool, ImpactError> {
        // Jobs take long, and are asked for nothing else.
        let most = if self.is_beside_packages() {
            0
        } else {
            WITNESSES
        };
        for witness in self.rebuilt.witnesses(node, most) {
            if witness == path {
                continue;
            }
            let Some(Finding::Derivation(after)) = self.look(witness, false)? else {
                continue;
            };
            if self.rebuilt.is_still_needed(node, &after.drv)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where everything may have changed, looks at attributes from all over, as many as there is time
    /// for; what they are made of tells about the others. Returns how many it looked at.
    pub(crate) fn sample(&mut self) -> Result<usize, ImpactError> {
        if self.dirt.everything.is_none() {
            return Ok(0);
        }
        let paths: Vec<_> = self.base.findings.keys().cloned().collect();
        let new = match questions::paths(&mut self.worker, Some(self.times.end)) {
            // What is there then is not known; what was there is looked at.
            Err(ImpactError::Tree(_)) => Vec::new(),
            paths => paths?,
        };
        let new: Vec<_> = new
            .into_iter()
            .filter(|path| !self.base.findings.contains_key(path))
            .collect();
        let mut looked_at = 0;
        for path in new.iter().chain(spread_out(&paths)) {
            if self.head.contains_key(path) || self.rebuilt.has(path) {
                continue;
            }
            let Some(finding) = self.look(path, false)? else {
                break;
            };
            looked_at += 1;
            if let (Some(before), Some(after)) = (self.before(path), finding.package())
                && before.outputs != after.outputs
            {
                self.mark(path, before, after)?;
            }
        }
        Ok(looked_at)
    }
}

/// How those are reached who mention what is no derivation before or after the change.
fn of_other(before: &Finding, after: &Finding, reach: Reach) -> Option<Reach> {
    let is_alike = matches!(
        (before, after),
        (Finding::Set, Finding::Set) | (Finding::Plain, Finding::Plain)
    );
    match reach {
        // What fails, comes or goes is no more than that: who mentions it may do the same.
        _ if !is_alike => Some(Reach::Read),
        Reach::Changed => Some(Reach::Changed),
        // Whoever uses the set or function mentions it, and is looked at.
        Reach::Read => Some(Reach::Rebuilt),
        Reach::Rebuilt => None,
    }
}

/// The same in an order whose every beginning is spread over the whole.
fn spread_out<T>(items: &[T]) -> impl Iterator<Item = &T> {
    let bits = items.len().next_power_of_two().trailing_zeros();
    let reverse = move |place: u64| match bits {
        0 => place,
        bits => place.reverse_bits() >> (64 - bits),
    };
    (0..1_u64 << bits).filter_map(move |place| items.get(reverse(place) as usize))
}

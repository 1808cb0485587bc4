//! Which of the base's derivations a change rebuilds.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::ImpactError;
use crate::finding::{AttributePath, Finding, Findings};
use crate::graph::{Graph, Marks, Node, Reversed};
use crate::overlay::Overlay;
use picket_nix::derivation::without_version as package;

/// The base's derivations, with those marked whose outputs change.
pub(crate) struct Rebuilt<'a> {
    graph: &'a Graph,
    findings: &'a Findings,
    pub(crate) overlay: Overlay<'a>,
    reversed: Reversed,
    /// Derivations by their names, without versions.
    packages: FxHashMap<&'a str, Vec<Node>>,
    marks: Marks,
    /// All attributes, by their derivation.
    attributes: FxHashMap<&'a str, Vec<&'a AttributePath>>,
}

impl<'a> Rebuilt<'a> {
    pub(crate) fn new(graph: &'a Graph, findings: &'a Findings) -> Self {
        let mut packages: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for node in graph.nodes() {
            let package = package(graph.name(node));
            packages.entry(package).or_default().push(node);
        }
        let mut attributes: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for (path, finding) in findings {
            if let Some(package) = finding.package() {
                let drv = package.drv.as_str();
                attributes.entry(drv).or_default().push(path);
            }
        }
        Self {
            graph,
            findings,
            overlay: Overlay::new(graph),
            reversed: graph.reversed(),
            packages,
            marks: Marks::new(graph.len()),
            attributes,
        }
    }

    /// A derivation's place.
    pub(crate) fn node(&self, drv: &str) -> Option<Node> {
        self.overlay.below(drv)
    }

    /// Whether it is known that an attribute is rebuilt.
    pub(crate) fn has(&self, path: &AttributePath) -> bool {
        let package = self.findings.get(path).and_then(Finding::package);
        let node = package.and_then(|it| self.node(&it.drv));
        node.is_some_and(|node| self.marks.has(node))
    }

    /// Whether a derivation is marked.
    pub(crate) fn is_marked(&self, node: Node) -> bool {
        self.marks.has(node)
    }

    /// Marks a derivation and all that it rebuilds.
    pub(crate) fn mark(&mut self, node: Node) {
        self.reversed
            .mark_changed(self.graph, node, &mut self.marks);
    }

    /// Other derivations with the same name: the same expression may have made them, for another
    /// system, with other options, or in another package set. Those with a given hash are what they are.
    pub(crate) fn alike(&self, node: Node) -> Vec<Node> {
        let name = self.graph.name(node);
        let alike = self.of_package(package(name));
        let is_other =
            |it: &Node| *it != node && self.graph.name(*it) == name && !self.graph.is_fixed(*it);
        alike.filter(is_other).collect()
    }

    /// The derivations of this name, without its version, whose hash is not given.
    pub(crate) fn of_name(&self, name: &str) -> Vec<Node> {
        let nodes = self.of_package(package(name));
        nodes.filter(|node| !self.graph.is_fixed(*node)).collect()
    }

    fn of_package(&self, package: &str) -> impl Iterator<Item = Node> {
        self.packages.get(package).into_iter().flatten().copied()
    }

    /// The attributes that tell whether a derivation is still there after the change: those that it is
    /// itself, then those that need it, the nearest first.
    pub(crate) fn witnesses(&self, node: Node, most: usize) -> Vec<&'a AttributePath> {
        const LOOKED_AT: usize = 20_000;
        let mut found: Vec<&AttributePath> = Vec::new();
        let mut seen = FxHashSet::from_iter([node]);
        let mut level = vec![node];
        while !level.is_empty() && found.len() < most && seen.len() < LOOKED_AT {
            for node in &level {
                let attributes = self.attributes.get(self.graph.path(*node));
                found.extend(attributes.into_iter().flatten());
            }
            let dependents = level.iter().flat_map(|node| self.reversed.of(*node));
            level = dependents.copied().filter(|it| seen.insert(*it)).collect();
        }
        found.truncate(most);
        found
    }

    /// The attributes that need a derivation, the nearest ones, but for those that are marked.
    pub(crate) fn nearest_unmarked(&self, node: Node) -> Vec<&'a AttributePath> {
        let mut found: Vec<&AttributePath> = Vec::new();
        let mut seen = FxHashSet::from_iter([node]);
        let mut todo = vec![node];
        while let Some(at) = todo.pop() {
            let attributes = self.attributes.get(self.graph.path(at));
            found.extend(attributes.into_iter().flatten());
            // Whoever needs an attribute that differs is marked with it.
            if at == node || attributes.is_none() {
                let dependents = self.reversed.of(at).iter().copied();
                todo.extend(dependents.filter(|it| !self.marks.has(*it) && seen.insert(*it)));
            }
        }
        found
    }

    /// Whether what makes an attribute after the change still needs a derivation.
    pub(crate) fn is_still_needed(&mut self, node: Node, by: &str) -> Result<bool, ImpactError> {
        let by = self.overlay.add(by)?;
        let needing = self.reversed.all_of(node);
        Ok(self.overlay.needs(by, node, |it| needing.has(it)))
    }

    /// The names of the derivations that are to be built.
    pub(crate) fn builds(&self) -> BTreeMap<String, u32> {
        let is_built = |node: &Node| !self.graph.is_fixed(*node);
        self.graph.packages(self.marks.iter().filter(is_built))
    }
}

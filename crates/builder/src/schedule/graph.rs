//! What is to be built, and what needs what.

use std::collections::BTreeMap;

use picket_domain::StorePath;

use super::Durations;
use picket_nix::derivation::{self, Recipe};

/// Derivations that are to be built.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: BTreeMap<StorePath, Node>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Node {
    /// What it says of itself; empty where it cannot be read, and Nix will say why.
    pub(crate) recipe: Recipe,
    /// How many of the others it needs.
    pub(crate) needs: usize,
    /// Which of the others need it.
    pub(crate) dependents: Vec<StorePath>,
    /// How long it will take, in seconds.
    pub(crate) seconds: u64,
    /// How long it takes from its start to the end of the last that needs it, in seconds, where
    /// nothing has to wait.
    pub(crate) way: u64,
}

impl Graph {
    /// Reads derivations from the store: not for an async thread.
    pub(crate) fn read(drvs: &[StorePath], durations: &Durations) -> Self {
        let node = |drv: &StorePath| {
            let recipe = derivation::read(drv).unwrap_or_default();
            (drv.clone(), recipe, durations.expected(drv))
        };
        Self::of(drvs.iter().map(node))
    }

    /// The graph of derivations, with how long each takes.
    pub(crate) fn of(drvs: impl Iterator<Item = (StorePath, Recipe, u64)>) -> Self {
        let node = |(drv, recipe, seconds)| {
            let node = Node {
                recipe,
                needs: 0,
                dependents: Vec::new(),
                seconds,
                way: seconds,
            };
            (drv, node)
        };
        let mut graph = Self {
            nodes: drvs.map(node).collect(),
        };
        graph.link();
        graph.find_ways();
        graph
    }

    fn link(&mut self) {
        let drvs: Vec<_> = self.nodes.keys().cloned().collect();
        for drv in drvs {
            let inputs = self.nodes[&drv].recipe.inputs.clone();
            let mut needs = 0;
            for input in inputs.iter().filter(|input| **input != drv) {
                if let Some(input) = self.nodes.get_mut(input) {
                    input.dependents.push(drv.clone());
                    needs += 1;
                }
            }
            if let Some(node) = self.nodes.get_mut(&drv) {
                node.needs = needs;
            }
        }
    }

    /// From those that nothing needs to those that they need.
    fn find_ways(&mut self) {
        let left = |node: &Node| node.dependents.len();
        let mut left: BTreeMap<_, _> = self
            .nodes
            .iter()
            .map(|(drv, node)| (drv.clone(), left(node)))
            .collect();
        let mut ends: Vec<_> = left
            .iter()
            .filter(|(_, left)| **left == 0)
            .map(|(drv, _)| drv.clone())
            .collect();
        while let Some(drv) = ends.pop() {
            let node = &self.nodes[&drv];
            let (way, inputs) = (node.way, node.recipe.inputs.clone());
            for input in inputs.iter().filter(|input| **input != drv) {
                let (Some(node), Some(left)) = (self.nodes.get_mut(input), left.get_mut(input))
                else {
                    continue;
                };
                node.way = node.way.max(way.saturating_add(node.seconds));
                *left -= 1;
                if *left == 0 {
                    ends.push(input.clone());
                }
            }
        }
    }
}

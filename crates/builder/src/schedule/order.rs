//! Which derivation comes next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use picket_domain::StorePath;

use super::graph::{Graph, Node};
use picket_nix::derivation::Recipe;

/// What of a graph is still to be built.
///
/// Of what is ready, the one with the longest way to the end comes first: whatever else is done
/// meanwhile, the end cannot come sooner than that way takes.
#[derive(Debug)]
pub(crate) struct Order {
    nodes: BTreeMap<StorePath, Node>,
    ready: BTreeSet<(Reverse<u64>, StorePath)>,
    left_seconds: u64,
}

impl Order {
    pub(crate) fn new(graph: Graph) -> Self {
        let ready = graph.nodes.iter().filter(|(_, node)| node.needs == 0);
        let ready = ready.map(|(drv, node)| (Reverse(node.way), drv.clone()));
        let left = graph.nodes.values().map(|node| node.seconds);
        Self {
            ready: ready.collect(),
            left_seconds: left.fold(0, u64::saturating_add),
            nodes: graph.nodes,
        }
    }

    /// How many derivations are ready that fit.
    pub(crate) fn ready(&self, fits: impl Fn(&Recipe) -> bool) -> usize {
        let ready = self.ready.iter();
        ready
            .filter(|(_, drv)| fits(&self.nodes[drv].recipe))
            .count()
    }

    /// Takes the next derivation that fits.
    pub(crate) fn next(&mut self, fits: impl Fn(&Recipe) -> bool) -> Option<StorePath> {
        let mut ready = self.ready.iter();
        let next = ready
            .find(|(_, drv)| fits(&self.nodes[drv].recipe))?
            .clone();
        self.ready.remove(&next);
        Some(next.1)
    }

    /// The derivations that are so, ready or not, with what they ask of a machine.
    pub(crate) fn those(&self, are_so: impl Fn(&Recipe) -> bool) -> Vec<(StorePath, String)> {
        let nodes = self.nodes.iter().filter(|(_, node)| are_so(&node.recipe));
        nodes
            .map(|(drv, node)| (drv.clone(), asked(&node.recipe)))
            .collect()
    }

    /// A derivation that was taken is built; what waited for it alone is ready.
    pub(crate) fn built(&mut self, drv: &StorePath) {
        for dependent in self.done(drv) {
            let Some(node) = self.nodes.get_mut(&dependent) else {
                continue;
            };
            node.needs -= 1;
            if node.needs == 0 {
                self.ready.insert((Reverse(node.way), dependent));
            }
        }
    }

    /// A derivation failed, or is not to be tried; hands back all that need it, which are not built.
    pub(crate) fn failed(&mut self, drv: &StorePath) -> Vec<StorePath> {
        let mut without = Vec::new();
        let mut waiting = self.done(drv);
        while let Some(drv) = waiting.pop() {
            if self.nodes.contains_key(&drv) {
                waiting.extend(self.done(&drv));
                without.push(drv);
            }
        }
        without
    }

    /// How long the rest takes one after the other, in seconds.
    pub(crate) fn left_seconds(&self) -> u64 {
        self.left_seconds
    }

    /// Forgets a derivation; hands back those that need it.
    fn done(&mut self, drv: &StorePath) -> Vec<StorePath> {
        let Some(node) = self.nodes.remove(drv) else {
            return Vec::new();
        };
        self.ready.remove(&(Reverse(node.way), drv.clone()));
        self.left_seconds = self.left_seconds.saturating_sub(node.seconds);
        node.dependents
    }
}

/// What a derivation asks of a machine, for a person.
fn asked(recipe: &Recipe) -> String {
    let features: Vec<_> = recipe.features.iter().map(String::as_str).collect();
    let with = match features.as_slice() {
        [] => String::new(),
        features => format!(" with the features {}", features.join(", ")),
    };
    format!("no machine builds for {}{with}", recipe.system)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drv(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}.drv", "0".repeat(32))).unwrap()
    }

    /// Derivations with what they need and how long they take.
    fn order(drvs: &[(&str, &[&str], u64)]) -> Order {
        let node = |(name, inputs, seconds): &(&str, &[&str], u64)| {
            let recipe = Recipe {
                inputs: inputs.iter().map(|input| drv(input)).collect(),
                system: (*name).to_owned(),
                ..Recipe::default()
            };
            (drv(name), recipe, *seconds)
        };
        Order::new(Graph::of(drvs.iter().map(node)))
    }

    fn all(mut order: Order) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(next) = order.next(|_| true) {
            order.built(&next);
            names.push(next.name().trim_end_matches(".drv").to_owned());
        }
        assert_eq!(order.left_seconds(), 0);
        names
    }

    #[test]
    fn the_longest_way_to_the_end_comes_first() {
        let order = order(&[
            ("quick", &[], 10),
            ("slow", &[], 92),
            ("lib", &["base"], 50),
            ("base", &[], 5),
            ("app", &["lib", "quick"], 40),
        ]);
        // base, lib and app take 95 s after each other; slow takes 92.
        assert_eq!(all(order), ["base", "slow", "lib", "quick", "app"]);
    }

    #[test]
    fn what_needs_a_failed_one_is_not_built_and_the_rest_is() {
        let mut order = order(&[
            ("lib", &[], 1),
            ("middle", &["lib"], 1),
            ("app", &["middle", "other"], 1),
            ("other", &["unknown"], 1),
        ]);
        let lib = order.next(|recipe| recipe.system == "lib").unwrap();
        let mut without = order.failed(&lib);
        without.sort();
        assert_eq!(without, [drv("app"), drv("middle")]);
        assert_eq!(all(order), ["other"]);
    }

    #[test]
    fn what_does_not_fit_stays_where_it_is() {
        let mut order = order(&[("a", &[], 9), ("b", &[], 1)]);
        assert_eq!(order.ready(|recipe| recipe.system == "b"), 1);
        assert_eq!(order.next(|recipe| recipe.system == "b"), Some(drv("b")));
        assert_eq!(order.next(|recipe| recipe.system == "b"), None);
        assert_eq!(order.next(|_| true), Some(drv("a")));
    }
}

//! Which derivations need which: compact, and read in either direction.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use picket_nix::derivation::{needs, without_version};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::error::{ImpactError, at};

/// A derivation, by its place in the graph.
pub(crate) type Node = u32;

/// A graph of derivations. It only grows.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Graph {
    /// Store paths.
    paths: Vec<String>,
    /// Whether the output's hash is given.
    fixed: Vec<bool>,
    /// The first of each derivation's outputs, which tells outputs apart as well as all.
    outputs: Vec<String>,
    /// Where each derivation's inputs begin in `inputs`; one more than there are derivations.
    starts: Vec<u32>,
    inputs: Vec<Node>,
}

impl Graph {
    /// The graph of these derivations and all that they need, read from their files.
    ///
    /// # Errors
    /// When one of the files cannot be read, or is no derivation.
    pub(crate) fn read<'a>(drvs: impl IntoIterator<Item = &'a str>) -> Result<Self, ImpactError> {
        Reading::default().all(0, drvs)
    }

    /// The graph of these derivations, with the help of one that has most of them.
    ///
    /// # Errors
    /// As for [`Graph::read`].
    pub(crate) fn grown<'a>(
        mut self,
        drvs: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<Self, ImpactError> {
        let known = self.len();
        let places = (0..).zip(self.paths.iter().cloned());
        let places = places.map(|(node, path)| (path, node)).collect();
        self.starts.pop();
        let graph = self;
        let graph = Reading { graph, places }.all(known, drvs.clone())?;
        let places = graph.places();
        let wanted = graph.closure(drvs.filter_map(|drv| places.get(drv).copied()));
        Ok(graph.only(&wanted))
    }

    /// The part of the graph that is marked, with all that it needs.
    fn only(&self, wanted: &Marks) -> Self {
        let mut places = vec![0; self.len()];
        for (place, node) in (0..).zip(wanted.iter()) {
            places[node as usize] = place;
        }
        let mut part = Self::default();
        for node in wanted.iter() {
            part.starts.push(part.inputs.len() as u32);
            part.paths.push(self.path(node).to_owned());
            part.fixed.push(self.is_fixed(node));
            part.outputs.push(self.output(node).to_owned());
            let inputs = self.inputs(node).iter();
            part.inputs
                .extend(inputs.map(|input| places[*input as usize]));
        }
        part.starts.push(part.inputs.len() as u32);
        part
    }

    /// How many derivations there are.
    pub(crate) fn len(&self) -> usize {
        self.paths.len()
    }

    /// A derivation's store path.
    pub(crate) fn path(&self, node: Node) -> &str {
        &self.paths[node as usize]
    }

    /// A derivation's name without its hash.
    pub(crate) fn name(&self, node: Node) -> &str {
        drv_name(self.path(node))
    }

    /// The names of derivations without their versions, and how many have each.
    pub(crate) fn packages(&self, nodes: impl Iterator<Item = Node>) -> BTreeMap<String, u32> {
        let mut all = BTreeMap::new();
        for node in nodes {
            let name = self.name(node);
            let name = without_version(name.strip_suffix(".drv").unwrap_or(name));
            *all.entry(name.to_owned()).or_default() += 1;
        }
        all
    }

    /// A derivation's first output.
    pub(crate) fn output(&self, node: Node) -> &str {
        &self.outputs[node as usize]
    }

    /// Whether a derivation's output has a given hash.
    pub(crate) fn is_fixed(&self, node: Node) -> bool {
        self.fixed[node as usize]
    }

    /// All derivations.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node> {
        0..self.len() as Node
    }

    /// The derivations that one needs.
    pub(crate) fn inputs(&self, node: Node) -> &[Node] {
        let (from, to) = (self.starts[node as usize], self.starts[node as usize + 1]);
        &self.inputs[from as usize..to as usize]
    }

    /// Every derivation's place.
    pub(crate) fn places(&self) -> FxHashMap<&str, Node> {
        (0..)
            .zip(&self.paths)
            .map(|(node, path)| (path.as_str(), node))
            .collect()
    }

    /// Each derivation's dependents.
    pub(crate) fn reversed(&self) -> Reversed {
        let mut starts = vec![0_u32; self.len() + 1];
        for input in &self.inputs {
            starts[*input as usize + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut at = starts.clone();
        let mut dependents = vec![0; self.inputs.len()];
        for node in self.nodes() {
            for input in self.inputs(node) {
                dependents[at[*input as usize] as usize] = node;
                at[*input as usize] += 1;
            }
        }
        Reversed { starts, dependents }
    }

    /// What is needed to build these, themselves included.
    pub(crate) fn closure(&self, of: impl IntoIterator<Item = Node>) -> Marks {
        let mut marks = Marks::new(self.len());
        let mut todo: Vec<_> = of.into_iter().filter(|node| marks.set(*node)).collect();
        while let Some(node) = todo.pop() {
            todo.extend(self.inputs(node).iter().filter(|input| marks.set(**input)));
        }
        marks
    }
}

/// The dependents of every derivation of a graph.
#[derive(Debug)]
pub(crate) struct Reversed {
    starts: Vec<u32>,
    dependents: Vec<Node>,
}

impl Reversed {
    /// The derivations that need this one.
    pub(crate) fn of(&self, node: Node) -> &[Node] {
        let (from, to) = (self.starts[node as usize], self.starts[node as usize + 1]);
        &self.dependents[from as usize..to as usize]
    }

    /// Whatever needs a derivation, itself included.
    pub(crate) fn all_of(&self, node: Node) -> Marks {
        let mut marks = Marks::new(self.starts.len() - 1);
        marks.set(node);
        let mut todo = vec![node];
        while let Some(node) = todo.pop() {
            let dependents = self.of(node).iter();
            todo.extend(dependents.filter(|it| marks.set(**it)));
        }
        marks
    }

    /// Marks everything whose output paths change when these derivations change. It stops at outputs
    /// with a given hash: Nix names them by that hash, and what needs them by that name.
    pub(crate) fn mark_changed(&self, graph: &Graph, node: Node, marks: &mut Marks) {
        let mut todo = Vec::new();
        if marks.set(node) {
            todo.push(node);
        }
        while let Some(node) = todo.pop() {
            let dependents = self.of(node).iter().filter(|it| !graph.is_fixed(**it));
            todo.extend(dependents.filter(|it| marks.set(**it)));
        }
    }
}

/// A set of derivations.
#[derive(Debug)]
pub(crate) struct Marks(Vec<bool>);

impl Marks {
    pub(crate) fn new(len: usize) -> Self {
        Self(vec![false; len])
    }

    /// Whether it is new to the set.
    pub(crate) fn set(&mut self, node: Node) -> bool {
        !std::mem::replace(&mut self.0[node as usize], true)
    }

    pub(crate) fn has(&self, node: Node) -> bool {
        self.0[node as usize]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Node> {
        let is_set = |(node, is_set): (Node, &bool)| is_set.then_some(node);
        (0..).zip(&self.0).filter_map(is_set)
    }
}

#[derive(Default)]
struct Reading {
    graph: Graph,
    places: FxHashMap<String, Node>,
}

impl Reading {
    /// Reads these derivations and all that they need, behind the first ones, which have been read.
    fn all<'a>(
        mut self,
        mut next: usize,
        drvs: impl IntoIterator<Item = &'a str>,
    ) -> Result<Graph, ImpactError> {
        for drv in drvs {
            self.node(drv);
        }
        // What is read names what is to be read next.
        while next < self.graph.paths.len() {
            self.read(next)?;
            next += 1;
        }
        self.graph.starts.push(self.end());
        Ok(self.graph)
    }

    fn node(&mut self, path: &str) -> Node {
        if let Some(node) = self.places.get(path) {
            return *node;
        }
        let node = self.graph.paths.len() as Node;
        self.graph.paths.push(path.to_owned());
        self.places.insert(path.to_owned(), node);
        node
    }

    fn end(&self) -> u32 {
        self.graph.inputs.len() as u32
    }

    fn read(&mut self, place: usize) -> Result<(), ImpactError> {
        let read = read_row(&self.graph.paths[place])?;
        let start = self.end();
        self.graph.starts.push(start);
        self.graph.fixed.push(read.is_fixed);
        self.graph.outputs.push(read.output);
        for input in &read.inputs {
            let node = self.node(input);
            self.graph.inputs.push(node);
        }
        Ok(())
    }
}

/// What a derivation's file says.
pub(crate) struct Read {
    /// The first of its outputs.
    pub(crate) output: String,
    /// The derivations that it needs.
    pub(crate) inputs: Vec<String>,
    is_fixed: bool,
}

/// Reads a derivation's file.
pub(crate) fn read_row(path: &str) -> Result<Read, ImpactError> {
    let text = fs::read_to_string(path).map_err(at(Path::new(path)))?;
    let needs = needs::parse(&text).map_err(|reason| ImpactError::Derivation {
        path: path.to_owned(),
        reason: reason.to_owned(),
    })?;
    let output = needs.outputs.first().copied().unwrap_or_default();
    let needed = needs.derivations.iter();
    Ok(Read {
        output: output.to_owned(),
        inputs: needed.map(|it| (*it).to_owned()).collect(),
        is_fixed: needs.is_fixed,
    })
}

/// A derivation's name without its hash.
pub(crate) fn drv_name(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.get(33..).unwrap_or(name)
}

//! A graph of derivations with more of them over it, read as they are needed. What both have is read
//! once.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::ImpactError;
use crate::graph::{Graph, Node, drv_name, read_row};
use picket_nix::derivation::without_version as package;

pub(crate) struct Overlay<'a> {
    graph: &'a Graph,
    places: FxHashMap<&'a str, Node>,
    rows: Vec<Row>,
    /// How many of these have been read.
    read: usize,
    new_places: FxHashMap<String, Node>,
}

/// A derivation over the graph.
#[derive(Default)]
struct Row {
    path: String,
    output: String,
    inputs: Vec<Node>,
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(graph: &'a Graph) -> Self {
        Self {
            graph,
            places: graph.places(),
            rows: Vec::new(),
            read: 0,
            new_places: FxHashMap::default(),
        }
    }

    /// A derivation's place, if it is in the graph below.
    pub(crate) fn below(&self, drv: &str) -> Option<Node> {
        self.places.get(drv).copied()
    }

    fn known(&self, drv: &str) -> Option<Node> {
        self.below(drv)
            .or_else(|| self.new_places.get(drv).copied())
    }

    /// A derivation's place; it and what it needs are read where they are not known.
    pub(crate) fn add(&mut self, drv: &str) -> Result<Node, ImpactError> {
        let node = self.place(drv);
        // What is read names what is to be read next.
        while self.read < self.rows.len() {
            let read = read_row(&self.rows[self.read].path)?;
            let inputs = read.inputs.iter().map(|it| self.place(it)).collect();
            let row = &mut self.rows[self.read];
            row.output = read.output;
            row.inputs = inputs;
            self.read += 1;
        }
        Ok(node)
    }

    fn place(&mut self, drv: &str) -> Node {
        if let Some(node) = self.known(drv) {
            return node;
        }
        let node = (self.graph.len() + self.rows.len()) as Node;
        self.rows.push(Row {
            path: drv.to_owned(),
            ..Row::default()
        });
        self.new_places.insert(drv.to_owned(), node);
        node
    }

    fn row(&self, node: Node) -> Option<&Row> {
        self.rows
            .get((node as usize).checked_sub(self.graph.len())?)
    }

    fn name(&self, node: Node) -> &str {
        match self.row(node) {
            Some(row) => drv_name(&row.path),
            None => self.graph.name(node),
        }
    }

    fn output(&self, node: Node) -> &str {
        match self.row(node) {
            Some(row) => &row.output,
            None => self.graph.output(node),
        }
    }

    fn inputs(&self, node: Node) -> &[Node] {
        match self.row(node) {
            Some(row) => &row.inputs,
            None => self.graph.inputs(node),
        }
    }

    /// Whether a derivation needs one of the graph below, or is it. `needing` says that of those below.
    pub(crate) fn needs(&self, from: Node, node: Node, needing: impl Fn(Node) -> bool) -> bool {
        let output = self.graph.output(node);
        let mut seen = FxHashSet::from_iter([from]);
        let mut todo = vec![from];
        while let Some(at) = todo.pop() {
            let found = match self.row(at) {
                // Made otherwise, but the same.
                Some(row) => row.output == output,
                None => needing(at),
            };
            if found {
                return true;
            }
            if self.row(at).is_some() {
                let inputs = self.inputs(at).iter().copied();
                todo.extend(inputs.filter(|it| seen.insert(*it)));
            }
        }
        false
    }

    /// Where a derivation of the graph below and another one begin to differ, in pairs: what is made
    /// otherwise, although all that it is made of is the same, or it is made of something else, or of
    /// another download. The old download itself may be somebody else's still.
    pub(crate) fn changed_first(&self, old: Node, new: Node) -> Vec<(Node, Node)> {
        let mut first = Vec::new();
        let mut seen = FxHashSet::default();
        let mut todo = vec![(old, new)];
        while let Some((old, new)) = todo.pop() {
            if self.output(old) == self.output(new) || !seen.insert((old, new)) {
                continue;
            }
            let pairs = self.differing_inputs(old, new).unwrap_or_default();
            let made = pairs.iter().filter(|(old, _)| !self.graph.is_fixed(*old));
            let before = todo.len();
            todo.extend(made);
            if todo.len() - before < pairs.len() || pairs.is_empty() {
                first.push((old, new));
            }
        }
        first
    }

    /// The downloads that a derivation of the graph below is made of, and the other one is not.
    pub(crate) fn dropped_sources(&self, old: Node, new: Node) -> Vec<Node> {
        let here = self.outputs_of_inputs(new);
        let is_dropped =
            |input: &Node| self.graph.is_fixed(*input) && !here.contains(self.graph.output(*input));
        let inputs = self.graph.inputs(old).iter().copied();
        inputs.filter(is_dropped).collect()
    }

    /// The inputs of two derivations that differ, in pairs of a name; `None`: some have no partner.
    fn differing_inputs(&self, old: Node, new: Node) -> Option<Vec<(Node, Node)>> {
        let (there, here) = (self.outputs_of_inputs(old), self.outputs_of_inputs(new));
        let gone = self.inputs(old).iter().copied();
        let gone = gone.filter(|it| !here.contains(self.output(*it)));
        let come = self.inputs(new).iter().copied();
        let come: Vec<_> = come
            .filter(|it| !there.contains(self.output(*it)))
            .collect();
        let pair = |old| Some((old, self.partner(self.name(old), &come)?));
        let pairs: Vec<_> = gone.map(pair).collect::<Option<_>>()?;
        (pairs.len() == come.len()).then_some(pairs)
    }

    fn outputs_of_inputs(&self, node: Node) -> FxHashSet<&str> {
        let inputs = self.inputs(node).iter();
        inputs.map(|it| self.output(*it)).collect()
    }

    /// The one that has the same name, or the same but for its version.
    fn partner(&self, name: &str, come: &[Node]) -> Option<Node> {
        let only = |is_alike: &dyn Fn(&str) -> bool| {
            let mut alike = come.iter().filter(|it| is_alike(self.name(**it)));
            match (alike.next(), alike.next()) {
                (Some(node), None) => Some(*node),
                _ => None,
            }
        };
        only(&|it| it == name).or_else(|| only(&|it| package(it) == package(name)))
    }
}

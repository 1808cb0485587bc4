//! What the walk finds: paths, directories, and what rename detection wants to know.

use rustc_hash::FxHashMap;
use typed_arena::Arena;

use crate::{
    id::{ObjectId, Version},
    objects::Content,
    tree::Entry,
};

/// Index of the merge base among the three trees.
pub(crate) const BASE: usize = 0;
/// Index of our tree.
pub(crate) const OURS: usize = 1;
/// Index of their tree.
pub(crate) const THEIRS: usize = 2;
/// Both sides.
pub(crate) const SIDES: [usize; 2] = [OURS, THEIRS];

/// A set of the three trees, as bits: 1 base, 2 ours, 4 theirs.
pub(crate) type Mask = u8;
pub(crate) const ALL: Mask = 7;

pub(crate) type NodeId = usize;
pub(crate) type DirId = usize;

/// What a merge borrows from: tree contents and path names live as long as it.
#[derive(Default)]
pub(crate) struct Memory {
    pub(super) trees: Arena<Content>,
    bytes: Arena<u8>,
}

impl Memory {
    pub(super) fn path(&self, directory: &[u8], name: &[u8]) -> &[u8] {
        let slash: &[u8] = if directory.is_empty() { b"" } else { b"/" };
        let path = directory.iter().chain(slash).chain(name);
        self.bytes.alloc_extend(path.copied())
    }
}

/// A path on which the three trees do not simply agree.
pub(crate) struct Node<'a> {
    pub(crate) path: &'a [u8],
    pub(crate) name: &'a [u8],
    pub(crate) stages: [Option<Version>; 3],
    pub(crate) files: Mask,
    pub(crate) dirs: Mask,
    /// Trees that agree: none, or two.
    pub(crate) matching: Mask,
    pub(crate) file_and_directory: bool,
    /// Part of a conflict of paths, such as two renames of one file.
    pub(crate) path_conflict: bool,
    /// Settled: `result` says as what, nothing being a removal.
    pub(crate) clean: bool,
    pub(crate) result: Option<Version>,
    pub(crate) directory: Option<DirId>,
}

impl Node<'_> {
    pub(crate) fn settle(&mut self, result: Option<Version>) {
        self.clean = true;
        self.result = result;
    }
}

/// One entry of a directory that was walked.
#[derive(Clone, Copy)]
pub(crate) enum Child<'a> {
    Settled(Entry<'a>),
    Node(NodeId),
}

/// A directory that was walked.
pub(crate) struct Directory<'a> {
    pub(crate) children: Vec<Child<'a>>,
    /// The trees' own versions of it.
    pub(crate) versions: [Option<(ObjectId, &'a [u8])>; 3],
}

/// Why the other end of a removed file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relevance {
    /// The other side changed the file.
    Content,
    /// It tells where its directory went.
    Location,
}

/// Why it matters where a removed directory went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirRelevance {
    None,
    /// A directory above it is looked for.
    ForAncestor,
    /// The other side added a file to it.
    ForSelf,
}

/// A file that one side removed or added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) node: NodeId,
    pub(crate) added: bool,
}

/// What the walk learns for rename detection, by side.
#[derive(Default)]
pub(crate) struct SideInfo<'a> {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) relevant: FxHashMap<NodeId, Relevance>,
    pub(crate) dirs_removed: FxHashMap<&'a [u8], DirRelevance>,
    /// Directories that only this side changed, with the directory mask at that point.
    pub(super) deferred: Vec<(NodeId, Mask)>,
    /// Whether directories may still be deferred.
    pub(super) must_descend: bool,
}

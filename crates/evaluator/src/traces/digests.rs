//! What looks show in one tree, each looked at once.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use picket_domain::Sha256;
use picket_reads::{Look, Tree};

/// What looks show in one tree.
pub(crate) struct Digests {
    tree: Tree,
    known: HashMap<Look, Option<Sha256>>,
}

impl Digests {
    pub(crate) fn of(tree: &Path) -> io::Result<Self> {
        Ok(Self {
            tree: Tree::open(tree)?,
            known: HashMap::new(),
        })
    }

    /// The path of a look without links in it, where it is another one.
    pub(crate) fn real_path(&self, look: &Look) -> Option<PathBuf> {
        let real = self.tree.real_path(&look.path);
        real.filter(|real| *real != look.path)
    }

    /// What a look shows; `None`: nobody can tell, or its path cannot be written down.
    pub(crate) fn digest(&mut self, look: &Look) -> Option<Sha256> {
        if !self.known.contains_key(look) {
            let shows = look.path.to_str().and_then(|_| self.tree.digest(look));
            self.known.insert(look.clone(), shows);
        }
        self.known[look]
    }
}

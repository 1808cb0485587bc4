//! Objects of a git repository on disk: packs, loose objects, alternates.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
};

use gix_object::Find as _;
use rustc_hash::FxHashMap;

use crate::{
    id::ObjectId,
    kind::Kind,
    location::Location,
    objects::{Content, Objects, Pieces, ReadError},
};

/// Bytes of unpacked objects that are kept because other objects are stored as differences to
/// them.
const DELTA_CACHE: usize = 96 << 20;
/// Bytes of trees that are kept for the next merge.
const TREE_CACHE: usize = 48 << 20;
/// Bytes of similarity data that is kept for the next merge.
const PIECES_CACHE: usize = 32 << 20;

/// A repository cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("{path} is not a git repository that can be read: {reason}")]
pub struct OpenError {
    path: PathBuf,
    reason: String,
}

/// Reads the objects of a repository, and remembers what the next merge is likely to want. It
/// never writes. Use one in each thread.
pub struct Repository {
    objects: gix_odb::Handle,
    trees: RefCell<Cache<Content>>,
    pieces: RefCell<Cache<Rc<Pieces>>>,
    sizes: RefCell<FxHashMap<ObjectId, u64>>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").finish_non_exhaustive()
    }
}

impl Repository {
    /// Opens the repository at `path`: a bare one, or the top of a work tree.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |reason: String| OpenError {
            path: path.to_owned(),
            reason,
        };
        let directory = Location::of(path).common_dir.join("objects");
        if !directory.is_dir() {
            return Err(failed("it has no objects directory".to_owned()));
        }
        let mut objects = gix_odb::at(directory, gix_hash::Kind::Sha1)
            .map_err(|error| failed(error.to_string()))?;
        objects.set_pack_cache(|| {
            Box::new(gix_pack::cache::lru::MemoryCappedHashmap::new(DELTA_CACHE))
        });
        // Objects do not appear during a merge: absent means absent.
        objects.refresh_never();
        Ok(Self {
            objects,
            trees: RefCell::new(Cache::new(TREE_CACHE)),
            pieces: RefCell::new(Cache::new(PIECES_CACHE)),
            sizes: RefCell::default(),
        })
    }

    fn unpack(&self, id: &ObjectId, kind: Kind) -> Result<Content, ReadError> {
        let mut buffer = Vec::new();
        let found = self
            .objects
            .try_find(&oid(id), &mut buffer)
            .map_err(|error| ReadError::Unreadable {
                id: *id,
                reason: error.to_string(),
            })?
            .map(|data| data.kind);
        let expected = match kind {
            Kind::Blob => gix_object::Kind::Blob,
            Kind::Tree => gix_object::Kind::Tree,
            Kind::Commit => gix_object::Kind::Commit,
        };
        match found {
            None => Err(ReadError::Missing { id: *id, kind }),
            Some(found) if found != expected => Err(ReadError::Malformed { id: *id, kind }),
            Some(_) => Ok(Rc::new(buffer)),
        }
    }
}

fn oid(id: &ObjectId) -> gix_hash::ObjectId {
    gix_hash::ObjectId::Sha1(*id.as_bytes())
}

impl Objects for Repository {
    fn read(&self, id: &ObjectId, kind: Kind) -> Result<Content, ReadError> {
        if kind != Kind::Tree {
            return self.unpack(id, kind);
        }
        if let Some(tree) = self.trees.borrow_mut().get(id) {
            return Ok(tree);
        }
        let tree = self.unpack(id, kind)?;
        self.trees
            .borrow_mut()
            .put(*id, Rc::clone(&tree), tree.len());
        Ok(tree)
    }

    fn blob_size(&self, id: &ObjectId) -> Result<u64, ReadError> {
        if let Some(size) = self.sizes.borrow().get(id) {
            return Ok(*size);
        }
        let header = gix_odb::Header::try_header(&self.objects, &oid(id))
            .map_err(|error| ReadError::Unreadable {
                id: *id,
                reason: error.to_string(),
            })?
            .ok_or(ReadError::Missing {
                id: *id,
                kind: Kind::Blob,
            })?;
        let mut sizes = self.sizes.borrow_mut();
        if sizes.len() > PIECES_CACHE / 64 {
            sizes.clear();
        }
        sizes.insert(*id, header.size());
        Ok(header.size())
    }

    fn pieces(&self, id: &ObjectId) -> Result<Rc<Pieces>, ReadError> {
        if let Some(pieces) = self.pieces.borrow_mut().get(id) {
            return Ok(pieces);
        }
        let pieces = Rc::new(Pieces::of(&self.unpack(id, Kind::Blob)?));
        self.pieces
            .borrow_mut()
            .put(*id, Rc::clone(&pieces), pieces.weight());
        Ok(pieces)
    }
}

/// A bounded cache in two generations: what was not used during the last one is dropped.
struct Cache<V> {
    limit: usize,
    weight: usize,
    young: FxHashMap<ObjectId, (V, usize)>,
    old: FxHashMap<ObjectId, (V, usize)>,
}

impl<V: Clone> Cache<V> {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            weight: 0,
            young: FxHashMap::default(),
            old: FxHashMap::default(),
        }
    }

    fn get(&mut self, id: &ObjectId) -> Option<V> {
        if let Some((value, _)) = self.young.get(id) {
            return Some(value.clone());
        }
        let (value, weight) = self.old.remove(id)?;
        self.put(*id, value.clone(), weight);
        Some(value)
    }

    fn put(&mut self, id: ObjectId, value: V, weight: usize) {
        if self.weight > self.limit / 2 {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += weight;
        self.young.insert(id, (value, weight));
    }
}

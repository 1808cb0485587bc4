//! Where objects come from, and the new ones that a merge makes.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::{id::ObjectId, kind::Kind};

/// An object's content.
pub type Content = Rc<Vec<u8>>;

/// An object cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The repository lacks the object, as partial clones do.
    #[error("{kind} {id} is not in the repository; fetch it, or use a full clone")]
    Missing {
        /// The object.
        id: ObjectId,
        /// What it was expected to be.
        kind: Kind,
    },
    /// The object is there, and is not what it should be.
    #[error("{id} is not a well-formed {kind}; check the repository with `git fsck`")]
    Malformed {
        /// The object.
        id: ObjectId,
        /// What it was expected to be.
        kind: Kind,
    },
    /// The repository cannot be read.
    #[error("the repository's object {id} cannot be read: {reason}")]
    Unreadable {
        /// The object.
        id: ObjectId,
        /// What the system said.
        reason: String,
    },
}

/// A source of objects.
pub trait Objects {
    /// The content of the object `id`, which is of `kind`.
    ///
    /// # Errors
    /// When the object is absent, of another kind, or unreadable.
    fn read(&self, id: &ObjectId, kind: Kind) -> Result<Content, ReadError>;

    /// The size in bytes of the blob `id`'s content: cheaper than to read it.
    ///
    /// # Errors
    /// As [`Objects::read`].
    fn blob_size(&self, id: &ObjectId) -> Result<u64, ReadError> {
        Ok(self.read(id, Kind::Blob)?.len() as u64)
    }

    /// How often each hashed piece of the blob `id` occurs (see [`Pieces`]); a source that
    /// outlives one merge may remember it.
    ///
    /// # Errors
    /// As [`Objects::read`].
    fn pieces(&self, id: &ObjectId) -> Result<Rc<Pieces>, ReadError> {
        Ok(Rc::new(Pieces::of(&self.read(id, Kind::Blob)?)))
    }
}

impl<O: Objects + ?Sized> Objects for &O {
    fn read(&self, id: &ObjectId, kind: Kind) -> Result<Content, ReadError> {
        (**self).read(id, kind)
    }

    fn blob_size(&self, id: &ObjectId) -> Result<u64, ReadError> {
        (**self).blob_size(id)
    }

    fn pieces(&self, id: &ObjectId) -> Result<Rc<Pieces>, ReadError> {
        (**self).pieces(id)
    }
}

pub use crate::similarity::Pieces;

/// Objects in memory, over others: what a merge has made and nothing has written yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewObjects {
    objects: FxHashMap<ObjectId, (Kind, Content)>,
}

impl NewObjects {
    /// Adds an object and returns its id.
    pub fn add(&mut self, kind: Kind, content: Vec<u8>) -> ObjectId {
        let id = ObjectId::of(kind, &content);
        self.objects
            .entry(id)
            .or_insert_with(|| (kind, Rc::new(content)));
        id
    }

    /// Takes all of another merge's objects in.
    pub fn extend(&mut self, other: Self) {
        self.objects.extend(other.objects);
    }

    /// Every object, in no particular order. A repository is whole once all are written to it.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, Kind, &[u8])> {
        self.objects
            .iter()
            .map(|(id, (kind, content))| (id, *kind, content.as_slice()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

/// Objects in memory first, then those of a repository: to merge onto an unwritten tree.
#[derive(Debug)]
pub struct Overlay<'a, O> {
    above: &'a NewObjects,
    below: &'a O,
}

impl<'a, O: Objects> Overlay<'a, O> {
    /// `above`, then `below`.
    pub const fn new(above: &'a NewObjects, below: &'a O) -> Self {
        Self { above, below }
    }
}

impl<O: Objects> Objects for Overlay<'_, O> {
    fn read(&self, id: &ObjectId, kind: Kind) -> Result<Content, ReadError> {
        match self.above.objects.get(id) {
            Some((found, content)) if *found == kind => Ok(Rc::clone(content)),
            Some(_) => Err(ReadError::Malformed { id: *id, kind }),
            None => self.below.read(id, kind),
        }
    }

    fn blob_size(&self, id: &ObjectId) -> Result<u64, ReadError> {
        match self.above.objects.get(id) {
            Some((_, content)) => Ok(content.len() as u64),
            None => self.below.blob_size(id),
        }
    }

    fn pieces(&self, id: &ObjectId) -> Result<Rc<Pieces>, ReadError> {
        match self.above.objects.get(id) {
            Some((_, content)) => Ok(Rc::new(Pieces::of(content))),
            None => self.below.pieces(id),
        }
    }
}

impl Objects for NewObjects {
    fn read(&self, id: &ObjectId, kind: Kind) -> Result<Content, ReadError> {
        match self.objects.get(id) {
            Some((found, content)) if *found == kind => Ok(Rc::clone(content)),
            Some(_) => Err(ReadError::Malformed { id: *id, kind }),
            None => Err(ReadError::Missing { id: *id, kind }),
        }
    }
}

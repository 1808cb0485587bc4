//! The mirror's objects for the merge engine.

use std::rc::Rc;

use git2::{ErrorCode, ObjectType, Repository};
use picket_treemerge::{Content, Kind, ObjectId, Objects, ReadError};

/// Objects as libgit2 reads them.
pub(crate) struct Odb<'r>(pub(crate) &'r Repository);

impl Objects for Odb<'_> {
    fn read(&self, id: &ObjectId, kind: Kind) -> Result<Content, ReadError> {
        let failed = |error: git2::Error| match error.code() {
            ErrorCode::NotFound => ReadError::Missing { id: *id, kind },
            _ => ReadError::Unreadable {
                id: *id,
                reason: error.message().to_owned(),
            },
        };
        let oid = git2::Oid::from_bytes(id.as_bytes()).map_err(failed)?;
        let odb = self.0.odb().map_err(failed)?;
        let object = odb.read(oid).map_err(failed)?;
        let expected = match kind {
            Kind::Blob => ObjectType::Blob,
            Kind::Tree => ObjectType::Tree,
            Kind::Commit => ObjectType::Commit,
        };
        match object.kind() == expected {
            true => Ok(Rc::new(object.data().to_vec())),
            false => Err(ReadError::Malformed { id: *id, kind }),
        }
    }
}

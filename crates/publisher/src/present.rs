//! What the binary cache has of a store path already.

use picket_domain::PathInfo;

use crate::error::PublishError;
use crate::manifest::PublishedPath;
use crate::narinfo::{NarFile, Narinfo};
use crate::publisher::Publisher;
use crate::verified::metadata_if_there;

/// What the cache has of a path before anything is written.
pub(crate) enum Present {
    /// NAR and narinfo, signed with every key of ours.
    Whole(NarFile),
    /// The same of another content. Many builds are not reproducible, and a Nix store that was lost builds
    /// them again; clients have the first one, and take one content of a path for another.
    First(NarFile, PublishedPath),
    /// NAR and narinfo, which lacks a signature of ours. It has these.
    Unsigned(NarFile, Vec<String>),
    /// A narinfo whose NAR is gone. It has these signatures.
    Narinfo(Vec<String>),
    /// Nothing.
    Absent,
}

impl Publisher {
    /// What the cache has of a path. A narinfo that cannot be read counts as lost.
    pub(crate) fn present(&self, info: &PathInfo) -> Result<Present, PublishError> {
        let narinfo = match self.read_narinfo(&info.path) {
            Ok(Some(narinfo)) => narinfo,
            Ok(None) => return Ok(Present::Absent),
            Err(error @ PublishError::Damaged { .. }) => {
                tracing::warn!(%error, "writes a narinfo again");
                return Ok(Present::Narinfo(Vec::new()));
            }
            Err(error) => return Err(error),
        };
        let path = self.dir.cache_file(&narinfo.nar.file());
        let size = metadata_if_there(&path)?.map(|metadata| metadata.len());
        let has_nar = size == Some(narinfo.nar.size);
        if let Err(error) = same_path(info, &narinfo) {
            let is_built_again = narinfo.path == info.path && narinfo.has_references(info);
            if !(is_built_again && has_nar && self.is_ours(&narinfo)) {
                return Err(error);
            }
            tracing::warn!(path = %info.path, "its build is not reproducible: the first one is kept");
            let first = PublishedPath {
                path: narinfo.path,
                nar_hash: narinfo.nar_hash,
                nar_size: narinfo.nar_size,
            };
            return Ok(Present::First(narinfo.nar, first));
        }
        let kept = narinfo.signatures().to_vec();
        Ok(if !has_nar {
            Present::Narinfo(kept)
        } else if self.is_ours(&narinfo) {
            Present::Whole(narinfo.nar)
        } else {
            Present::Unsigned(narinfo.nar, kept)
        })
    }
}

/// Whether a narinfo says of a path what the Nix store does.
pub(crate) fn same_path(info: &PathInfo, narinfo: &Narinfo) -> Result<(), PublishError> {
    let differs = if narinfo.path != info.path {
        "name"
    } else if narinfo.nar_hash != info.nar_hash {
        "content"
    } else if !narinfo.has_references(info) {
        "references"
    } else {
        return Ok(());
    };
    let path = info.path.clone();
    Err(PublishError::NotReproducible { path, differs })
}

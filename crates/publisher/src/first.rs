//! Paths that were published before, and built again to another content.
//!
//! Many builds are not reproducible, and a Nix store that was lost, or cleaned, builds them again.
//! Clients have what was published first, and take one content of a path for another: so that one
//! stays, and what is released stands on it.

use picket_domain::PathInfo;

use crate::error::PublishError;
use crate::publisher::Publisher;
use crate::verified::metadata_if_there;

impl Publisher {
    /// These paths as they are in the binary cache, where that has them whole, signed by us, and
    /// with the same references; the others as they are given.
    pub(crate) fn as_published(&self, infos: &[&PathInfo]) -> Result<Vec<PathInfo>, PublishError> {
        let one = |info: &&PathInfo| Ok(self.first(info)?.unwrap_or_else(|| (*info).clone()));
        infos.iter().map(one).collect()
    }

    /// What was published first; `None` where that is the same, or is not there.
    fn first(&self, info: &PathInfo) -> Result<Option<PathInfo>, PublishError> {
        let narinfo = match self.read_narinfo(&info.path) {
            Ok(Some(narinfo)) => narinfo,
            // Whoever writes it tells.
            Ok(None) | Err(PublishError::Damaged { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut first = info.clone();
        first.nar_hash = narinfo.nar_hash;
        first.nar_size = narinfo.nar_size;
        let is_other = first.nar_hash != info.nar_hash;
        if !is_other || !self.is_ours(&narinfo) || !narinfo.says(&first) {
            return Ok(None);
        }
        let nar = self.dir.cache_file(&narinfo.nar.file());
        let size = metadata_if_there(&nar)?.map(|metadata| metadata.len());
        if size != Some(narinfo.nar.size) {
            return Ok(None);
        }
        tracing::warn!(
            path = %info.path,
            "its build is not reproducible: it was built again to another content, and the one that \
             was published first is kept"
        );
        Ok(Some(first))
    }
}

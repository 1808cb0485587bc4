//! A mirror of an upstream.

use picket_domain::Candidate;
use picket_mirror::Mirror;

pub(crate) use crate::upstream::*;

impl Upstream {
    /// A mirror that has the branches and these pull requests.
    pub(crate) fn mirror(&self, prs: &[&Candidate]) -> Mirror {
        let mirror = self.empty_mirror();
        self.update(&mirror, prs);
        mirror
    }

    pub(crate) fn empty_mirror(&self) -> Mirror {
        let upstream = self.path();
        Mirror::open(&self.mirror_dir(), upstream.to_str().unwrap()).unwrap()
    }
}

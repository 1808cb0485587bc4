//! A history in which something is missing.

use std::collections::BTreeMap;

use git2::Oid;
use picket_domain::{Candidate, Investigation, ResolvedSet};
use picket_merger::Contents;

use crate::support::*;

pub(super) const FILE_NAME: &str = "pkgs/openssl.nix";

/// Upstream's `master` and `release`, and what is done to them.
pub(super) struct World {
    pub(super) upstream: Upstream,
    pub(super) master: Oid,
    pub(super) release: Oid,
}

impl World {
    pub(super) fn new() -> Self {
        let (upstream, root) = Upstream::new();
        Self {
            upstream,
            master: root,
            release: root,
        }
    }

    /// A commit on a parent that replaces a line of the file.
    pub(super) fn change(&self, parent: Oid, message: &str, from: &str, to: &str) -> Oid {
        self.upstream.commit(&[parent], message, |edit| {
            edit.line(FILE_NAME, &format!("{from}\n"), &format!("{to}\n"));
        })
    }

    /// A pull request of this commit, merged into `master` as GitHub does it.
    pub(super) fn merge(&mut self, pr: u64, head: Oid) {
        let message = format!("Merge pull request #{pr} from ada/fix-{pr}\n\nopenssl: fix\n");
        self.master = self.upstream.merge(self.master, head, &message);
    }

    /// The same, of a commit on `master` that replaces a line of the file.
    pub(super) fn merged_change(&mut self, pr: u64, from: &str, to: &str) -> Oid {
        let head = self.change(self.master, &format!("change {pr}"), from, to);
        self.merge(pr, head);
        head
    }

    /// A commit on `release` that replaces a line of the file.
    pub(super) fn release_change(&mut self, message: &str, from: &str, to: &str) -> Oid {
        self.release = self.change(self.release, message, from, to);
        self.release
    }

    /// What is said of pull request 7 at this head.
    pub(super) fn investigate(&self, head: Oid) -> Investigation {
        self.investigate_watching(head, &[])
    }

    pub(super) fn investigate_watching(&self, head: Oid, others: &[Candidate]) -> Investigation {
        self.upstream.branch("master", self.master);
        self.upstream.branch("release", self.release);
        let asked = candidate(7, head);
        let all: Vec<_> = others.iter().chain([&asked]).collect();
        let mirror = self.upstream.mirror(&all);
        let watched: BTreeMap<_, _> = all.iter().map(|it| (it.pr, (*it).clone())).collect();
        let investigate = || {
            let (none, contents) = (ResolvedSet::default(), Contents::new());
            mirror
                .investigate(&sha(self.release), &asked, &none, &contents, &watched)
                .unwrap()
        };
        let said = investigate();
        assert_eq!(investigate(), said, "it says the same again");
        said
    }
}

//! What stands in for the reconciler.

use std::collections::BTreeMap;

use picket_domain::{
    Assembly, Attempt, BuildReport, CommitSha, FailureCause, JobName, JobOutcome, JobReport, Next,
    PackageSet, PackageTestSet, PickResult, Timestamp, resolve,
};

use super::super::{Site, channel, policy};
use super::candidates::{conflict, picked};
use super::{LOG, drv, sha};

/// Plays the reconciler: assembles, and builds until a chain without `libxml2` is to be built.
pub(super) struct Player<'a> {
    pub(super) site: &'a Site,
    pub(super) now: Timestamp,
    pub(super) contents: BTreeMap<CommitSha, Vec<u64>>,
    pub(super) unbuildable: u64,
    pub(super) conflicting: u64,
    pub(super) left_building: u64,
}

impl Player<'_> {
    pub(super) async fn play(&mut self) {
        loop {
            let facts = self.site.store.facts(&policy()).await.unwrap();
            match resolve(&facts, self.now).next {
                Next::Assemble(spec) => {
                    let mut before = Vec::new();
                    let mut picks = Vec::new();
                    for pick in &spec.picks {
                        let outcome = if pick.pr.0 == self.conflicting {
                            conflict("pkgs/by-name/ex/expat/package.nix")
                        } else {
                            before.push(pick.pr.0);
                            let rev = format!("{} {}", spec.id(), pick.pr);
                            self.contents.insert(sha(&rev), before.clone());
                            picked(&rev)
                        };
                        let (pr, head) = (pick.pr, pick.head.clone());
                        picks.push(PickResult { pr, head, outcome });
                    }
                    self.site
                        .store
                        .record_assembly(&spec, &Assembly { picks })
                        .await
                        .unwrap();
                }
                Next::Build(rev) => {
                    let contents = &self.contents[&rev];
                    let breaks = contents.contains(&self.unbuildable);
                    if !breaks && contents.contains(&self.left_building) {
                        return;
                    }
                    let base = facts.base().unwrap().rev.clone();
                    let report = report(breaks);
                    let attempt = Attempt {
                        at: self.now,
                        report,
                    };
                    let channel = channel();
                    self.site
                        .store
                        .record_attempt(&channel, &base, &rev, &attempt)
                        .await
                        .unwrap();
                }
                _ => return,
            }
        }
    }
}

fn report(breaks: bool) -> BuildReport {
    let job = |name: &str, outcome| JobReport {
        job: JobName::parse(name).unwrap(),
        outcome,
    };
    let built = |name: &str| JobOutcome::Built {
        drv: drv(name),
        outputs: Vec::new(),
    };
    let failed = |name: &str| JobOutcome::Failed {
        drv: drv(name),
        failed: drv("libxml2-2.13.9"),
        cause: FailureCause::Builder,
        log_tail: LOG.to_owned(),
        fails_at_base: false,
    };
    let mut changed = vec![job("nixpkgs.mastodon", built("mastodon-4.3.2"))];
    if breaks {
        changed.push(job("nixpkgs.libxml2", failed("libxml2-2.13.9")));
        changed.push(job("nixpkgs.xmlstarlet", failed("xmlstarlet-1.6.1")));
        changed.push(job("pkgs.libxslt", built("libxslt-1.1.43")));
        let test = "test:libxslt.passthru.tests.nokogiri";
        changed.push(job(test, built("nokogiri-1.18.7")));
    }
    let packages = PackageSet {
        changed: if breaks { 14_012 } else { 1 },
        left_out: if breaks { 13_512 } else { 0 },
        unknown: None,
        tests: PackageTestSet {
            packages_left_out: if breaks { 300 } else { 0 },
            ..PackageTestSet::default()
        },
    };
    BuildReport::Evaluated {
        jobs: 41,
        changed,
        aggregates: Vec::new(),
        packages,
    }
}

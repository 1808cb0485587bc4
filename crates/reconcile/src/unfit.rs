//! What was built, on its way into the binary cache before a release waits for it.
//!
//! Of a library that everything needs, that takes long. It also shows what no binary cache can carry:
//! that is the doing of the picks, which are judged by it as by a build that fails; a release that held
//! it would be tried for ever, and keep all others back.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{BuildReport, PathInfo, StorePath, Verdict};
use picket_publisher::PublishError;
use tracing::warn;

use crate::engine::Engine;
use crate::settings::Channel;

impl Engine {
    /// Puts what a passing build made into the binary cache, and marks the jobs of which something
    /// cannot be put there. Where it fails by the machine's fault, staging does it again.
    pub(crate) async fn cache_ahead(&self, channel: &Channel, report: &mut BuildReport) {
        while report.verdict(&channel.policy) == Verdict::Passed {
            let outputs = report.built_outputs();
            let Err(error) = self.publish_outputs(channel, &outputs).await else {
                return;
            };
            let refused = self.refuse(&outputs, &error, report).await;
            if refused.is_none() {
                warn!("what was built could not be put into the cache yet: {error:#}");
                return;
            }
        }
    }

    /// Marks the jobs that have, or need, what cannot be published; `None` where that is none's doing.
    async fn refuse(
        &self,
        outputs: &[StorePath],
        error: &anyhow::Error,
        report: &mut BuildReport,
    ) -> Option<()> {
        let unfit = error.downcast_ref::<PublishError>()?.unfit()?;
        let closure = self.builder.closure(outputs).await.ok()?;
        let those = needing(&closure, unfit);
        report.refuse(&those, &error.to_string()).then_some(())
    }
}

/// The paths of a closure that have a path in their own closures; itself among them.
fn needing(closure: &[PathInfo], path: &StorePath) -> BTreeSet<StorePath> {
    let mut users: BTreeMap<&StorePath, Vec<&StorePath>> = BTreeMap::new();
    for info in closure {
        for reference in &info.references {
            users.entry(reference).or_default().push(&info.path);
        }
    }
    let (mut found, mut left) = (BTreeSet::new(), vec![path]);
    while let Some(next) = left.pop() {
        if found.insert(next.clone()) {
            left.extend(users.get(next).into_iter().flatten());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use picket_domain::Sha256;

    use super::*;

    fn path(name: &str) -> StorePath {
        let text = format!("/nix/store/{}-{name}", "0".repeat(32));
        StorePath::parse(&text).unwrap()
    }

    fn info(name: &str, references: &[&str]) -> PathInfo {
        PathInfo {
            path: path(name),
            nar_hash: Sha256::of(name.as_bytes()),
            nar_size: 1,
            references: references.iter().map(|name| path(name)).collect(),
            deriver: None,
            content_address: None,
            signatures: Vec::new(),
        }
    }

    #[test]
    fn what_needs_a_path_is_found_through_others() {
        let closure = [
            info("a", &["a", "b"]),
            info("b", &["c"]),
            info("c", &[]),
            info("d", &["c"]),
            info("e", &[]),
        ];
        let names = |of| {
            let found = needing(&closure, &path(of));
            found
                .iter()
                .map(|it| it.name().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names("b"), ["a", "b"]);
        assert_eq!(names("c"), ["a", "b", "c", "d"]);
    }
}

//! All that planning looks at, in one snapshot.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{Base, Facts, Policy};
use sqlx::AnyConnection;

use crate::database::Store;
use crate::error::StoreError;
use crate::{assessments, audit, bases, candidates, outcomes, releases};

impl Store {
    /// What is known about the policy's channel at one moment: assessments, investigations,
    /// assemblies and builds are those of the current base. That a release is outdated is not known to the database.
    ///
    /// # Errors
    /// The database fails.
    pub async fn facts(&self, policy: &Policy) -> Result<Facts, StoreError> {
        let mut snapshot = self.begin_read().await?;
        let facts = read(&mut snapshot, policy).await?;
        snapshot.commit().await?;
        Ok(facts)
    }
}

async fn read(connection: &mut AnyConnection, policy: &Policy) -> Result<Facts, StoreError> {
    let channel = &policy.channel;
    let mut facts = Facts {
        policy: policy.clone(),
        base: bases::current(connection, channel).await?,
        candidates: candidates::all(connection)
            .await?
            .into_iter()
            .map(|candidate| (candidate.pr, candidate))
            .collect(),
        log: audit::of_channel(connection, channel).await?,
        assessments: BTreeMap::new(),
        investigated: BTreeSet::new(),
        assemblies: BTreeMap::new(),
        builds: BTreeMap::new(),
        releases: releases::of_channel(connection, channel).await?,
        outdated: None,
    };
    if let Some(Base { rev, .. }) = &facts.base {
        facts.assessments = assessments::assessments(connection, channel, rev).await?;
        facts.investigated = assessments::investigated(connection, channel, rev).await?;
        facts.assemblies = outcomes::assemblies(connection, channel, rev).await?;
        facts.builds = outcomes::builds(connection, channel, rev).await?;
    }
    Ok(facts)
}

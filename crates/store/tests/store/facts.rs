//! What planning gets to see.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{Attempt, BuildRecord, Entry, PickInput, PickOutcome, PrNumber, ResolvedSet};

use crate::fixtures::*;

on_both_engines! {
    async fn a_channel_without_anything_has_no_facts(database: Database) {
        let store = database.open().await;
        let facts = store.facts(&policy()).await.unwrap();
        assert_eq!(facts.policy, policy());
        assert_eq!(facts.base, None);
        assert!(facts.candidates.is_empty() && facts.log.is_empty() && facts.releases.is_empty());
    }

    async fn facts_are_those_of_the_channel_and_its_current_base(database: Database) {
        let store = database.open().await;
        let (old, now) = (base("old", 1), base("now", 2));
        let (pr, other) = (PrNumber(7), channel("other"));
        let entries = [resolve_conflict(&sec(), 7, b"")].map(|action| {
            Entry::after(None, at(0), person("ada"), action)
        });
        let unresolved = input(7, "head");
        let resolved = PickInput {
            resolved: ResolvedSet::of(&sec(), pr, &entries).id(),
            ..input(7, "head")
        };
        store.upsert_candidate(&candidate(7, "head")).await.unwrap();
        store.append(at(0), person("ada"), approve(&other, 7, "head")).await.unwrap();
        let approved = store.append(at(1), person("ada"), approve(&sec(), 7, "head"));
        let approved = approved.await.unwrap();
        for base in [&old, &now] {
            store.record_base(&sec(), base).await.unwrap();
            store.record_assembly(&spec(base, 7), &assembly(7)).await.unwrap();
        }
        let contained = PickOutcome::Contained;
        for (channel, base) in [(&sec(), &old), (&other, &now), (&sec(), &now)] {
            for input in [&unresolved, &resolved] {
                store.record_assessment(channel, &base.rev, input, &contained).await.unwrap();
            }
        }
        store.record_assessment(&sec(), &now.rev, &unresolved, &conflict()).await.unwrap();
        store.record_investigation(&other, &now.rev, &resolved, &investigation()).await.unwrap();
        store.record_investigation(&sec(), &old.rev, &resolved, &investigation()).await.unwrap();
        store.record_investigation(&sec(), &now.rev, &unresolved, &investigation()).await.unwrap();
        for (channel, base) in [(&sec(), &old), (&other, &now)] {
            store.record_attempt(channel, &base.rev, &sha("rev"), &attempt(1)).await.unwrap();
        }
        for seconds in [3, 2] {
            let attempt = attempt(seconds);
            store.record_attempt(&sec(), &now.rev, &sha("rev"), &attempt).await.unwrap();
        }
        store.reserve(&release(1)).await.unwrap();

        let facts = store.facts(&policy()).await.unwrap();
        assert_eq!(facts.base.as_ref(), Some(&now));
        assert_eq!(facts.candidates, BTreeMap::from([(pr, candidate(7, "head"))]));
        assert_eq!(facts.log, [approved]);
        let assessments = [(unresolved.clone(), conflict()), (resolved, contained)];
        assert_eq!(facts.assessments, BTreeMap::from(assessments));
        assert_eq!(facts.investigated, BTreeSet::from([unresolved]));
        assert_eq!(facts.assemblies, BTreeMap::from([(spec(&now, 7).id(), assembly(7))]));
        let attempts = vec![attempt(3), attempt(2)];
        assert_eq!(facts.builds, BTreeMap::from([(sha("rev"), BuildRecord { attempts })]));
        assert_eq!(facts.releases, [release(1)]);
    }

    async fn no_try_is_lost_when_two_end_at_once(database: Database) {
        let stores = [database.open().await, database.open().await];
        let base = stores[0].record_base(&sec(), &base("b", 1)).await.unwrap();
        let recording = (0..20_i64).map(|n| {
            let (store, base) = (stores[n as usize % 2].clone(), base.rev.clone());
            tokio::spawn(async move {
                store.record_attempt(&sec(), &base, &sha("rev"), &attempt(n)).await
            })
        });
        for recorded in recording.collect::<Vec<_>>() {
            recorded.await.unwrap().unwrap();
        }
        let facts = stores[0].facts(&policy()).await.unwrap();
        let mut attempts = facts.builds[&sha("rev")].attempts.clone();
        attempts.sort_by_key(|Attempt { at, .. }| *at);
        assert_eq!(attempts, (0..20).map(attempt).collect::<Vec<_>>());
    }

    /// The publication of a release is its row and its entry. Whoever reads while releases are
    /// published sees both of each or neither.
    async fn facts_are_of_one_moment(database: Database) {
        const RELEASES: u64 = 15;
        let store = database.open().await;
        let writer = store.clone();
        let publishing = tokio::spawn(async move {
            for seq in 1..=RELEASES {
                let release = release(seq);
                writer.reserve(&release).await.unwrap();
                writer.seal(&sec(), release.seq, at(0)).await.unwrap();
                writer.publish(&sec(), release.seq, at(1)).await.unwrap();
            }
        });
        loop {
            let facts = store.facts(&policy()).await.unwrap();
            let published = facts.releases.iter().filter(|it| it.published_at().is_some());
            assert_eq!(published.count(), facts.log.len());
            if facts.log.len() as u64 == RELEASES {
                break;
            }
        }
        publishing.await.unwrap();
    }
}

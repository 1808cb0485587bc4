//! What planning gets to see.

use std::collections::BTreeSet;
use std::sync::Arc;

use picket_domain::{
    AttemptSummary, ContainedBy, Entry, Facts, PickInput, PickOutcome, PrNumber, ResolvedSet,
};

use crate::fixtures::*;

on_both_engines! {
    async fn a_channel_without_anything_has_no_facts(database: Database) {
        let store = database.open().await;
        let facts = store.facts(&policy()).await.unwrap();
        assert_eq!(facts, Facts::new(policy()));
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
        let contained = PickOutcome::Contained { by: ContainedBy::Base };
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
        assert_eq!(facts.candidates, [(pr, Arc::new(light(candidate(7, "head"))))].into_iter().collect());
        assert_eq!(facts.log, [approved].into_iter().collect());
        assert_eq!(facts.releases, [release(1)].into_iter().collect());
        assert_eq!(*facts.contained, BTreeSet::from([unresolved.clone(), resolved.clone()]));
        assert_eq!(facts.released, None);
        let on = facts.today.unwrap();
        assert_eq!(on.base, now);
        let assessments = [(unresolved.clone(), conflict()), (resolved, contained)];
        let assessments = assessments.map(|(input, outcome)| (input, Arc::new(outcome)));
        assert_eq!(on.assessments, assessments.into_iter().collect());
        assert_eq!(*on.investigated, BTreeSet::from([unresolved]));
        let assemblies = [(spec(&now, 7).id(), Arc::new(assembly(7)))];
        assert_eq!(on.assemblies, assemblies.into_iter().collect());
        let attempts = [AttemptSummary::of(1, &attempt(3)), AttemptSummary::of(2, &attempt(2))];
        assert_eq!(on.builds.len(), 1);
        assert_eq!(on.builds[&sha("rev")].attempts, attempts);
        let report = store.report(&sec(), &now.rev, &sha("rev"), 2).await.unwrap();
        assert_eq!(report, Some(attempt(2).report));
        assert_eq!(store.report(&sec(), &now.rev, &sha("rev"), 3).await.unwrap(), None);
    }

    async fn facts_are_of_the_released_base_too(database: Database) {
        let store = database.open().await;
        let released = release(1).base;
        store.record_base(&sec(), &released).await.unwrap();
        let input = input(7, "head");
        store.record_assessment(&sec(), &released.rev, &input, &conflict()).await.unwrap();
        store.reserve(&release(1)).await.unwrap();
        let _ = seal(&store, release(1).seq, at(0)).await.unwrap();
        store.publish(&sec(), release(1).seq, at(1)).await.unwrap();
        let known = store.all_facts([policy()]).await.unwrap();
        assert_eq!(known.channels[0].released, None, "it is today's");

        store.record_base(&sec(), &base("next", 715_881)).await.unwrap();
        let moved = store.refreshed(&known).await.unwrap().channels.remove(0);
        assert_eq!(moved.base(), Some(&base("next", 715_881)));
        assert!(moved.today.as_ref().unwrap().assessments.is_empty());
        assert_eq!(moved.released, known.channels[0].today);
        assert_eq!(moved, store.facts(&policy()).await.unwrap());
    }

    async fn facts_hold_the_build_of_the_release_under_way(database: Database) {
        let store = database.open().await;
        let first = release(1);
        store.record_base(&sec(), &base("next", 9)).await.unwrap();
        store.record_attempt(&sec(), &first.base.rev, &first.tip, &attempt(3)).await.unwrap();
        store.reserve(&first).await.unwrap();
        let facts = store.facts(&policy()).await.unwrap();
        assert_eq!(facts.under_way.attempts, [AttemptSummary::of(1, &attempt(3))]);
        let _ = seal(&store, first.seq, at(0)).await.unwrap();
        store.publish(&sec(), first.seq, at(1)).await.unwrap();
        let facts = store.facts(&policy()).await.unwrap();
        assert!(facts.under_way.attempts.is_empty());
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
        let attempts = &facts.today.unwrap().builds[&sha("rev")].attempts;
        let numbers: Vec<_> = attempts.iter().map(|attempt| attempt.number).collect();
        assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
        let times: BTreeSet<_> = attempts.iter().map(|attempt| attempt.at).collect();
        assert_eq!(times, (0..20).map(at).collect());
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
                let _ = seal(&writer, release.seq, at(0)).await.unwrap();
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

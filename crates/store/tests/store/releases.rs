//! Releases: from reserved to published or abandoned, and nothing else.

use picket_domain::{Action, PrNumber, Release, ReleaseName, ReleaseSeq, ReleaseState, Sha256};
use picket_store::{Grounds, Sealing, StoreError};

use crate::fixtures::*;

const FIRST: ReleaseSeq = ReleaseSeq(1);

fn in_state(state: ReleaseState) -> Release {
    Release {
        state,
        ..release(1)
    }
}

on_both_engines! {
    async fn a_release_goes_its_way_and_every_step_may_be_done_twice(database: Database) {
        let store = database.open().await;
        for _ in 0..2 {
            assert_eq!(store.reserve(&release(1)).await.unwrap(), release(1));
        }
        let sealed = in_state(ReleaseState::Sealed { at: at(20) });
        assert_eq!(seal(&store, FIRST, at(20)).await.unwrap(), Sealing::Sealed(Box::new(sealed.clone())));
        assert_eq!(seal(&store, FIRST, at(21)).await.unwrap(), Sealing::Sealed(Box::new(sealed.clone())));
        assert_eq!(store.releases(&sec()).await.unwrap(), [sealed]);

        let published = in_state(ReleaseState::Published { at: at(30) });
        assert_eq!(store.publish(&sec(), FIRST, at(30)).await.unwrap(), published);
        assert_eq!(store.publish(&sec(), FIRST, at(31)).await.unwrap(), published);
        let again = seal(&store, FIRST, at(32)).await.unwrap();
        assert_eq!(again, Sealing::Sealed(Box::new(published.clone())));
        assert_eq!(store.reserve(&release(1)).await.unwrap(), published);
        assert_eq!(store.releases(&sec()).await.unwrap(), [published]);
    }

    async fn publishing_is_one_entry_with_the_picks_in_their_order(database: Database) {
        let store = database.open().await;
        store.reserve(&release(1)).await.unwrap();
        let _ = seal(&store, FIRST, at(20)).await.unwrap();
        let publishing = (0..6).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.publish(&sec(), FIRST, at(30 + n)).await })
        });
        for published in publishing.collect::<Vec<_>>() {
            published.await.unwrap().unwrap();
        }
        let log = store.log_of_channel(&sec()).await.unwrap();
        assert_eq!(log.len(), 1);
        let Release { name, rev, .. } = release(1);
        let picks = vec![PrNumber(7), PrNumber(3)];
        assert_eq!(log[0].action, Action::Released { channel: sec(), seq: FIRST, name, rev, picks });
        assert_eq!(Some(log[0].at), store.releases(&sec()).await.unwrap()[0].published_at());
        store.whole_log_verified().await.unwrap();
    }

    async fn a_release_may_be_abandoned_until_clients_are_led_to_it(database: Database) {
        let store = database.open().await;
        store.reserve(&release(1)).await.unwrap();
        let reason = "the base moved \u{fffd}".to_owned();
        let abandoned = in_state(ReleaseState::Abandoned { at: at(20), reason });
        let found = store.abandon(&sec(), FIRST, at(20), "the base moved \0").await.unwrap();
        assert_eq!(found, abandoned);
        let found = store.abandon(&sec(), FIRST, at(21), "another reason").await.unwrap();
        assert_eq!(found, abandoned);
        assert_eq!(store.releases(&sec()).await.unwrap(), [abandoned]);

        let error = seal(&store, FIRST, at(22)).await.unwrap_err();
        assert!(error.to_string().ends_with("cannot be sealed: it is abandoned"), "{error}");
        let error = store.publish(&sec(), FIRST, at(22)).await.unwrap_err();
        assert!(error.to_string().ends_with("cannot be published: it is abandoned"), "{error}");
        assert!(store.log_of_channel(&sec()).await.unwrap().is_empty());
    }

    async fn what_clients_were_led_to_is_never_abandoned(database: Database) {
        let store = database.open().await;
        store.reserve(&release(1)).await.unwrap();
        let error = store.publish(&sec(), FIRST, at(19)).await.unwrap_err();
        assert!(error.to_string().ends_with("it is only reserved"), "{error}");
        let _ = seal(&store, FIRST, at(20)).await.unwrap();
        store.publish(&sec(), FIRST, at(22)).await.unwrap();
        let error = store.abandon(&sec(), FIRST, at(23), "x").await.unwrap_err();
        assert!(matches!(error, StoreError::ReleaseState { state: "published", .. }), "{error:?}");
    }

    async fn a_sealed_release_may_be_abandoned_and_is_not_published_then(database: Database) {
        let store = database.open().await;
        store.reserve(&release(1)).await.unwrap();
        let _ = seal(&store, FIRST, at(20)).await.unwrap();
        store.abandon(&sec(), FIRST, at(21), "clients have a later one").await.unwrap();
        let states = store.releases(&sec()).await.unwrap();
        assert!(matches!(states[0].state, ReleaseState::Abandoned { .. }));
        let error = store.publish(&sec(), FIRST, at(22)).await.unwrap_err();
        assert!(error.to_string().ends_with("it is abandoned"), "{error}");
    }

    /// The log is read to a place, then somebody decides, then the seal is asked for.
    async fn a_decision_before_the_seal_always_wins(database: Database) {
        for decide in [veto(&sec(), 7), withdraw(&sec(), 7), approve(&sec(), 7, "head")] {
            let store = database.open().await;
            let seq = store.releases(&sec()).await.unwrap().len() as u64 + 1;
            store.reserve(&release(seq)).await.unwrap();
            let grounds = grounds(&store).await;
            store.append(at(0), person("ada"), veto(&channel("other"), 7)).await.unwrap();
            store.append(at(0), person("ada"), veto(&sec(), 12)).await.unwrap();
            store.append(at(1), person("ada"), decide).await.unwrap();
            let sealing = store.seal(&sec(), ReleaseSeq(seq), at(2), &grounds).await.unwrap();
            assert_eq!(sealing, Sealing::Decided { pr: PrNumber(7) });
            let last = store.releases(&sec()).await.unwrap().pop().unwrap();
            assert_eq!(last.state, ReleaseState::Reserved);
            store.abandon(&sec(), ReleaseSeq(seq), at(3), "vetoed").await.unwrap();
        }
    }

    async fn what_others_decided_about_others_does_not_stop_a_seal(database: Database) {
        let store = database.open().await;
        store.reserve(&release(1)).await.unwrap();
        let grounds = grounds(&store).await;
        store.append(at(0), person("ada"), veto(&channel("other"), 7)).await.unwrap();
        store.append(at(0), person("ada"), veto(&sec(), 12)).await.unwrap();
        store.record_superseded(at(0), &sec(), PrNumber(7), &sha("b"), 1).await.unwrap();
        let sealing = store.seal(&sec(), FIRST, at(2), &grounds).await.unwrap();
        assert!(matches!(sealing, Sealing::Sealed(_)), "{sealing:?}");
    }

    async fn a_process_with_other_rules_is_refused_its_seals(database: Database) {
        let store = database.open().await;
        store.reserve(&release(1)).await.unwrap();
        let grounds = grounds(&store).await;
        store.set_rules(&sec(), Sha256::of(b"stricter")).await.unwrap();
        let sealing = store.seal(&sec(), FIRST, at(2), &grounds).await.unwrap();
        assert_eq!(sealing, Sealing::OtherRules);
    }

    /// The plan is made, then somebody's place on the team changes, then the seal is asked for.
    async fn somebody_who_leaves_before_the_seal_stops_it(database: Database) {
        let store = database.open().await;
        let (ada, grace) = (login("ada"), login("grace"));
        store.set_team(&named(&["ada", "grace"]), at(0)).await.unwrap();
        let _ = store.sign_in(&grace, github(42), at(0), 60).await.unwrap();
        store.reserve(&release(1)).await.unwrap();
        let sealing = async |grounds: &Grounds| {
            store.seal(&sec(), FIRST, at(9), grounds).await.unwrap()
        };

        let planned = grounds(&store).await;
        store.set_team(&named(&["ada"]), at(1)).await.unwrap();
        assert_eq!(sealing(&planned).await, Sealing::OtherTeam);
        let planned = grounds(&store).await;
        store.set_team(&named(&["ada", "grace"]), at(2)).await.unwrap();
        assert_eq!(sealing(&planned).await, Sealing::OtherTeam);
        let planned = grounds(&store).await;
        let _ = store.sign_in(&login("hopper"), github(42), at(3), 60).await.unwrap();
        assert_eq!(sealing(&planned).await, Sealing::OtherTeam);
        let planned = grounds(&store).await;
        store.unbind(&grace, at(4)).await.unwrap();
        assert_eq!(sealing(&planned).await, Sealing::OtherTeam);
        assert_eq!(store.releases(&sec()).await.unwrap()[0].state, ReleaseState::Reserved);

        let planned = grounds(&store).await;
        let _ = store.sign_in(&ada, github(41), at(5), 60).await.unwrap();
        let _ = store.sign_in(&ada, github(77), at(6), 60).await.unwrap();
        let sealed = sealing(&planned).await;
        assert!(matches!(sealed, Sealing::Sealed(_)), "{sealed:?}: nobody left");
    }

    async fn a_push_is_never_recorded_backwards(database: Database) {
        let store = database.open().await;
        assert_eq!(store.pushed(&sec()).await.unwrap(), None);
        for seq in [2, 3, 1] {
            store.record_push(&sec(), ReleaseSeq(seq), at(0)).await.unwrap();
        }
        assert_eq!(store.pushed(&sec()).await.unwrap(), Some(ReleaseSeq(3)));
    }

    async fn a_number_and_a_name_belong_to_one_release(database: Database) {
        let store = database.open().await;
        store.reserve(&release(1)).await.unwrap();
        let other_name = ReleaseName::parse("nixos-26.05.1.1.other").unwrap();
        for taken in [
            Release { name: other_name.clone(), ..release(1) },
            Release { tip: sha("another tip"), ..release(1) },
            Release { picks: Vec::new(), ..release(1) },
            Release { seq: ReleaseSeq(2), ..release(1) },
            Release { channel: channel("other"), ..release(1) },
        ] {
            let error = store.reserve(&taken).await.unwrap_err();
            assert!(
                matches!(&error, StoreError::ReleaseTaken { taken_by, .. }
                    if *taken_by == release(1).name),
                "{error:?}"
            );
        }
        let elsewhere = Release { channel: channel("other"), name: other_name, ..release(1) };
        store.reserve(&elsewhere).await.unwrap();
        store.reserve(&release(2)).await.unwrap();
        assert_eq!(store.releases(&sec()).await.unwrap(), [release(1), release(2)]);
    }

    async fn reserving_at_the_same_time_ends_in_one_release(database: Database) {
        let stores = [database.open().await, database.open().await];
        let reserving = (0..10_usize).map(|n| {
            let store = stores[n % 2].clone();
            let wanted = Release { tip: sha(&format!("tip {}", n % 5)), ..release(1) };
            tokio::spawn(async move { store.reserve(&wanted).await.map(|it| it.tip == wanted.tip) })
        });
        let mut reserved = 0;
        for outcome in reserving.collect::<Vec<_>>() {
            match outcome.await.unwrap() {
                Ok(is_the_wanted_one) => {
                    assert!(is_the_wanted_one);
                    reserved += 1;
                }
                Err(error) => {
                    assert!(matches!(error, StoreError::ReleaseTaken { .. }), "{error:?}");
                }
            }
        }
        // Each tip was wanted twice.
        assert_eq!(reserved, 2);
        assert_eq!(stores[0].releases(&sec()).await.unwrap().len(), 1);
    }

    async fn a_release_that_is_not_there_is_named(database: Database) {
        let store = database.open().await;
        let error = seal(&store, ReleaseSeq(9), at(0)).await.unwrap_err();
        assert_eq!(error.to_string(), "channel nixos-26.05-sec has no release 9");
    }
}

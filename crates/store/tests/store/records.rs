//! Candidates, bases and cursors.

use picket_domain::{Base, BranchName, Candidate, CommentEnd, PassedBy, PrNumber, UpstreamState};
use picket_store::StoreError;

use crate::fixtures::*;

on_both_engines! {
    async fn a_candidate_is_replaced_by_what_github_says_now(database: Database) {
        let store = database.open().await;
        assert_eq!(store.candidate(PrNumber(7)).await.unwrap(), None);
        store.upsert_candidate(&candidate(9, "nine")).await.unwrap();
        store.upsert_candidate(&candidate(7, "head")).await.unwrap();
        let pushed = Candidate { upstream: UpstreamState::Closed, ..candidate(7, "new head") };
        for _ in 0..2 {
            store.upsert_candidate(&pushed).await.unwrap();
        }
        assert_eq!(store.candidate(PrNumber(7)).await.unwrap().as_ref(), Some(&pushed));
        let all = store.candidates().await.unwrap();
        assert_eq!(all, [pushed, candidate(9, "nine")].map(light));
    }

    async fn a_number_beyond_the_databases_is_refused(database: Database) {
        let store = database.open().await;
        let error = store.upsert_candidate(&candidate(u64::MAX, "head")).await.unwrap_err();
        assert!(matches!(error, StoreError::TooLarge(u64::MAX)), "{error:?}");
        assert!(store.candidates().await.unwrap().is_empty());
    }

    async fn a_base_keeps_the_time_at_which_it_was_first_seen(database: Database) {
        let store = database.open().await;
        assert_eq!(store.current_base(&sec()).await.unwrap(), None);
        let (first, second) = (base("one", 1), base("two", 2));
        assert_eq!(store.record_base(&sec(), &first).await.unwrap(), first);
        assert_eq!(store.record_base(&sec(), &second).await.unwrap(), second);
        assert_eq!(store.current_base(&sec()).await.unwrap(), Some(second.clone()));

        let seen_again = Base { seen_at: at(99), ..first.clone() };
        assert_eq!(store.record_base(&sec(), &seen_again).await.unwrap(), first);
        assert_eq!(store.current_base(&sec()).await.unwrap(), Some(first));

        let other = channel("other");
        assert_eq!(store.current_base(&other).await.unwrap(), None);
        assert_eq!(store.record_base(&other, &seen_again).await.unwrap(), seen_again);
    }

    async fn a_comment_is_what_was_stored_of_it_last(database: Database) {
        let store = database.open().await;
        assert_eq!(store.comment(PrNumber(7)).await.unwrap(), None);
        store.record_comment(PrNumber(7), &posting()).await.unwrap();
        let refused = CommentEnd::Refused("no\0".into());
        let last = ended(written(5), refused, 6);
        for record in [&written(5), &last] {
            store.record_comment(PrNumber(7), record).await.unwrap();
            assert_eq!(store.comment(PrNumber(7)).await.unwrap().as_ref(), Some(record));
        }
        store.record_comment(PrNumber(9), &posting()).await.unwrap();
        let all = [(PrNumber(7), last), (PrNumber(9), posting())];
        assert_eq!(store.comments().await.unwrap(), all.into());
    }

    async fn what_was_passed_by_is_kept_as_it_last_was_and_forgotten_by_its_age(database: Database) {
        let store = database.open().await;
        let passed = |pr: u64, title: &str, hours: i64| PassedBy {
            pr: PrNumber(pr),
            title: title.into(),
            base_branch: BranchName::parse("staging-26.05").unwrap(),
            updated_at: at(hours),
        };
        store.keep_passed_by(&[]).await.unwrap();
        let first = [passed(9, "a: 1 -> 2", 1), passed(7, "b: 1 -> 2", 2)];
        store.keep_passed_by(&first).await.unwrap();
        store.keep_passed_by(&[passed(9, "a: 1 -> 3", 3)]).await.unwrap();
        let all = [passed(7, "b: 1 -> 2", 2), passed(9, "a: 1 -> 3", 3)];
        assert_eq!(store.passed_by().await.unwrap(), all);
        assert_eq!(store.forget_passed_by(at(3)).await.unwrap(), 1);
        assert_eq!(store.passed_by().await.unwrap(), all[1..]);
    }

    async fn a_cursor_stays_where_it_was_set(database: Database) {
        let store = database.open().await;
        assert_eq!(store.cursor("watcher").await.unwrap(), None);
        store.set_cursor("watcher", "2026-11-23T18:09:00Z").await.unwrap();
        store.set_cursor("watcher", "W/\"etag\"").await.unwrap();
        assert_eq!(store.cursor("watcher").await.unwrap().as_deref(), Some("W/\"etag\""));
        assert_eq!(store.cursor("other").await.unwrap(), None);
    }
}

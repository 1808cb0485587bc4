//! What git has of a candidate, beside what GitHub shows of it.

use picket_domain::Candidate;

use crate::fixtures::candidate;

on_both_engines! {
    async fn details_are_of_one_head_and_outlast_what_else_changes(database: Database) {
        let store = database.open().await;
        let whole = candidate(7, "head");
        let details = whole.details.clone().unwrap();
        let row = Candidate { details: None, ..whole.clone() };
        assert!(store.upsert_candidate(&row).await.unwrap());
        assert!(!store.upsert_candidate(&row).await.unwrap(), "it is known as it is");
        assert_eq!(store.candidate(row.pr).await.unwrap().unwrap().details, None);
        store.record_details(&row, details.clone()).await.unwrap();
        let renamed = Candidate { title: "new".into(), ..row.clone() };
        store.upsert_candidate(&renamed).await.unwrap();
        let known = store.candidate(row.pr).await.unwrap().unwrap();
        assert_eq!((&*known.title, known.details), ("new", Some(details.clone())));

        let pushed = Candidate { details: None, ..candidate(7, "new head") };
        store.upsert_candidate(&pushed).await.unwrap();
        store.record_details(&row, details).await.unwrap();
        let known = store.candidate(row.pr).await.unwrap().unwrap();
        assert_eq!(known.details, None, "those are of another head");
    }
}

//! What git has of a candidate, beside what GitHub shows of it.

use picket_domain::{Candidate, PrNumber};
use picket_store::AllFacts;

use crate::fixtures::{candidate, policy, port};

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

    async fn what_a_description_says_of_ports_is_known_without_it(database: Database) {
        let store = database.open().await;
        let mut port = port(7, 412_350);
        store.upsert_candidate(&port).await.unwrap();
        let mut known = store.all_facts([policy()]).await.unwrap();
        let said = |known: &AllFacts| {
            let said = known.channels[0].said_ports.get(&port.pr);
            said.map(|said| said[0].pr)
        };
        assert_eq!(said(&known), Some(PrNumber(412_350)));
        assert_eq!(known.channels[0].candidates[&port.pr].body, "");

        for (body, expected) in [
            ("Backport of #412351", Some(PrNumber(412_351))),
            ("See #412350", None),
        ] {
            port.body = body.into();
            assert!(store.upsert_candidate(&port).await.unwrap());
            known = store.refreshed(&known).await.unwrap();
            assert_eq!(said(&known), expected, "{body}");
        }
        database.execute("UPDATE candidate_bodies SET body = 'junk'").await.unwrap();
        let read = store.all_facts([policy()]).await.unwrap();
        assert_eq!(said(&read), None, "it costs nothing but what it said");
    }
}

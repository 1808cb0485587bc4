//! Patches of the team's own.

use picket_domain::{Candidate, PrNumber, Sha256};
use picket_store::{Origin, Submission};

use crate::fixtures::*;

fn submission(replaces: Option<PrNumber>, head: &str) -> Submission {
    Submission {
        replaces,
        candidate: Candidate {
            body: format!("why {head}"),
            ..candidate(1, head)
        },
        onto: sha("base"),
        mails: head.as_bytes().to_vec(),
        reason: "there is no pull request".into(),
    }
}

on_both_engines! {
    async fn own_patches_are_numbered_apart_and_can_be_made_again(database: Database) {
        let store = database.open().await;
        store.upsert_candidate(&candidate(7, "seven")).await.unwrap();
        let mut numbers = Vec::new();
        for head in ["one", "two"] {
            let handed_in = store.submit_patch(at(0), person("ada"), submission(None, head));
            numbers.push(handed_in.await.unwrap());
        }
        assert_eq!(numbers, [PrNumber::own(1), PrNumber::own(2)]);
        let first = PrNumber::own(1);
        let again = submission(Some(first), "three");
        let again = store.submit_patch(at(1), person("ada"), again).await;
        assert_eq!(again.unwrap(), first);

        let known = store.candidate(first).await.unwrap().unwrap();
        assert_eq!((known.head, &*known.body), (sha("three"), "why three"));
        for head in ["one", "three"] {
            let mails = Sha256::of(head.as_bytes()).into();
            let origin = store.origin_of(first, &sha(head)).await.unwrap();
            let expected = Origin { onto: sha("base"), mails };
            assert_eq!(origin.as_ref(), Some(&expected));
            let kept = store.contents(&[expected.mails.clone()].into()).await.unwrap();
            assert_eq!(kept[&expected.mails], head.as_bytes());
        }
        assert_eq!(store.origin_of(first, &sha("two")).await.unwrap(), None);
        assert_eq!(store.whole_log_verified().await.unwrap().0, 3);
    }
}

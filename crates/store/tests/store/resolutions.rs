//! What people made of conflicts, what history says of them, and what picks change.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{
    Action, ContentId, Form, ImpactOutcome, Investigation, MitigationName, PatchId, PrNumber,
};
use picket_store::{Store, StoreError};

use crate::fixtures::*;

/// Bytes that no text column takes.
const BYTES: &[u8] = b"{ \0\xff'\\x27 }\n";

fn contents(of: &[&[u8]]) -> BTreeMap<ContentId, Vec<u8>> {
    of.iter()
        .map(|bytes| (content_id(bytes), bytes.to_vec()))
        .collect()
}

async fn resolve(
    store: &Store,
    content: &[u8],
    given: &BTreeMap<ContentId, Vec<u8>>,
) -> Result<(), StoreError> {
    let action = resolve_conflict(&sec(), 7, content);
    let entry = store.append_with_contents(at(0), person("ada"), action, given);
    entry.await.map(drop)
}

on_both_engines! {
    async fn contents_come_in_with_their_entry(database: Database) {
        let store = database.open().await;
        let given = contents(&[BYTES, b""]);
        resolve(&store, BYTES, &given).await.unwrap();
        // What is there already need not be given again, and may be.
        resolve(&store, b"", &BTreeMap::new()).await.unwrap();
        resolve(&store, BYTES, &given).await.unwrap();
        assert_eq!(store.whole_log_verified().await.unwrap().0, 3);
        let all = store.contents(&given.keys().cloned().collect()).await.unwrap();
        assert_eq!(all, given);
        assert_eq!(store.contents(&BTreeSet::new()).await.unwrap(), BTreeMap::new());
    }

    async fn an_entry_without_its_contents_is_refused_and_leaves_nothing(database: Database) {
        let store = database.open().await;
        let error = resolve(&store, BYTES, &contents(&[b"another"])).await.unwrap_err();
        assert!(matches!(&error, StoreError::NoContent(id) if *id == content_id(BYTES)), "{error}");

        let wrong = BTreeMap::from([(content_id(BYTES), b"another".to_vec())]);
        let error = resolve(&store, BYTES, &wrong).await.unwrap_err();
        assert!(matches!(&error, StoreError::WrongContent(_)), "{error}");

        assert_eq!(store.whole_log_verified().await.unwrap().0, 0);
        for bytes in [BYTES, b"another"] {
            let ids = BTreeSet::from([content_id(bytes)]);
            let error = store.contents(&ids).await.unwrap_err();
            assert!(error.to_string().contains("is missing: restore it from a backup"), "{error}");
        }
    }

    async fn a_form_comes_in_with_its_text_and_not_without(database: Database) {
        let store = database.open().await;
        let form = Form::Mitigation {
            name: MitigationName::parse("cve-2026-31431").unwrap(),
            settings: content_id(BYTES),
        };
        let choose = |form: &Form| Action::ChooseForm {
            channel: sec(),
            pr: PrNumber(7),
            head: sha("head"),
            form: form.clone(),
        };
        let (nothing, given) = (BTreeMap::new(), contents(&[BYTES]));
        for (given, is_taken) in [(&nothing, false), (&given, true)] {
            let entry = store.append_with_contents(at(0), person("ada"), choose(&form), given);
            assert_eq!(entry.await.is_ok(), is_taken);
        }
        store.append(at(1), person("ada"), choose(&Form::AsIs)).await.unwrap();
        let facts = store.facts(&policy()).await.unwrap();
        assert_eq!(facts.form(PrNumber(7), &sha("head")), &Form::AsIs);
        let log = store.log_of_pr(PrNumber(7)).await.unwrap();
        assert_eq!(log[0].action, choose(&form));
    }

    async fn a_content_that_was_changed_is_named(database: Database) {
        let store = database.open().await;
        resolve(&store, BYTES, &contents(&[BYTES, b""])).await.unwrap();
        let sql = format!(
            "UPDATE contents SET bytes = (SELECT bytes FROM contents WHERE id = '{}') \
             WHERE id = '{}'",
            content_id(b""),
            content_id(BYTES),
        );
        assert_eq!(database.execute(&sql).await.unwrap(), 1);
        let error = store.contents(&BTreeSet::from([content_id(BYTES)])).await.unwrap_err();
        let row = format!("table contents, row id={}, column bytes: ", content_id(BYTES));
        assert!(error.to_string().starts_with(&row), "{error}");
        // Nothing is built on it either.
        let error = resolve(&store, BYTES, &BTreeMap::new()).await.unwrap_err();
        assert!(matches!(error, StoreError::Junk { .. }), "{error}");
    }

    async fn the_first_text_of_a_patch_stays(database: Database) {
        let store = database.open().await;
        let patches = |texts: &[(&str, &str)]| -> BTreeMap<PatchId, String> {
            texts.iter().map(|(id, text)| (patch_id(id), (*text).to_owned())).collect()
        };
        store.record_patches(&BTreeMap::new()).await.unwrap();
        store.record_patches(&patches(&[("a", "-x\0\n+y\n"), ("b", "\u{1f980}")])).await.unwrap();
        store.record_patches(&patches(&[("b", "later"), ("c", "")])).await.unwrap();
        let ids = ["a", "b", "c", "unknown"].map(patch_id);
        assert_eq!(
            store.patches(&BTreeSet::from(ids)).await.unwrap(),
            patches(&[("a", "-x\u{fffd}\n+y\n"), ("b", "\u{1f980}"), ("c", "")])
        );
    }

    async fn an_impact_is_of_one_pick_onto_one_base_and_found_out_better(database: Database) {
        let store = database.open().await;
        let (base, input) = (sha("base"), input(7, "head"));
        assert_eq!(store.impact(&sec(), &base, &input).await.unwrap(), None);
        let unknown = ImpactOutcome::Unknown { reason: "error: \u{1f980}".into() };
        store.record_impact(&sec(), &base, &input, &unknown).await.unwrap();
        store.record_impact(&sec(), &base, &input, &sample_impact()).await.unwrap();
        store.record_impact(&channel("other"), &base, &input, &unknown).await.unwrap();
        let found = store.impact(&sec(), &base, &input).await.unwrap();
        assert_eq!(found, Some(sample_impact()));
        let other = store.impact(&sec(), &sha("other"), &input).await.unwrap();
        assert_eq!(other, None);
    }

    async fn an_investigation_is_of_one_pick_onto_one_base(database: Database) {
        let store = database.open().await;
        let (base, input) = (sha("base"), input(7, "head"));
        assert_eq!(store.investigation(&sec(), &base, &input).await.unwrap(), None);
        let empty = Investigation::default();
        store.record_investigation(&sec(), &base, &input, &empty).await.unwrap();
        store.record_investigation(&sec(), &base, &input, &investigation()).await.unwrap();
        store.record_investigation(&channel("other"), &base, &input, &empty).await.unwrap();
        let found = store.investigation(&sec(), &base, &input).await.unwrap();
        assert_eq!(found, Some(investigation()));
        for (base, input) in [
            (sha("other"), input.clone()),
            (base.clone(), crate::fixtures::input(8, "head")),
            (base.clone(), crate::fixtures::input(7, "pushed")),
        ] {
            let found = store.investigation(&sec(), &base, &input).await.unwrap();
            assert_eq!(found, None);
        }
    }
}

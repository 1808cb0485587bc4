//! What the webhook took.

use picket_store::Delivery;

use crate::fixtures::at;

fn delivery(id: &str, seconds: i64) -> Delivery {
    Delivery {
        id: id.to_owned(),
        event: "pull_request".to_owned(),
        body: r#"{"title": "'quoted' \u0000 🦀"}"#.to_owned(),
        received_at: at(seconds),
    }
}

on_both_engines! {
    async fn a_delivery_is_kept_once_looked_at_once_and_let_go(database: Database) {
        let store = database.open().await;
        let (first, second) = (delivery("one", 10), delivery("two", 20));
        assert!(store.keep_delivery(&second).await.unwrap());
        assert!(store.keep_delivery(&first).await.unwrap());
        assert!(!store.keep_delivery(&delivery("one", 30)).await.unwrap());
        assert_eq!(store.new_deliveries().await.unwrap(), [first, second]);

        store.handled_delivery("one", None).await.unwrap();
        store.handled_delivery("two", Some("it has no number")).await.unwrap();
        assert_eq!(store.new_deliveries().await.unwrap(), []);
        assert!(!store.keep_delivery(&delivery("two", 40)).await.unwrap(), "it is known");
        let odd = [("two".to_owned(), "it has no number".to_owned())];
        assert_eq!(store.odd_deliveries(at(20)).await.unwrap(), odd);
        assert_eq!(store.odd_deliveries(at(21)).await.unwrap(), []);

        let later = delivery("three", 10 + 7 * 86_400 + 5);
        assert!(store.keep_delivery(&later).await.unwrap());
        assert!(store.keep_delivery(&delivery("one", 20)).await.unwrap(), "it was let go");
    }
}

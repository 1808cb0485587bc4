//! Sessions.

use picket_store::{SessionToken, SignedIn};
use sqlx::{Connection, Row};

use crate::fixtures::*;

on_both_engines! {
    async fn a_session_is_found_by_its_token_until_it_expires(database: Database) {
        let store = database.open().await;
        let token = session(&store, "ada", at(0)).await;
        let session = store.session(&token, at(59)).await.unwrap().unwrap();
        assert_eq!(session.login, login("ada"));
        assert!(store.session(&token, at(60)).await.unwrap().is_none());

        let from_cookie = SessionToken::parse(token.secret()).unwrap();
        let again = store.session(&from_cookie, at(1)).await.unwrap().unwrap();
        assert!(again.csrf.matches(session.csrf.as_str()));
    }

    async fn every_session_is_its_own(database: Database) {
        let store = database.open().await;
        let first = session(&store, "ada", at(0)).await;
        let second = session(&store, "ada", at(0)).await;
        assert_ne!(first, second);
        let first_session = store.session(&first, at(1)).await.unwrap().unwrap();
        let second_session = store.session(&second, at(1)).await.unwrap().unwrap();
        assert!(!first_session.csrf.matches(second_session.csrf.as_str()));
        assert!(!first_session.csrf.matches(""));

        for _ in 0..2 {
            store.end_session(&first).await.unwrap();
        }
        assert!(store.session(&first, at(1)).await.unwrap().is_none());
        assert!(store.session(&second, at(1)).await.unwrap().is_some());
    }

    async fn the_database_never_holds_a_token(database: Database) {
        let store = database.open().await;
        let token = session(&store, "ada", at(0)).await;
        let mut connection = database.connect().await;
        let row = sqlx::query("SELECT * FROM sessions").fetch_one(&mut connection).await.unwrap();
        for column in ["token_hash", "login", "identity", "csrf"] {
            assert_ne!(row.get::<String, _>(column), token.secret());
        }
        assert_eq!(row.get::<String, _>("token_hash").len(), 64);
        connection.close().await.unwrap();
        assert!(!format!("{token:?}").contains(token.secret()));
    }

    async fn expired_sessions_are_forgotten(database: Database) {
        let store = database.open().await;
        session(&store, "ada", at(0)).await;
        session(&store, "grace", at(60)).await;
        let mut connection = database.connect().await;
        let rows = sqlx::query("SELECT login FROM sessions").fetch_all(&mut connection).await;
        let logins: Vec<String> = rows.unwrap().iter().map(|row| row.get("login")).collect();
        assert_eq!(logins, ["grace"]);
        connection.close().await.unwrap();
    }

    async fn a_session_ends_with_the_place_on_the_team(database: Database) {
        let store = database.open().await;
        let token = session(&store, "grace", at(0)).await;
        let is_open = async || store.session(&token, at(9)).await.unwrap().is_some();
        assert!(is_open().await);
        store.set_team(&named(&["ada"]), at(1)).await.unwrap();
        assert!(!is_open().await, "she left");
        store.set_team(&named(&["ada", "grace"]), at(2)).await.unwrap();
        assert!(is_open().await);

        let same = github(5);
        let elsewhere = store.sign_in(&login("hopper"), same, at(3), 60).await.unwrap();
        assert_eq!(elsewhere, SignedIn::NotMember);
        assert!(!is_open().await, "her account has another name");
        let _ = store.sign_in(&login("grace"), same, at(4), 60).await.unwrap();
        assert!(is_open().await, "it has its name back");
        store.unbind(&login("grace"), at(5)).await.unwrap();
        assert!(!is_open().await, "the name is nobody's");
        let _ = store.sign_in(&login("grace"), github(77), at(6), 60).await.unwrap();
        assert!(!is_open().await, "the name is another account's");
    }
}

#[test]
fn what_cannot_be_a_token_is_none() {
    for bad in [
        "",
        "short",
        &"x".repeat(44),
        &"'".repeat(43),
        &"ä".repeat(21),
    ] {
        assert_eq!(SessionToken::parse(bad), None);
    }
}

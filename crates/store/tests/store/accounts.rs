//! Whose account each login is.

use picket_domain::{
    AccountEvent, AccountId, Action, Actor, Identity, LapseReason, Login, Named, Refusal, Timestamp,
};
use picket_store::{SignedIn, Store};

use crate::fixtures::*;

async fn sign_in(store: &Store, name: &str, identity: Identity, now: Timestamp) -> &'static str {
    match store
        .sign_in(&login(name), identity, now, 60)
        .await
        .unwrap()
    {
        SignedIn::Welcome(_) => "welcome",
        SignedIn::NotMember => "not a member",
        SignedIn::OtherAccount => "another account",
    }
}

/// What the log says about accounts.
async fn events(store: &Store) -> Vec<(Actor, Login, AccountEvent)> {
    let mut entries = store.log_page(None, 100).await.unwrap();
    entries.reverse();
    let event = entries.into_iter().filter_map(|entry| match entry.action {
        Action::Account { login, event } => Some((entry.actor, login, event)),
        _ => None,
    });
    event.collect()
}

on_both_engines! {
    async fn a_login_is_bound_to_the_first_account_that_signs_in(database: Database) {
        let store = database.open().await;
        store.set_team(&named(&["ada", "grace"]), at(0)).await.unwrap();
        assert_eq!(sign_in(&store, "Ada", github(41), at(1)).await, "welcome");
        assert_eq!(sign_in(&store, "ada", github(41), at(5)).await, "welcome");
        assert_eq!(sign_in(&store, "mallory", github(77), at(6)).await, "not a member");
        let accounts = store.accounts().await.unwrap();
        assert_eq!(accounts.len(), 1, "strangers are not kept");
        let binding = accounts[0].binding.unwrap();
        assert_eq!(binding.identity, github(41));
        assert_eq!((binding.bound_at, binding.last_sign_in_at), (at(1), at(5)));
        assert_eq!(events(&store).await, []);
    }

    async fn another_account_of_the_same_name_is_refused_and_told_of_once(database: Database) {
        let store = database.open().await;
        store.set_team(&named(&["ada"]), at(0)).await.unwrap();
        assert_eq!(sign_in(&store, "ada", github(41), at(1)).await, "welcome");
        for seconds in [2, 3] {
            let tried = sign_in(&store, "ada", github(77), at(seconds)).await;
            assert_eq!(tried, "another account");
        }
        let refused = Refusal { identity: github(77), at: at(2) };
        assert_eq!(store.accounts().await.unwrap()[0].refused, Some(refused));
        let team = store.facts(&policy()).await.unwrap().team;
        assert_eq!(team.refused().collect::<Vec<_>>(), [(&login("ada"), refused)]);
        let event = AccountEvent::Refused { identity: github(77) };
        assert_eq!(events(&store).await, [(Actor::Picket, login("ada"), event)]);

        assert_eq!(sign_in(&store, "ada", github(41), at(4)).await, "welcome");
        assert_eq!(store.accounts().await.unwrap()[0].refused, None, "she has it still");
        store.whole_log_verified().await.unwrap();
    }

    async fn an_account_that_comes_under_another_login_has_given_up_its_first(database: Database) {
        let store = database.open().await;
        store.set_team(&named(&["ada", "lovelace"]), at(0)).await.unwrap();
        assert_eq!(sign_in(&store, "ada", github(41), at(1)).await, "welcome");
        assert_eq!(sign_in(&store, "lovelace", github(41), at(2)).await, "welcome");
        let team = store.facts(&policy()).await.unwrap().team;
        assert!(!team.has(&login("ada")) && team.has(&login("lovelace")));
        let lapse = team.lapse(&login("ada"), 1).unwrap();
        assert_eq!((lapse.since, lapse.why), (Some(at(2)), LapseReason::Renamed));
        let event = AccountEvent::Renamed { to: login("lovelace") };
        assert_eq!(events(&store).await, [(Actor::Picket, login("ada"), event)]);

        assert_eq!(sign_in(&store, "ada", github(41), at(3)).await, "welcome");
        let team = store.facts(&policy()).await.unwrap().team;
        assert!(team.has(&login("ada")) && !team.has(&login("lovelace")), "it went back");
    }

    async fn a_rename_that_is_seen_elsewhere_is_one(database: Database) {
        let store = database.open().await;
        store.set_team(&named(&["ada", "lovelace"]), at(0)).await.unwrap();
        store.saw_account(&login("lovelace"), AccountId(41), at(1)).await.unwrap();
        assert_eq!(sign_in(&store, "ada", github(41), at(2)).await, "welcome");
        store.saw_account(&login("ada"), AccountId(41), at(3)).await.unwrap();
        store.saw_account(&login("ada"), AccountId(77), at(3)).await.unwrap();
        assert_eq!(events(&store).await, []);

        for seconds in [4, 5] {
            store.saw_account(&login("lovelace"), AccountId(41), at(seconds)).await.unwrap();
        }
        let event = AccountEvent::Renamed { to: login("lovelace") };
        assert_eq!(events(&store).await, [(Actor::Picket, login("ada"), event)]);
        let team = store.facts(&policy()).await.unwrap().team;
        assert_eq!(team.lapse(&login("ada"), 1).unwrap().since, Some(at(4)));

        assert_eq!(sign_in(&store, "lovelace", github(41), at(6)).await, "welcome");
        store.saw_account(&login("ada"), AccountId(41), at(7)).await.unwrap();
        assert_eq!(events(&store).await.len(), 1, "what shows ada lags behind");
        assert!(store.facts(&policy()).await.unwrap().team.has(&login("lovelace")));
    }

    async fn the_team_knows_whose_a_login_is(database: Database) {
        let store = database.open().await;
        let mut known = store.all_facts([policy()]).await.unwrap();
        let mut account = async |name: &str| {
            known = store.refreshed(&known).await.unwrap();
            known.channels[0].team.account(&login(name))
        };
        let mut people = named(&["ada", "grace"]);
        people[1].id = Some(AccountId(42));
        store.set_team(&people, at(0)).await.unwrap();
        assert_eq!(account("ada").await, None);
        assert_eq!(account("grace").await, Some(AccountId(42)));
        assert_eq!(sign_in(&store, "ada", github(41), at(1)).await, "welcome");
        assert_eq!(account("ada").await, Some(AccountId(41)));
        store.unbind(&login("ada"), at(2)).await.unwrap();
        assert_eq!(account("ada").await, None);
        assert_eq!(sign_in(&store, "ada", github(77), at(3)).await, "welcome");
        assert_eq!(account("ada").await, Some(AccountId(77)));
    }

    async fn a_login_that_is_unbound_is_the_next_accounts(database: Database) {
        let store = database.open().await;
        store.set_team(&named(&["ada"]), at(0)).await.unwrap();
        assert_eq!(store.unbind(&login("ada"), at(1)).await.unwrap(), None);
        assert_eq!(sign_in(&store, "ada", github(41), at(1)).await, "welcome");
        let approval = store.append(at(2), person("ada"), approve(&sec(), 7, "head")).await.unwrap();
        assert_eq!(store.unbind(&login("ada"), at(3)).await.unwrap(), Some(github(41)));
        assert_eq!(store.unbind(&login("ada"), at(4)).await.unwrap(), None);
        let event = AccountEvent::Unbound { identity: github(41) };
        assert_eq!(events(&store).await, [(Actor::Operator, login("ada"), event)]);

        assert_eq!(sign_in(&store, "ada", github(77), at(5)).await, "welcome");
        let team = store.facts(&policy()).await.unwrap().team;
        let lapse = team.lapse(&login("ada"), approval.seq).unwrap();
        assert_eq!((lapse.since, lapse.why), (Some(at(3)), LapseReason::OtherAccount));
        let own = store.append(at(6), person("ada"), approve(&sec(), 7, "head")).await.unwrap();
        assert_eq!(team.lapse(&login("ada"), own.seq), None);
    }

    async fn the_account_that_the_configuration_gives_has_the_login(database: Database) {
        let store = database.open().await;
        store.set_team(&named(&["ada"]), at(0)).await.unwrap();
        assert_eq!(sign_in(&store, "ada", github(77), at(1)).await, "welcome");
        let with_id = [Named { login: login("ada"), id: Some(AccountId(41)) }];
        for seconds in [2, 3] {
            store.set_team(&with_id, at(seconds)).await.unwrap();
        }
        let event = AccountEvent::Unbound { identity: github(77) };
        assert_eq!(events(&store).await, [(Actor::Picket, login("ada"), event)]);
        assert_eq!(sign_in(&store, "ada", github(77), at(4)).await, "another account");
        assert_eq!(sign_in(&store, "ada", github(41), at(5)).await, "welcome");
        store.set_team(&with_id, at(6)).await.unwrap();
        assert_eq!(events(&store).await.len(), 2, "it is the right one now");
    }

    async fn passphrases_are_bound_to_their_names(database: Database) {
        let store = database.open().await;
        store.set_team(&named(&["ada", "grace"]), at(0)).await.unwrap();
        for name in ["ada", "grace", "ada"] {
            assert_eq!(sign_in(&store, name, Identity::Passphrase, at(1)).await, "welcome");
        }
        let team = store.facts(&policy()).await.unwrap().team;
        assert!(team.has(&login("ada")) && team.has(&login("grace")));
        assert_eq!(sign_in(&store, "ada", github(41), at(2)).await, "another account");
    }

    async fn of_two_accounts_that_come_at_once_one_is_let_in(database: Database) {
        let store = database.open().await;
        store.set_team(&named(&["ada"]), at(0)).await.unwrap();
        let coming = [41, 77].map(|id| {
            let store = store.clone();
            tokio::spawn(async move { sign_in(&store, "ada", github(id), at(1)).await })
        });
        let mut outcomes = Vec::new();
        for one in coming {
            outcomes.push(one.await.unwrap());
        }
        outcomes.sort_unstable();
        assert_eq!(outcomes, ["another account", "welcome"]);
    }
}

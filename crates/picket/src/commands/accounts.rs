//! `picket accounts`

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use picket_domain::{Account, Refusal, Timestamp};
use picket_store::Store;
use serde_json::{Value, json};

use crate::cli;
use crate::config::{Allowances, Config};

pub(crate) async fn list(arguments: &cli::AccountsList) -> anyhow::Result<ExitCode> {
    let accounts = open(&arguments.config).await?.accounts().await?;
    match arguments.json {
        true => println!("{}", Value::from_iter(accounts.iter().map(as_json))),
        false => print!("{}", text(&accounts)),
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn unbind(arguments: &cli::AccountsUnbind) -> anyhow::Result<ExitCode> {
    let (store, login) = (open(&arguments.config).await?, &arguments.login);
    let Some(identity) = store.unbind(login, Timestamp::now()).await? else {
        bail!("{login} is bound to no account: `picket accounts list` lists those that are");
    };
    match arguments.json {
        true => println!("{}", json!({ "login": login, "unbound": identity })),
        false => println!(
            "{login} is not {identity} any more: the next account that signs in as {login} keeps the name"
        ),
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(config: &Path) -> anyhow::Result<Store> {
    // Nobody signs in here, so that a demo's sign-in is no reason to refuse.
    let config = Config::load(config, Allowances { demo_sign_in: true })?;
    Ok(Store::open_existing(config.database_url.expose()).await?)
}

fn as_json(account: &Account) -> Value {
    let Account {
        login,
        binding,
        renamed_at,
        unbound_at,
        refused,
    } = account;
    let time = |at: &Timestamp| at.to_string();
    json!({
        "login": login,
        "identity": binding.map(|it| it.identity),
        "bound_at": binding.map(|it| time(&it.bound_at)),
        "last_sign_in_at": binding.map(|it| time(&it.last_sign_in_at)),
        "renamed_at": renamed_at.as_ref().map(time),
        "unbound_at": unbound_at.as_ref().map(time),
        "refused": refused.map(|it| json!({ "identity": it.identity, "at": time(&it.at) })),
    })
}

/// A line for each login, and one more where another account wants it.
fn text(accounts: &[Account]) -> String {
    let lines = accounts.iter().map(|account| {
        let login = &account.login;
        let refused = account.refused.map(|Refusal { identity, at }| {
            format!("  another account, {identity}, was not let in as {login} at {at}\n")
        });
        let refused = refused.unwrap_or_default();
        format!("{login}: {}\n{refused}", whose(account))
    });
    match accounts {
        [] => "nobody has signed in yet\n".to_owned(),
        _ => lines.collect(),
    }
}

fn whose(account: &Account) -> String {
    match (account.binding, account.renamed_at) {
        (None, _) => "nobody's; the next account that signs in keeps it".to_owned(),
        (Some(binding), renamed_at) => {
            let renamed = renamed_at.map(|at| format!("; goes by another name since {at}"));
            format!(
                "{} since {}, last signed in {}{}",
                binding.identity,
                binding.bound_at,
                binding.last_sign_in_at,
                renamed.unwrap_or_default()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::{AccountId, Binding, Identity, Login};

    use super::*;

    fn accounts() -> Vec<Account> {
        let (at, github) = (Timestamp::from_unix, |id| Identity::GitHub(AccountId(id)));
        let account = |name: &str| Account {
            login: Login::parse(name).unwrap(),
            binding: Some(Binding {
                identity: github(42),
                bound_at: at(0),
                last_sign_in_at: at(60),
            }),
            renamed_at: None,
            unbound_at: None,
            refused: None,
        };
        let refused = Refusal {
            identity: github(77),
            at: at(90),
        };
        vec![
            account("ada"),
            Account {
                renamed_at: Some(at(90)),
                ..account("edsger")
            },
            Account {
                refused: Some(refused),
                ..account("grace")
            },
            Account {
                binding: None,
                unbound_at: Some(at(90)),
                ..account("konrad")
            },
        ]
    }

    #[test]
    fn the_list_says_whose_each_login_is() {
        insta::assert_snapshot!(text(&accounts()), @"
        ada: github:42 since 1970-01-01T00:00:00Z, last signed in 1970-01-01T00:01:00Z
        edsger: github:42 since 1970-01-01T00:00:00Z, last signed in 1970-01-01T00:01:00Z; goes by another name since 1970-01-01T00:01:30Z
        grace: github:42 since 1970-01-01T00:00:00Z, last signed in 1970-01-01T00:01:00Z
          another account, github:77, was not let in as grace at 1970-01-01T00:01:30Z
        konrad: nobody's; the next account that signs in keeps it
        ");
        assert_eq!(text(&[]), "nobody has signed in yet\n");
    }

    #[test]
    fn the_list_as_json() {
        let json = Value::from_iter(accounts().iter().map(as_json).skip(2));
        insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
        [
          {
            "login": "grace",
            "identity": "github:42",
            "bound_at": "1970-01-01T00:00:00Z",
            "last_sign_in_at": "1970-01-01T00:01:00Z",
            "renamed_at": null,
            "unbound_at": null,
            "refused": {
              "identity": "github:77",
              "at": "1970-01-01T00:01:30Z"
            }
          },
          {
            "login": "konrad",
            "identity": null,
            "bound_at": null,
            "last_sign_in_at": null,
            "renamed_at": null,
            "unbound_at": "1970-01-01T00:01:30Z",
            "refused": null
          }
        ]
        "#);
    }
}

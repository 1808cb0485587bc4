//! The web server and how people sign in.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use toml::Spanned;

use super::address::{base_url, http_base};
use super::paths::Paths;
use super::value::{Checked, login, parse};
use crate::config::error::Problem;
use crate::config::{Allowances, Secret, SignIn, Web, raw};

const GITHUB_WEB: &str = "https://github.com";

pub(super) fn web(raw: raw::Web, paths: &Paths, allow: Allowances) -> Checked<Web> {
    let listen: SocketAddr = parse(
        &raw.listen,
        "write an address and a port, as 127.0.0.1:8080",
    )?;
    let base_url = base_url(&raw.base_url)?;
    let sign_in = match (raw.github_oauth, raw.demo_sign_in) {
        (Some(oauth), None) => github_sign_in(oauth.into_inner(), paths)?,
        (None, Some(people)) => demo_sign_in(people, listen, allow)?,
        (None, None) => {
            return Err(Problem::new(
                raw.listen.span(),
                "says nothing of how people sign in",
                "add [web.github_oauth] with client_id and client_secret_file",
            ));
        }
        (Some(_), Some(people)) => {
            return Err(Problem::new(
                people.span(),
                "people can sign in in one way only",
                "remove [web.demo_sign_in] or [web.github_oauth]",
            ));
        }
    };
    Ok(Web {
        listen,
        base_url,
        sign_in,
    })
}

fn github_sign_in(raw: raw::GitHubOAuth, paths: &Paths) -> Checked<SignIn> {
    Ok(SignIn::GitHub {
        client_secret: paths.secret(&raw.client_secret_file)?,
        web: http_base(raw.web.as_ref(), GITHUB_WEB)?,
        client_id: client_id(raw.client_id)?,
    })
}

/// A passphrase in a file protects nothing that others can reach.
fn demo_sign_in(
    raw: Spanned<BTreeMap<String, Spanned<String>>>,
    listen: SocketAddr,
    allow: Allowances,
) -> Checked<SignIn> {
    let refuse = |problem: &str, remedy: &str| Err(Problem::new(raw.span(), problem, remedy));
    if !listen.ip().is_loopback() {
        return refuse(
            "sign-in by passphrase is for loopback alone",
            "set web.listen to 127.0.0.1:PORT, or use [web.github_oauth]",
        );
    }
    if !allow.demo_sign_in {
        return refuse(
            "sign-in by passphrase was not allowed",
            "start with --allow-demo-sign-in if this is a demo, or use [web.github_oauth]",
        );
    }
    if raw.as_ref().is_empty() {
        return refuse("nobody could sign in", "name people and their passphrases");
    }
    let span = raw.span();
    let people = raw.into_inner().into_iter().map(|(name, passphrase)| {
        if passphrase.as_ref().trim().is_empty() {
            let remedy = "write a passphrase that nobody guesses";
            return Err(Problem::new(passphrase.span(), "is empty", remedy));
        }
        let name = login(&Spanned::new(span.clone(), name))?;
        Ok((name, Secret::new(passphrase.into_inner())))
    });
    Ok(SignIn::Demo(people.collect::<Checked<_>>()?))
}

fn client_id(value: Spanned<String>) -> Checked<String> {
    let is_id = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    if is_id(value.as_ref()) {
        return Ok(value.into_inner());
    }
    let remedy = "write the OAuth app's client id, as GitHub shows it";
    Err(Problem::new(value.span(), "is no client id", remedy))
}

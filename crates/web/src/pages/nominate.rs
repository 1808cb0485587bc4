//! Asking that a pull request be watched which nothing marks as a security fix.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use picket_domain::{Action, Actor, PrNumber};
use serde::Deserialize;
use url::Url;

use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::forms::{SignedForm, reason};
use crate::layout::{Section, Shell};
use crate::session::Viewer;
use crate::state::{App, AppState};

#[derive(Deserialize)]
pub(crate) struct Asked {
    /// The pull request that the person just nominated.
    asked: Option<u64>,
}

#[derive(Template)]
#[template(path = "nominate.html")]
struct NominatePage {
    shell: Shell,
    is_member: bool,
    asked: Option<u64>,
    waiting: Vec<Waiting>,
}

/// A nominated pull request that the watcher has not fetched yet.
struct Waiting {
    pr: PrNumber,
    /// Why not, where it tried.
    why: Option<String>,
}

/// `GET /nominate`
pub(crate) async fn form(
    State(app): State<App>,
    viewer: Viewer,
    Checked(Query(query)): Checked<Query<Asked>>,
) -> Result<Response, PageError> {
    let waiting = waiting(&app).await?;
    let shell = Shell::new(
        "Nominate a pull request",
        Section::Nominate,
        &viewer,
        "/nominate",
    );
    page(&NominatePage {
        shell: shell.refreshing(!waiting.is_empty()),
        is_member: viewer.member().is_some(),
        asked: query.asked,
        waiting,
    })
}

async fn waiting(app: &AppState) -> Result<Vec<Waiting>, PageError> {
    let known: BTreeSet<_> = app
        .store
        .candidates()
        .await?
        .iter()
        .map(|it| it.pr)
        .collect();
    let nominated = app.store.nominated().await?;
    let board = app.board();
    let waiting = nominated.difference(&known).map(|pr| {
        let step = format!("reading pull request #{pr}");
        let mut troubles = board.troubles().into_iter();
        Waiting {
            pr: *pr,
            why: troubles
                .find(|it| it.step == step)
                .map(|it| it.error.clone()),
        }
    });
    Ok(waiting.collect())
}

#[derive(Deserialize)]
pub(crate) struct Nomination {
    pr: String,
    reason: String,
}

/// `POST /nominate`
pub(crate) async fn nominate(
    State(app): State<App>,
    SignedForm { person, form }: SignedForm<Nomination>,
) -> Result<Response, PageError> {
    let pr = pull_request(&form.pr, &app.repository)?;
    let reason = reason(&form.reason)?;
    if app.store.candidate(pr).await?.is_some() {
        return Ok(Redirect::to(&format!("/candidates/{pr}")).into_response());
    }
    if !app.store.nominated().await?.contains(&pr) {
        let actor = Actor::Person(person.login);
        let action = Action::Nominate { pr, reason };
        app.store.append(app.now(), actor, action).await?;
        app.wake.notify_one();
    }
    Ok(Redirect::to(&format!("/nominate?asked={pr}")).into_response())
}

/// A pull request's number, with or without `#`, or its address: of a repository `OWNER/NAME`.
fn pull_request(text: &str, repository: &str) -> Result<PrNumber, PageError> {
    let number = digits(text.trim(), repository).and_then(|it| it.parse().ok());
    let number = number.filter(|n| (1..=u64::from(u32::MAX)).contains(n));
    number.map(PrNumber).ok_or_else(|| {
        let message = "That is no pull request of the repository that is watched: give its number, \
            or its address on GitHub.";
        PageError::BadInput(message.to_owned())
    })
}

/// `1`, `#1`, `OWNER/NAME#1`, `https://github.com/OWNER/NAME/pull/1`, and what people copy with the
/// latter: `/files`, `#issuecomment-2`.
fn digits(text: &str, repository: &str) -> Option<String> {
    if let Ok(url) = Url::parse(text) {
        let mut parts = url.path_segments()?;
        let of = format!("{}/{}", parts.next()?, parts.next()?);
        let is_ours = of.eq_ignore_ascii_case(repository) && parts.next()? == "pull";
        return parts.next().filter(|_| is_ours).map(str::to_owned);
    }
    let (of, number) = text.split_once('#').unwrap_or((repository, text));
    let is_ours = of.is_empty() || of.eq_ignore_ascii_case(repository);
    is_ours.then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_request_is_given_by_number_or_address() {
        for text in [
            "12345",
            " #12345 ",
            "nixos/Nixpkgs#12345",
            "https://github.com/NixOS/nixpkgs/pull/12345",
            "https://github.com/NixOS/nixpkgs/pull/12345/",
            "https://github.com/NixOS/nixpkgs/pull/12345/files#diff-1",
            "https://github.com/NixOS/nixpkgs/pull/12345#issuecomment-5",
            "https://github.com/NixOS/nixpkgs/pull/12345?x=y",
        ] {
            let read = pull_request(text, "NixOS/nixpkgs");
            assert_eq!(read.unwrap(), PrNumber(12_345), "{text}");
        }
        for bad in [
            "",
            "0",
            "-1",
            "abc",
            "99999999999",
            "12345/files",
            "##1",
            "other/nixpkgs#1",
            "https://github.com/other/nixpkgs/pull/1",
            "https://gitlab.com/x/y/pull/1",
            "https://github.com/NixOS/nixpkgs/issues/1",
            "https://github.com/NixOS/nixpkgs/pull",
        ] {
            assert!(pull_request(bad, "NixOS/nixpkgs").is_err(), "{bad}");
        }
    }
}

//! `/login` and `/logout`: how somebody becomes known, and ceases to be.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use picket_store::SignedIn;
use serde::Deserialize;

use crate::chain::Chain;
use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::forms::SignedForm;
use crate::identity::{GitHubSignIn, Pending, Proven, SignIn, who};
use crate::layout::{Section, Shell};
use crate::session::{SESSION_COOKIE, Viewer, cookie};
use crate::state::{App, AppState};

/// How long a session lasts: a working day, in seconds.
const SESSION_SECONDS: i64 = 12 * 3_600;

/// How long somebody may take at GitHub, in seconds.
const PENDING_SECONDS: i64 = 600;

/// The cookies that are kept while somebody is at GitHub.
const PENDING_COOKIE: &str = "picket-sign-in";
const NEXT_COOKIE: &str = "picket-next";

const CALLBACK: &str = "/login/github/callback";

#[derive(Deserialize)]
pub(crate) struct Next {
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    shell: Shell,
    next: String,
    demo: bool,
    names: Vec<String>,
    wrong: bool,
}

impl LoginPage {
    fn new(app: &AppState, viewer: &Viewer, next: String, wrong: bool) -> Self {
        let names = match &app.sign_in {
            SignIn::GitHub(_) => Vec::new(),
            SignIn::Demo { people } => people.iter().map(|one| one.login.to_string()).collect(),
        };
        Self {
            shell: Shell::new("Sign in", Section::None, viewer, next.clone()),
            demo: matches!(app.sign_in, SignIn::Demo { .. }),
            next,
            names,
            wrong,
        }
    }
}

/// `GET /login`
pub(crate) async fn login_page(
    State(app): State<App>,
    viewer: Viewer,
    Checked(Query(query)): Checked<Query<Next>>,
) -> Result<Response, PageError> {
    page(&LoginPage::new(&app, &viewer, local(query.next), false))
}

#[derive(Deserialize)]
pub(crate) struct Passphrase {
    name: String,
    passphrase: String,
    next: Option<String>,
}

/// `POST /login`: the demonstration's sign-in.
pub(crate) async fn log_in(
    State(app): State<App>,
    viewer: Viewer,
    Form(form): Form<Passphrase>,
) -> Result<Response, PageError> {
    let SignIn::Demo { people } = &app.sign_in else {
        let message = "People sign in to this server with GitHub.";
        return Err(PageError::NotFound(message));
    };
    let next = local(form.next);
    let named = people.iter().map(|it| &it.login);
    let named = named.into_iter().find(|it| it.as_str() == form.name.trim());
    if named.is_some_and(|login| !app.tries.may(login, app.now())) {
        return Err(PageError::TooManyTries);
    }
    match who(people, &form.name, &form.passphrase) {
        Some(proven) => {
            app.tries.was_right(&proven.login);
            let_in(&app, &proven, &next).await
        }
        None => {
            if let Some(login) = named {
                app.tries.was_wrong(login.clone(), app.now());
            }
            let answer = page(&LoginPage::new(&app, &viewer, next, true))?;
            Ok((StatusCode::UNAUTHORIZED, answer).into_response())
        }
    }
}

/// `GET /login/github`: off to GitHub.
pub(crate) async fn to_github(
    State(app): State<App>,
    Checked(Query(query)): Checked<Query<Next>>,
) -> Result<Response, PageError> {
    let github = github(&app)?;
    let pending = Pending::new();
    let url = github.authorize_url(&pending, &app.absolute(CALLBACK));
    let mut answer = Redirect::to(url.as_str()).into_response();
    keep(&app, &mut answer, PENDING_COOKIE, &pending.to_cookie());
    keep(&app, &mut answer, NEXT_COOKIE, &encode(&local(query.next)));
    Ok(answer)
}

#[derive(Deserialize)]
pub(crate) struct Callback {
    code: Option<String>,
    state: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// `GET /login/github/callback`: back from GitHub.
pub(crate) async fn callback(
    State(app): State<App>,
    headers: HeaderMap,
    Checked(Query(query)): Checked<Query<Callback>>,
) -> Result<Response, PageError> {
    let github = github(&app)?;
    let kept = |name| cookie::value(&headers, &cookie::name(&app.base_url, name));
    let pending = kept(PENDING_COOKIE).and_then(Pending::from_cookie);
    let (Some(pending), Some(state)) = (pending, query.state) else {
        return Err(PageError::Forged);
    };
    if !pending.is_for(&state) {
        return Err(PageError::Forged);
    }
    let Some(code) = query.code else {
        return Err(without_code(query.error.as_deref()));
    };
    let proven = github.who(&pending, &code, &app.absolute(CALLBACK)).await;
    let proven = proven.map_err(|error| {
        tracing::warn!(error = %Chain(&error), "a sign-in with GitHub failed");
        PageError::SignInFailed("GitHub did not say who you are. Please try again.")
    })?;
    let next = local(kept(NEXT_COOKIE).and_then(decode));
    let mut answer = let_in(&app, &proven, &next).await?;
    for name in [PENDING_COOKIE, NEXT_COOKIE] {
        let gone = cookie::set(&app.base_url, name, "", 0);
        answer.headers_mut().append(header::SET_COOKIE, gone);
    }
    Ok(answer)
}

/// GitHub sent somebody back without saying who they are: because they declined, or because this
/// server is not set up there as it should be.
fn without_code(error: Option<&str>) -> PageError {
    match error {
        Some("access_denied") => PageError::Declined,
        error => {
            let error: String = error.unwrap_or("no reason").chars().take(100).collect();
            tracing::warn!(?error, "GitHub sent somebody back without a code");
            PageError::SignInFailed("GitHub did not say who you are. Please try again.")
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct NoFields {}

/// `POST /logout`
pub(crate) async fn log_out(
    State(app): State<App>,
    SignedForm { person, .. }: SignedForm<NoFields>,
) -> Result<Response, PageError> {
    app.store.end_session(&person.token).await?;
    let gone = cookie::set(&app.base_url, SESSION_COOKIE, "", 0);
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/")).into_response())
}

fn github(app: &AppState) -> Result<&GitHubSignIn, PageError> {
    match &app.sign_in {
        SignIn::GitHub(github) => Ok(github),
        SignIn::Demo { .. } => Err(PageError::NotFound("This server does not use GitHub.")),
    }
}

/// Starts a session of somebody who proved who they are, if they are on the team and the login is
/// theirs.
async fn let_in(app: &AppState, proven: &Proven, next: &str) -> Result<Response, PageError> {
    let Proven { login, identity } = proven;
    let signed_in = app
        .store
        .sign_in(login, *identity, app.now(), SESSION_SECONDS);
    match signed_in.await? {
        SignedIn::Welcome(token) => {
            tracing::info!(%login, %identity, "somebody signed in");
            let (secret, lifetime) = (token.secret(), SESSION_SECONDS);
            let cookie = cookie::set(&app.base_url, SESSION_COOKIE, secret, lifetime);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
        }
        SignedIn::NotMember => {
            tracing::info!(%login, %identity, "somebody who is not on the team was not let in");
            Err(PageError::NotMember(login.clone()))
        }
        SignedIn::OtherAccount => {
            tracing::warn!(%login, %identity, "the login is another account's: not let in");
            Err(PageError::OtherAccount(login.clone()))
        }
    }
}

fn keep(app: &AppState, answer: &mut Response, name: &str, value: &str) {
    let cookie: HeaderValue = cookie::set(&app.base_url, name, value, PENDING_SECONDS);
    answer.headers_mut().append(header::SET_COOKIE, cookie);
}

/// A path on this server to go on to; anything else becomes the review queue.
fn local(next: Option<String>) -> String {
    let is_local = |next: &String| {
        next.starts_with('/')
            && !next.starts_with("//")
            && next.len() <= 512
            && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
    };
    next.filter(is_local).unwrap_or_else(|| "/queue".to_owned())
}

fn encode(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        let sent_to = |next: &str| local(Some(next.to_owned()));
        assert_eq!(
            sent_to("/candidates/1?channel=x"),
            "/candidates/1?channel=x"
        );
        for bad in [
            "//evil.example",
            "/\\evil",
            "https://evil.example",
            "",
            "/a b",
            "/\r\nX: y",
        ] {
            assert_eq!(sent_to(bad), "/queue", "{bad:?}");
        }
    }

    #[test]
    fn a_path_survives_its_cookie() {
        assert_eq!(
            decode(&encode("/queue?q=a;b")).as_deref(),
            Some("/queue?q=a;b")
        );
        assert_eq!(decode("%%"), None);
        assert_eq!(decode("é"), None);
    }
}

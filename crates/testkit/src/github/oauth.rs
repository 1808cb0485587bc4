//! The OAuth web flow, as github.com has it.
//!
//! 1. `GET /login/oauth/authorize` sends the person back with a code. Who signs in is chosen by
//!    the `login` parameter or, without one, on a page that lists the users.
//! 2. `POST /login/oauth/access_token` exchanges the code for a token, once, within ten minutes.
//!    Like the real one it answers `200` to a failed exchange, with an `error` in the body.
//!
//! PKCE is checked where it is used (`code_challenge_method=S256`).

use std::fmt::Write as _;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query as QueryParameters, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use super::api::escape;
use super::page::Query;
use super::world::{Code, Shared, World};

/// How long a code is good for, in seconds.
const CODE_LIFETIME: i64 = 600;

/// `GET /login/oauth/authorize`.
pub(super) async fn authorize(
    State(shared): State<Shared>,
    QueryParameters(query): QueryParameters<Query>,
) -> Response {
    let mut world = shared.lock();
    let redirect = match checked_redirect(&world, &query) {
        Ok(redirect) => redirect,
        Err(problem) => return (StatusCode::BAD_REQUEST, problem).into_response(),
    };
    match query.get("login") {
        None => Html(choice(&world, &query)).into_response(),
        Some(login) if world.user(login).is_none() => {
            (StatusCode::NOT_FOUND, "there is no such user here").into_response()
        }
        Some(login) => {
            let location = sign_in(&mut world, &query, redirect, login);
            (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
        }
    }
}

fn checked_redirect(world: &World, query: &Query) -> Result<Url, &'static str> {
    let client_id = query.get("client_id").ok_or("client_id is missing")?;
    let app = world.oauth_apps.get(client_id);
    let app = app.ok_or("no application has this client_id")?;
    let redirect = query.get("redirect_uri").unwrap_or(&app.callback);
    if !redirect.starts_with(&app.callback) {
        return Err("The redirect_uri is not associated with this application.");
    }
    Url::parse(redirect).map_err(|_| "redirect_uri is not an address")
}

fn sign_in(world: &mut World, query: &Query, mut redirect: Url, login: &str) -> String {
    let field = |name: &str| query.get(name).cloned();
    let code = world.new_secret("code");
    let entry = Code {
        client_id: field("client_id").unwrap_or_default(),
        redirect_uri: redirect.to_string(),
        login: login.to_owned(),
        challenge: field("code_challenge"),
        expires_at: world.now() + CODE_LIFETIME,
    };
    world.codes.insert(code.clone(), entry);
    redirect.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = query.get("state") {
        redirect.query_pairs_mut().append_pair("state", state);
    }
    redirect.into()
}

/// The page on which a person chooses who they are.
fn choice(world: &World, query: &Query) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=en><title>Sign in</title><h1>Sign in</h1>\
         <p>A stand-in for GitHub: choose who you are.</p><form action=/login/oauth/authorize>",
    );
    for (name, value) in query {
        let (name, value) = (escape(name), escape(value));
        let _ = write!(
            page,
            "<input type=hidden name=\"{name}\" value=\"{value}\">"
        );
    }
    let is_person = |login: &str| login != "ghost" && login != world.owner;
    for user in world.users.values().filter(|it| is_person(&it.login)) {
        let login = escape(&user.login);
        let _ = write!(
            page,
            "<p><button name=login value=\"{login}\">{login}</button></p>"
        );
    }
    page + "</form>"
}

/// `POST /login/oauth/access_token`. The parameters come as a form, as JSON or in the query.
pub(super) async fn access_token(
    State(shared): State<Shared>,
    QueryParameters(mut fields): QueryParameters<Query>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let has = |name: header::HeaderName, text: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains(text))
    };
    if has(header::CONTENT_TYPE, "json") {
        fields.extend(serde_json::from_slice::<Query>(&body).unwrap_or_default());
    } else {
        fields.extend(form_urlencoded::parse(&body).into_owned());
    }
    let answer = match exchange(&mut shared.lock(), &fields) {
        Ok(token) => json!({ "access_token": token, "token_type": "bearer", "scope": "" }),
        Err((error, description)) => json!({
            "error": error,
            "error_description": description,
            "error_uri": "https://docs.github.com/apps",
        }),
    };
    if has(header::ACCEPT, "json") {
        return Json(answer).into_response();
    }
    let fields = answer.as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields.map(|(name, value)| (name, text(value))))
        .finish()
        .into_response()
}

type Refusal = (&'static str, &'static str);

fn exchange(world: &mut World, fields: &Query) -> Result<String, Refusal> {
    const BAD_CODE: Refusal = (
        "bad_verification_code",
        "The code passed is incorrect or expired.",
    );
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let app = world.oauth_apps.get(field("client_id"));
    if app.is_none_or(|app| app.client_secret != field("client_secret")) {
        return Err((
            "incorrect_client_credentials",
            "The client_id and/or client_secret passed are incorrect.",
        ));
    }
    // Taken out before anything else is looked at: a code is good for one try.
    let code = world.codes.remove(field("code")).ok_or(BAD_CODE)?;
    if code.client_id != field("client_id") || code.expires_at < world.now() {
        return Err(BAD_CODE);
    }
    let redirect = fields.get("redirect_uri");
    if redirect.is_some_and(|uri| *uri != code.redirect_uri) {
        return Err((
            "redirect_uri_mismatch",
            "The redirect_uri MUST match the registered callback URL for this application.",
        ));
    }
    if code
        .challenge
        .is_some_and(|challenge| challenge != challenge_of(field("code_verifier")))
    {
        return Err(BAD_CODE);
    }
    let token = world.new_secret("gho");
    world.tokens.insert(token.clone(), code.login);
    Ok(token)
}

fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

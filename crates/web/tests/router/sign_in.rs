//! Becoming known, and ceasing to be.

use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use picket_web::{GitHubSignIn, GitHubSignInSettings, SignIn};
use serde_json::{Value, json};
use url::Url;

use crate::common::client::{Answer, Client};
use crate::common::{Site, passphrase};

#[tokio::test]
async fn a_passphrase_signs_in_and_signing_out_ends_it() {
    let site = Site::new().await;
    let router = picket_web::router(site.state());
    let mut client = Client::new(&router);
    let wrong = client.log_in("ada", "guess").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.headers.get("set-cookie").is_none());
    let others = client.log_in("ada", &passphrase("grace")).await;
    assert_eq!(others.status, StatusCode::UNAUTHORIZED);
    let right = client.log_in("ada", &passphrase("ada")).await;
    assert_eq!(right.header("location"), "/queue");
    let cookie = right.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    assert!(client.get("/queue").await.body.contains("Signed in as"));
    assert_eq!(
        client.submit("/logout", &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(!client.get("/queue").await.body.contains("Signed in as"));
}

#[tokio::test]
async fn another_site_cannot_sign_a_browser_in() {
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    let passphrase = passphrase("ada");
    let form = [("name", "ada"), ("passphrase", passphrase.as_str())];
    let answer = client
        .post_with("/login", &[("sec-fetch-site", "cross-site")], &form)
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn on_https_cookies_are_secure() {
    let site = Site::new().await;
    let mut state = site.state();
    state.base_url = "https://sec.example".parse().unwrap();
    let mut client = Client::new(&picket_web::router(state));
    let answer = client.log_in("ada", &passphrase("ada")).await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-picket=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    assert_eq!(
        answer.header("strict-transport-security"),
        "max-age=31536000"
    );
    assert!(client.get("/queue").await.body.contains("Signed in as"));
}

/// What a fake GitHub was asked, and who it says signs in.
#[derive(Clone)]
struct GitHub {
    login: &'static str,
    asked: Arc<Mutex<Vec<Value>>>,
}

async fn token(State(github): State<GitHub>, Form(form): Form<Value>) -> Json<Value> {
    let is_good = form["code"] == "good";
    github.asked.lock().unwrap().push(form);
    if is_good {
        Json(json!({"access_token": "t0ken", "token_type": "bearer"}))
    } else {
        Json(json!({"error": "bad_verification_code"}))
    }
}

async fn user(State(github): State<GitHub>, headers: HeaderMap) -> Json<Value> {
    assert_eq!(headers["authorization"], "Bearer t0ken");
    Json(json!({"login": github.login, "id": 1}))
}

/// A server that signs people in with a fake GitHub, which says that they are `login`.
async fn with_github(site: &Site, login: &'static str) -> (Router, GitHub) {
    let github = GitHub {
        login,
        asked: Arc::default(),
    };
    let fake = Router::new()
        .route("/login/oauth/access_token", post(token))
        .route("/api/v3/user", get(user))
        .with_state(github.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, fake).into_future());
    let settings = GitHubSignInSettings {
        client_id: "id".into(),
        client_secret: "secret".into(),
        site: Url::parse(&format!("http://{address}")).unwrap(),
        api: Url::parse(&format!("http://{address}/api/v3/")).unwrap(),
    };
    let mut state = site.state();
    state.sign_in = SignIn::GitHub(GitHubSignIn::new(settings).unwrap());
    (picket_web::router(state), github)
}

/// Goes to GitHub; keeps the cookies and returns the state that GitHub is to send back.
async fn set_out(client: &mut Client, path: &str) -> String {
    let answer = client.get(path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let cookies = answer.headers.get_all("set-cookie").into_iter();
    let pairs: Vec<_> = cookies
        .map(|it| it.to_str().unwrap().split(';').next().unwrap())
        .collect();
    client.cookie = Some(pairs.join("; "));
    let url = Url::parse(answer.header("location")).unwrap();
    assert!(
        url.query_pairs()
            .any(|(name, value)| name == "code_challenge_method" && value == "S256")
    );
    let state = url.query_pairs().find(|(name, _)| name == "state");
    state.unwrap().1.into_owned()
}

fn session(answer: &Answer) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").into_iter();
    let mut pairs = cookies.map(|it| it.to_str().unwrap().split(';').next().unwrap().to_owned());
    pairs.find(|pair| pair.starts_with("picket="))
}

#[tokio::test]
async fn a_team_member_signs_in_with_github() {
    let site = Site::new().await;
    let (router, github) = with_github(&site, "Ada").await;
    let mut client = Client::new(&router);
    let state = set_out(&mut client, "/login/github?next=/candidates/7").await;
    let back = client
        .get(&format!("/login/github/callback?code=good&state={state}"))
        .await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    assert_eq!(back.header("location"), "/candidates/7");
    client.cookie = session(&back);
    assert!(
        client
            .get("/queue")
            .await
            .body
            .contains("<strong>ada</strong>")
    );
    let asked = github.asked.lock().unwrap();
    assert_eq!(asked[0]["client_secret"], "secret");
    assert_eq!(
        asked[0]["redirect_uri"],
        "http://127.0.0.1:8080/login/github/callback"
    );
    assert_eq!(asked[0]["code_verifier"].as_str().unwrap().len(), 43);
}

#[tokio::test]
async fn others_are_told_whom_to_ask() {
    let site = Site::new().await;
    let (router, _github) = with_github(&site, "mallory").await;
    let mut client = Client::new(&router);
    let state = set_out(&mut client, "/login/github").await;
    let back = client
        .get(&format!("/login/github/callback?code=good&state={state}"))
        .await;
    assert_eq!(back.status, StatusCode::FORBIDDEN);
    assert!(session(&back).is_none());
    assert!(back.body.contains("mallory") && back.body.contains("Whoever runs this server"));
}

#[tokio::test]
async fn a_sign_in_that_this_browser_did_not_begin_is_refused() {
    let site = Site::new().await;
    let (router, github) = with_github(&site, "ada").await;
    let mut client = Client::new(&router);
    let path = |state: &str| format!("/login/github/callback?code=good&state={state}");
    assert_eq!(client.get(&path("x")).await.status, StatusCode::FORBIDDEN);
    let state = set_out(&mut client, "/login/github").await;
    assert_eq!(client.get(&path("x")).await.status, StatusCode::FORBIDDEN);
    let victim = Client::new(&router);
    assert_eq!(
        victim.get(&path(&state)).await.status,
        StatusCode::FORBIDDEN
    );
    assert!(github.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_code_that_github_does_not_know_signs_nobody_in() {
    let site = Site::new().await;
    let (router, _github) = with_github(&site, "ada").await;
    let mut client = Client::new(&router);
    let state = set_out(&mut client, "/login/github").await;
    let back = client
        .get(&format!("/login/github/callback?code=bad&state={state}"))
        .await;
    assert_eq!(back.status, StatusCode::BAD_GATEWAY);
    assert!(session(&back).is_none());
    assert!(!back.body.contains("bad_verification_code"));
}

#[tokio::test]
async fn who_declines_at_github_is_told_so_and_can_try_again() {
    let site = Site::new().await;
    let (router, github) = with_github(&site, "ada").await;
    let mut client = Client::new(&router);
    let state = set_out(&mut client, "/login/github").await;
    let path = |error: &str| {
        format!("/login/github/callback?error={error}&error_description=The+user&state={state}")
    };
    let back = client.get(&path("access_denied")).await;
    assert_eq!(back.status, StatusCode::FORBIDDEN);
    assert!(session(&back).is_none());
    assert!(back.body.contains("<h1>You declined</h1>"), "{}", back.body);
    let link = "href=\"/login\">Try again</a>";
    assert!(back.body.contains(link), "{}", back.body);

    let back = client.get(&path("application_suspended")).await;
    assert_eq!(back.status, StatusCode::BAD_GATEWAY);
    assert!(back.body.contains(link), "{}", back.body);
    // Nobody is sent here by another site with such a text.
    let strange = "/login/github/callback?error=access_denied&state=x";
    assert_eq!(client.get(strange).await.status, StatusCode::FORBIDDEN);
    assert!(github.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_with_github_has_no_passphrases() {
    let site = Site::new().await;
    let (router, _github) = with_github(&site, "ada").await;
    let mut client = Client::new(&router);
    let answer = client.log_in("ada", &passphrase("ada")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(
        client
            .get("/login")
            .await
            .body
            .contains("Continue with GitHub")
    );
}

#[tokio::test]
async fn guessing_a_passphrase_comes_to_an_end() {
    let site = Site::new().await;
    let router = picket_web::router(site.state());
    let mut client = Client::new(&router);
    for _ in 0..10 {
        let wrong = client.log_in("ada", "guess").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    }
    // The right one is not looked at either.
    let answer = client.log_in("ada", &passphrase("ada")).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.body.contains("for ten minutes"), "{}", answer.body);
    let others = client.log_in("grace", &passphrase("grace")).await;
    assert_eq!(others.status, StatusCode::SEE_OTHER);
}

//! The fake GitHub, asked over HTTP.

use anyhow::Result;
use picket_testkit::github::{
    CommitSpec, Fault, FaultKind, FileSpec, GitHub, OAuthApp, PullRequestSpec,
};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;

const NOW: i64 = 1_795_000_000;

/// A client that does not follow redirects.
fn client() -> Client {
    // Whoever came first has set it: they are all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().redirect(Policy::none());
    builder.build().expect("a client")
}

async fn world() -> Result<GitHub> {
    GitHub::builder("NixOS", "nixpkgs").time(NOW).start().await
}

async fn get(github: &GitHub, path: &str) -> Result<Response> {
    let url = format!("{}{path}", github.url());
    Ok(client().get(url).send().await?)
}

async fn json(github: &GitHub, path: &str) -> Result<Value> {
    Ok(get(github, path).await?.error_for_status()?.json().await?)
}

fn numbers(list: &Value) -> Vec<u64> {
    let rows = list.as_array().into_iter().flatten();
    rows.filter_map(|row| row["number"].as_u64()).collect()
}

#[tokio::test]
async fn lists_filter_and_sort() -> Result<()> {
    let github = world().await?;
    for title in ["one", "two", "three"] {
        let title = title.to_owned();
        github.advance(60)?;
        github.open_pull_request(PullRequestSpec {
            title,
            ..Default::default()
        })?;
    }
    github.advance(60)?;
    github.label(1, "1.severity: security")?;
    github.close(2)?;
    github.open_issue("an issue", "ada", &["1.severity: security"])?;

    let pulls = "/repos/nixos/Nixpkgs/pulls";
    assert_eq!(numbers(&json(&github, pulls).await?), [3, 1]);
    let updated = format!("{pulls}?state=all&sort=updated&direction=desc");
    assert_eq!(numbers(&json(&github, &updated).await?), [2, 1, 3]);
    let closed = json(&github, &format!("{pulls}?state=closed")).await?;
    assert_eq!(numbers(&closed), [2]);

    let issues = "/repos/NixOS/nixpkgs/issues?labels=1.Severity:%20security";
    assert_eq!(numbers(&json(&github, issues).await?), [4, 1]);
    for (since, expected) in [("11:10:40", &[4, 1][..]), ("11:10:41", &[])] {
        let path = format!("{issues}&since=2026-11-18T{since}Z");
        assert_eq!(numbers(&json(&github, &path).await?), expected);
    }
    Ok(())
}

#[tokio::test]
async fn pages_are_linked() -> Result<()> {
    let github = world().await?;
    for _ in 0..5 {
        github.open_pull_request(PullRequestSpec::default())?;
    }
    let response = get(&github, "/repos/NixOS/nixpkgs/pulls?per_page=2&page=2").await?;
    let link = response.headers()["link"].to_str()?.to_owned();
    assert_eq!(numbers(&response.json().await?), [3, 2]);
    for rel in ["prev", "next", "last", "first"] {
        assert!(link.contains(&format!("rel=\"{rel}\"")), "{link}");
    }
    let beyond = json(&github, "/repos/NixOS/nixpkgs/pulls?page=99").await?;
    assert_eq!(numbers(&beyond), [] as [u64; 0]);
    Ok(())
}

#[tokio::test]
async fn an_unchanged_answer_is_free_for_its_token() -> Result<()> {
    let github = world().await?;
    github.open_pull_request(PullRequestSpec::default())?;
    let token = github.add_token("picket-bot");
    let ask = async |token: &str, etag: Option<&HeaderValue>| {
        let mut headers = HeaderMap::new();
        if let Some(etag) = etag {
            headers.insert("if-none-match", etag.clone());
        }
        let url = format!("{}/repos/NixOS/nixpkgs/pulls", github.url());
        let request = client().get(url).bearer_auth(token).headers(headers);
        request.send().await
    };
    let first = ask(&token, None).await?;
    assert_eq!(github.remaining(&token), 4999);
    let etag = first.headers()["etag"].clone();

    let again = ask(&token, Some(&etag)).await?;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()["x-ratelimit-remaining"], "4999");
    assert_eq!(again.bytes().await?.len(), 0);

    let other = github.add_token("somebody-else");
    assert_eq!(ask(&other, Some(&etag)).await?.status(), StatusCode::OK);

    github.label(1, "bug")?;
    assert_eq!(ask(&token, Some(&etag)).await?.status(), StatusCode::OK);
    assert_eq!(github.remaining(&token), 4998);
    Ok(())
}

#[tokio::test]
async fn the_rate_limit_runs_out_and_comes_back() -> Result<()> {
    let github = GitHub::builder("o", "r").time(NOW).rate_limit(1);
    let github = github.start().await?;
    let token = github.add_token("ada");
    let ask = async || {
        let url = format!("{}/repos/o/r", github.url());
        client().get(url).bearer_auth(&token).send().await
    };
    assert_eq!(ask().await?.status(), StatusCode::OK);
    let refused = ask().await?;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.headers()["x-ratelimit-remaining"], "0");
    assert_eq!(
        refused.headers()["x-ratelimit-reset"],
        (NOW + 3600).to_string().as_str()
    );
    github.advance(3601)?;
    assert_eq!(ask().await?.status(), StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn failures_come_as_injected_and_end() -> Result<()> {
    let github = world().await?;
    let path = "/repos/NixOS/nixpkgs";
    github.inject(Fault::next(
        1,
        FaultKind::Status(502, "Server Error".into()),
    ));
    let retry_after = 7;
    github.inject(Fault::on("/nixpkgs", 1, FaultKind::TooManyRequests { retry_after }).after(1));

    assert_eq!(get(&github, path).await?.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(get(&github, path).await?.status(), StatusCode::OK);
    let limited = get(&github, path).await?;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers()["retry-after"], "7");
    assert_eq!(get(&github, path).await?.status(), StatusCode::OK);

    let statuses: Vec<_> = github.take_requests().iter().map(|it| it.status).collect();
    assert_eq!(statuses, [502, 200, 429, 200]);
    assert!(github.requests().is_empty());
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_a_json_404() -> Result<()> {
    let github = world().await?;
    github.open_issue("no pull request", "ada", &[])?;
    for path in [
        "/nothing",
        "/repos/NixOS/other",
        "/repos/NixOS/nixpkgs/pulls/1",
        "/repos/NixOS/nixpkgs/pulls/9/files",
        "/repos/NixOS/nixpkgs/issues/9",
    ] {
        let response = get(&github, path).await?;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let body: Value = response.json().await?;
        assert_eq!(body["message"], "Not Found", "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn reading_one_open_pull_request_computes_a_test_merge() -> Result<()> {
    let github = world().await?;
    github.open_pull_request(PullRequestSpec::default())?;
    let listed = json(&github, "/repos/NixOS/nixpkgs/pulls").await?;
    assert_eq!(listed[0]["merge_commit_sha"], Value::Null);
    assert_eq!(github.test_merges(), 0);

    let read = json(&github, "/repos/NixOS/nixpkgs/pulls/1").await?;
    assert!(read["merge_commit_sha"].is_string());
    assert_eq!(github.test_merges(), 1);

    github.merge(1, &"ab".repeat(20))?;
    let merged = json(&github, "/repos/NixOS/nixpkgs/pulls/1").await?;
    assert_eq!(merged["merge_commit_sha"], "ab".repeat(20));
    assert_eq!(merged["state"], "closed");
    assert_eq!(github.test_merges(), 1);
    Ok(())
}

#[tokio::test]
async fn a_push_replaces_commits_and_files() -> Result<()> {
    let github = world().await?;
    let spec = PullRequestSpec {
        commits: vec![CommitSpec::new("a", "first")],
        files: vec![FileSpec::modified("a.nix")],
        ..Default::default()
    };
    github.open_pull_request(spec)?;
    let before = github.head(1)?;
    github.advance(5)?;
    github.push_commits(1, vec![CommitSpec::new("b", "second")], Vec::new())?;
    assert_ne!(github.head(1)?, before);
    let commits = json(&github, "/repos/NixOS/nixpkgs/pulls/1/commits").await?;
    assert_eq!(commits[0]["commit"]["message"], "second");
    assert_eq!(commits[0]["sha"], github.head(1)?);
    let row = &json(&github, "/repos/NixOS/nixpkgs/pulls").await?[0];
    assert_eq!(row["updated_at"], "2026-11-18T11:06:45Z");
    Ok(())
}

#[tokio::test]
async fn comments_are_posted_by_the_tokens_owner() -> Result<()> {
    let github = world().await?;
    github.open_pull_request(PullRequestSpec::default())?;
    let url = format!("{}/repos/NixOS/nixpkgs/issues/1/comments", github.url());
    let body = serde_json::json!({ "body": "built" });
    let anonymous = client().post(&url).json(&body).send().await?;
    assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);

    let token = github.add_token("picket-bot");
    let posted = client().post(&url).bearer_auth(&token).json(&body);
    assert_eq!(posted.send().await?.status(), StatusCode::CREATED);
    let list = json(&github, "/repos/NixOS/nixpkgs/issues/1/comments").await?;
    assert_eq!(list[0]["user"]["login"], "picket-bot");

    github.revoke_token(&token);
    let refused = client().post(&url).bearer_auth(&token).json(&body);
    assert_eq!(refused.send().await?.status(), StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn a_person_signs_in_through_oauth() -> Result<()> {
    let github = world().await?;
    github.add_user("ada");
    github.add_oauth_app(OAuthApp {
        client_id: "picket".into(),
        client_secret: "secret".into(),
        callback: "http://127.0.0.1:1/callback".into(),
    });
    let authorize =
        "/login/oauth/authorize?client_id=picket&redirect_uri=http://127.0.0.1:1/callback&state=s1";
    let page = get(&github, authorize).await?.text().await?;
    assert!(page.contains("value=\"ada\""), "{page}");

    let sent_back = get(&github, &format!("{authorize}&login=ada")).await?;
    assert_eq!(sent_back.status(), StatusCode::FOUND);
    let location = sent_back.headers()["location"].to_str()?;
    let location = url::Url::parse(location)?;
    let query: std::collections::BTreeMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(query["state"], "s1");

    let exchange = async |secret: &str| -> Result<Value> {
        let form = [
            ("client_id", "picket"),
            ("client_secret", secret),
            ("code", &query["code"]),
        ];
        let url = format!("{}/login/oauth/access_token", github.url());
        let request = client().post(url).header("accept", "application/json");
        Ok(request.form(&form).send().await?.json().await?)
    };
    let wrong = exchange("guess").await?;
    assert_eq!(wrong["error"], "incorrect_client_credentials");
    let token = exchange("secret").await?;
    let token = token["access_token"].as_str().unwrap_or_default();
    let url = format!("{}/user", github.url());
    let user: Value = client()
        .get(url)
        .bearer_auth(token)
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(user["login"], "ada");
    let again = exchange("secret").await?;
    assert_eq!(again["error"], "bad_verification_code");
    Ok(())
}

#[tokio::test]
async fn a_new_login_leaves_the_number_and_frees_the_old_login() -> Result<()> {
    let github = world().await?;
    let token = github.add_token("ada");
    let user = async || -> Result<Value> {
        let url = format!("{}/user", github.url());
        let answer = client().get(url).bearer_auth(&token).send();
        Ok(answer.await?.json().await?)
    };
    let before = user().await?;
    github.rename_user("Ada", "lovelace")?;
    let after = user().await?;
    assert_eq!(
        (&after["login"], &after["id"]),
        (&"lovelace".into(), &before["id"])
    );
    github.add_user("mallory");
    assert!(github.rename_user("mallory", "lovelace").is_err());
    github.rename_user("mallory", "ada")?;
    assert_eq!(user().await?, after);
    Ok(())
}

#[tokio::test]
async fn oauth_sends_nobody_to_a_foreign_address() -> Result<()> {
    let github = world().await?;
    github.add_user("ada");
    github.add_oauth_app(OAuthApp {
        client_id: "picket".into(),
        client_secret: "secret".into(),
        callback: "http://127.0.0.1:1/callback".into(),
    });
    for bad in [
        "client_id=picket&redirect_uri=http://evil.example/&login=ada",
        "client_id=other&login=ada",
        "login=ada",
    ] {
        let response = get(&github, &format!("/login/oauth/authorize?{bad}")).await?;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
    Ok(())
}

#[tokio::test]
async fn a_dropped_fake_is_gone_for_those_who_were_connected() -> Result<()> {
    let github = world().await?;
    let url = format!("{}/repos/NixOS/nixpkgs", github.url());
    let client = client();
    assert_eq!(client.get(&url).send().await?.status(), StatusCode::OK);
    drop(github);
    // A request that is under way is still answered; the next ones are not.
    let _ = client.get(&url).send().await;
    assert!(client.get(&url).send().await.is_err());
    Ok(())
}

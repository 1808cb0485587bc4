//! The GraphQL endpoint, for one shape of query: some pull requests of the repository, each under a
//! name of its own, with their reviews, who merged them, and the checks of their heads.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::gate::Caller;
use super::spec::CheckSpec;
use super::world::{Budget, Pull, Review, Shared, World};

/// It has a limit of its own, of as many points as requests are allowed elsewhere.
pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/graphql", post(query))
}

async fn query(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let token = caller.token.ok_or_else(ApiError::requires_authentication)?;
    let mut world = shared.lock();
    let purse = format!("points of {token}");
    if world.budget(Some(&purse)).remaining() == 0 {
        let error = json!({ "type": "RATE_LIMITED", "message": "API rate limit exceeded." });
        let budget = world.budget(Some(&purse));
        return Ok(answer(json!({ "errors": [error] }), budget));
    }
    world.spend(Some(&purse));
    let budget = world.budget(Some(&purse));
    Ok(answer(data(&world, &body, budget), budget))
}

fn answer(body: Value, budget: Budget) -> Response {
    let headers = [
        ("x-ratelimit-limit", budget.limit.to_string()),
        ("x-ratelimit-remaining", budget.remaining().to_string()),
        ("x-ratelimit-reset", budget.reset_at.to_string()),
        ("x-ratelimit-resource", "graphql".to_owned()),
    ];
    (headers, Json(body)).into_response()
}

fn data(world: &World, body: &Value, budget: Budget) -> Value {
    let of = |name: &str| body["variables"][name].as_str().unwrap_or_default();
    let is_it = world.owner.eq_ignore_ascii_case(of("owner"))
        && world.repo.eq_ignore_ascii_case(of("name"));
    if !is_it {
        let message = "Could not resolve to a Repository with this name.";
        let error = json!({ "type": "NOT_FOUND", "path": ["repository"], "message": message });
        return json!({ "data": { "repository": null }, "errors": [error] });
    }
    let (mut pulls, mut errors) = (Map::new(), Vec::new());
    for (alias, number) in asked(body["query"].as_str().unwrap_or_default()) {
        let pull = world.threads.get(&number).and_then(|it| it.pull.as_ref());
        if pull.is_none() {
            let message =
                format!("Could not resolve to a PullRequest with the number of {number}.");
            let path = ["repository", &alias];
            errors.push(json!({ "type": "NOT_FOUND", "path": path, "message": message }));
        }
        pulls.insert(alias, pull.map_or(Value::Null, shown));
    }
    let limit = json!({
        "limit": budget.limit, "cost": 1, "remaining": budget.remaining(),
        "resetAt": rfc3339(budget.reset_at),
    });
    let data = json!({ "rateLimit": limit, "repository": pulls });
    match errors.is_empty() {
        true => json!({ "data": data }),
        false => json!({ "data": data, "errors": errors }),
    }
}

/// The pull requests that a query asks for: name and number.
fn asked(query: &str) -> Vec<(String, u64)> {
    let asked = query.lines().filter_map(|line| {
        let (alias, rest) = line.split_once(": pullRequest(number: ")?;
        let number = rest.split_once(')')?.0.parse().ok()?;
        Some((alias.trim().to_owned(), number))
    });
    asked.collect()
}

fn shown(pull: &Pull) -> Value {
    let reviews: Vec<_> = pull.reviews.iter().map(review).collect();
    let commit = json!({ "oid": pull.content.head_sha, "statusCheckRollup": rollup(&pull.checks) });
    json!({
        "headRefOid": pull.content.head_sha,
        "mergedBy": pull.merged_by.as_ref().map(|login| actor(login)),
        "reviews": { "totalCount": reviews.len(), "nodes": reviews },
        "commits": { "nodes": [{ "commit": commit }] },
    })
}

fn actor(login: &str) -> Value {
    match login.strip_suffix("[bot]") {
        Some(app) => json!({ "__typename": "Bot", "login": app }),
        None => json!({ "__typename": "User", "login": login }),
    }
}

fn review(review: &Review) -> Value {
    json!({
        "author": review.author.as_ref().map(|login| actor(login)),
        "state": review.state,
        "submittedAt": rfc3339(review.at),
        "commit": { "oid": review.of },
    })
}

fn rollup(checks: &[CheckSpec]) -> Value {
    if checks.is_empty() {
        return Value::Null;
    }
    let is = |conclusion: &str| {
        checks
            .iter()
            .any(|it| it.conclusion.as_deref() == Some(conclusion))
    };
    let state = match checks.iter().any(|it| it.conclusion.is_none()) {
        _ if is("FAILURE") => "FAILURE",
        true => "PENDING",
        false => "SUCCESS",
    };
    let nodes = checks.iter().take(100).map(|check| {
        json!({ "__typename": "CheckRun", "name": check.name, "conclusion": check.conclusion })
    });
    let nodes: Vec<_> = nodes.collect();
    json!({ "state": state, "contexts": { "totalCount": checks.len(), "nodes": nodes } })
}

fn rfc3339(unix: i64) -> String {
    jiff::Timestamp::from_second(unix).map_or_else(|_| String::new(), |at| at.to_string())
}

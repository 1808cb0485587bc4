//! The REST endpoints.

use axum::extract::{Path, Query as QueryParameters, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::Value;

use super::error::ApiError;
use super::gate::Caller;
use super::labels;
use super::page::{Query, cut};
use super::render;
use super::world::{Pull, Shared, Thread, World};

/// GitHub lists at most this many commits and files of a pull request.
const MAX_COMMITS: usize = 250;
const MAX_FILES: usize = 3000;

pub(super) type Answer = Result<Response, ApiError>;
type Repository = Path<(String, String)>;
pub(super) type Numbered = Path<(String, String, u64)>;

/// Everything under the API's rate limit.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/user", get(signed_in_user))
        .route("/rate_limit", get(rate_limit))
        .route("/repos/{owner}/{repo}", get(repository))
        .route("/repos/{owner}/{repo}/pulls", get(pulls))
        .route("/repos/{owner}/{repo}/pulls/{number}", get(pull))
        .route("/repos/{owner}/{repo}/pulls/{number}/commits", get(commits))
        .route("/repos/{owner}/{repo}/pulls/{number}/files", get(files))
        .route("/repos/{owner}/{repo}/labels/{name}", get(label))
        .route("/repos/{owner}/{repo}/issues", get(issues))
        .route("/repos/{owner}/{repo}/issues/{number}", get(issue))
}

/// The page that a pull request's `html_url` leads to. A person reads it, not a client.
pub(super) async fn pull_page(
    State(shared): State<Shared>,
    Path((owner, repo, number)): Numbered,
) -> Answer {
    let world = shared.lock();
    let (thread, pull) = find_pull(&world, &owner, &repo, number)?;
    let (title, author) = (
        escape(&thread.title),
        thread.author.as_deref().unwrap_or("ghost"),
    );
    let body = escape(thread.body.as_deref().unwrap_or_default());
    Ok(Html(format!(
        "<!doctype html><html lang=en><title>{title}</title><h1>{title} #{number}</h1>\
         <p>{author} wants to merge {} into {}. (A stand-in for GitHub.)</p><pre>{body}</pre>",
        pull.content.head_sha,
        escape(&pull.base),
    ))
    .into_response())
}

pub(super) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

async fn signed_in_user(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Answer {
    let login = caller.login.ok_or_else(ApiError::requires_authentication)?;
    Ok(Json(render::signed_in_user(&shared.lock(), &login)).into_response())
}

async fn rate_limit(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer {
    let budget = shared.lock().budget(caller.token.as_deref());
    Ok(Json(render::rate_limit(budget)).into_response())
}

async fn repository(State(shared): State<Shared>, Path((owner, repo)): Repository) -> Answer {
    let world = shared.lock();
    check(&world, &owner, &repo)?;
    Ok(Json(render::full_repository(&world)).into_response())
}

async fn pulls(
    State(shared): State<Shared>,
    Path((owner, repo)): Repository,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let world = shared.lock();
    check(&world, &owner, &repo)?;
    let threads = world.threads.values();
    let mut rows: Vec<_> = threads
        .filter_map(|thread| thread.pull.as_ref().map(|pull| (thread, pull)))
        .filter(|(thread, _)| has_state(thread, &query))
        .filter(|(_, pull)| query.get("base").is_none_or(|base| *base == pull.base))
        .collect();
    sort(&mut rows, &query, |(thread, _)| thread)?;
    let url = format!("{}/pulls", world.api());
    Ok(list(rows, &query, &url, |(thread, pull)| {
        render::pull_row(&world, thread, pull)
    }))
}

async fn pull(State(shared): State<Shared>, Path((owner, repo, number)): Numbered) -> Answer {
    let mut world = shared.lock();
    find_pull(&world, &owner, &repo, number)?;
    compute_test_merge(&mut world, number);
    let (thread, pull) = find_pull(&world, &owner, &repo, number)?;
    Ok(Json(render::full_pull(&world, thread, pull)).into_response())
}

/// Reading an open pull request makes GitHub merge it, to say whether that can be done.
fn compute_test_merge(world: &mut World, number: u64) {
    let Some(thread) = world.threads.get_mut(&number).filter(|it| it.open) else {
        return;
    };
    if let Some(pull) = &mut thread.pull {
        let seed = format!("test merge of {}", pull.content.head_sha);
        pull.merge_commit = Some(super::spec::made_up_sha(&seed));
        world.test_merges += 1;
    }
}

async fn commits(
    State(shared): State<Shared>,
    Path((owner, repo, number)): Numbered,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let world = shared.lock();
    let (_, pull) = find_pull(&world, &owner, &repo, number)?;
    let url = format!("{}/pulls/{number}/commits", world.api());
    let rows = pull.content.commits.iter().take(MAX_COMMITS).collect();
    Ok(list(rows, &query, &url, |row| render::commit(&world, row)))
}

async fn files(
    State(shared): State<Shared>,
    Path((owner, repo, number)): Numbered,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let world = shared.lock();
    let (_, pull) = find_pull(&world, &owner, &repo, number)?;
    let url = format!("{}/pulls/{number}/files", world.api());
    let rows = pull.content.files.iter().take(MAX_FILES).collect();
    let head = &pull.content.head_sha;
    Ok(list(rows, &query, &url, |row| {
        render::file(&world, head, row)
    }))
}

/// A label is there as long as something has it.
async fn label(
    State(shared): State<Shared>,
    Path((owner, repo, name)): Path<(String, String, String)>,
) -> Answer {
    let world = shared.lock();
    check(&world, &owner, &repo)?;
    let mut labels = world.threads.values().flat_map(|thread| &thread.labels);
    let found = labels.find(|label| label.eq_ignore_ascii_case(&name));
    let found = found.ok_or_else(ApiError::not_found)?;
    Ok(Json(labels::label(&world, found)).into_response())
}

async fn issues(
    State(shared): State<Shared>,
    Path((owner, repo)): Repository,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let world = shared.lock();
    check(&world, &owner, &repo)?;
    let since = match query.get("since") {
        None => i64::MIN,
        Some(text) => text
            .parse::<jiff::Timestamp>()
            .map_err(|_| ApiError::invalid("Invalid since"))?
            .as_second(),
    };
    let mut rows: Vec<_> = world
        .threads
        .values()
        .filter(|thread| has_state(thread, &query) && thread.updated_at >= since)
        .filter(|thread| has_labels(thread, &query))
        .collect();
    sort(&mut rows, &query, |thread| thread)?;
    let url = format!("{}/issues", world.api());
    Ok(list(rows, &query, &url, |row| render::issue(&world, row)))
}

async fn issue(State(shared): State<Shared>, Path((owner, repo, number)): Numbered) -> Answer {
    let world = shared.lock();
    let thread = find(&world, &owner, &repo, number)?;
    Ok(Json(render::issue(&world, thread)).into_response())
}

pub(super) fn check(world: &World, owner: &str, repo: &str) -> Result<(), ApiError> {
    let is_it = world.owner.eq_ignore_ascii_case(owner) && world.repo.eq_ignore_ascii_case(repo);
    is_it.then_some(()).ok_or_else(ApiError::not_found)
}

pub(super) fn find<'a>(
    world: &'a World,
    owner: &str,
    repo: &str,
    number: u64,
) -> Result<&'a Thread, ApiError> {
    check(world, owner, repo)?;
    world.threads.get(&number).ok_or_else(ApiError::not_found)
}

fn find_pull<'a>(
    world: &'a World,
    owner: &str,
    repo: &str,
    number: u64,
) -> Result<(&'a Thread, &'a Pull), ApiError> {
    let thread = find(world, owner, repo, number)?;
    let pull = thread.pull.as_ref().ok_or_else(ApiError::not_found)?;
    Ok((thread, pull))
}

/// `state`, which is `open` where nothing is said.
fn has_state(thread: &Thread, query: &Query) -> bool {
    match query.get("state").map(String::as_str) {
        Some("all") => true,
        Some("closed") => !thread.open,
        _ => thread.open,
    }
}

/// `labels`: all of them, separated by commas, whatever their case.
fn has_labels(thread: &Thread, query: &Query) -> bool {
    let wanted = query.get("labels").map(String::as_str).unwrap_or_default();
    let wanted = wanted.split(',').filter(|name| !name.is_empty());
    let mut wanted = wanted.map(str::to_lowercase);
    let labels: Vec<_> = thread.labels.iter().map(|it| it.to_lowercase()).collect();
    wanted.all(|name| labels.contains(&name))
}

/// `sort` and `direction`: by creation, newest first, where nothing is said.
fn sort<T>(rows: &mut [T], query: &Query, thread: impl Fn(&T) -> &Thread) -> Result<(), ApiError> {
    match query.get("sort").map(String::as_str) {
        None | Some("created") => rows.sort_by_key(|row| thread(row).number),
        Some("updated") => rows.sort_by_key(|row| {
            let thread = thread(row);
            (thread.updated_at, thread.number)
        }),
        Some(other) => return Err(ApiError::invalid(&format!("Invalid sort {other}"))),
    }
    if query.get("direction").map(String::as_str) != Some("asc") {
        rows.reverse();
    }
    Ok(())
}

pub(super) fn list<T>(
    rows: Vec<T>,
    query: &Query,
    url: &str,
    row: impl Fn(T) -> Value,
) -> Response {
    let page = cut(rows, query, url);
    let body: Value = page.items.into_iter().map(row).collect();
    let link = page.link.map(|link| [(header::LINK, link)]);
    (link, Json(body)).into_response()
}

//! Comments on pull requests and issues: the endpoints, and what people do with them.

use anyhow::{Context, Result, ensure};
use axum::extract::{Path, Query as QueryParameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use axum::{Extension, Json, Router};
use serde::Deserialize;

use super::GitHub;
use super::api::{Answer, Numbered, check, find, list};
use super::error::ApiError;
use super::gate::Caller;
use super::page::Query;
use super::render;
use super::spec::CommentSpec;
use super::world::{Comment, Shared, World};

/// GitHub takes no longer ones, in characters.
const LONGEST: usize = 65_536;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/repos/{owner}/{repo}/issues/{number}/comments",
            get(comments).post(post_comment),
        )
        .route(
            "/repos/{owner}/{repo}/issues/comments/{id}",
            patch(edit_comment),
        )
}

async fn comments(
    State(shared): State<Shared>,
    Path((owner, repo, number)): Numbered,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let world = shared.lock();
    find(&world, &owner, &repo, number)?;
    let url = format!("{}/issues/{number}/comments", world.api());
    let rows = world.comments_of(number).collect();
    Ok(list(rows, &query, &url, |row| render::comment(&world, row)))
}

/// What a comment is to say.
#[derive(Deserialize)]
struct Said {
    body: String,
}

impl Said {
    fn check(&self) -> Result<(), ApiError> {
        let is_taken = (1..=LONGEST).contains(&self.body.chars().count());
        let refused = || ApiError::invalid("Validation Failed");
        is_taken.then_some(()).ok_or_else(refused)
    }
}

async fn post_comment(
    State(shared): State<Shared>,
    Path((owner, repo, number)): Numbered,
    Extension(caller): Extension<Caller>,
    Json(said): Json<Said>,
) -> Answer {
    let author = caller.login.ok_or_else(ApiError::requires_authentication)?;
    said.check()?;
    let mut world = shared.lock();
    if find(&world, &owner, &repo, number)?.locked {
        return Err(locked("create"));
    }
    let id = add_comment(&mut world, number, &author, &said.body);
    Ok((StatusCode::CREATED, shown(&world, id)?).into_response())
}

async fn edit_comment(
    State(shared): State<Shared>,
    Path((owner, repo, id)): Numbered,
    Extension(caller): Extension<Caller>,
    Json(said): Json<Said>,
) -> Answer {
    let editor = caller.login.ok_or_else(ApiError::requires_authentication)?;
    said.check()?;
    let mut world = shared.lock();
    check(&world, &owner, &repo)?;
    let at = world.now();
    let found = world.comments.iter_mut().find(|comment| comment.id == id);
    let comment = found.ok_or_else(ApiError::not_found)?;
    if !comment.author.eq_ignore_ascii_case(&editor) {
        let message = "Must have admin rights to Repository.";
        return Err(ApiError(StatusCode::FORBIDDEN, message.into()));
    }
    comment.body = said.body;
    comment.edited_at = at;
    Ok(shown(&world, id)?.into_response())
}

fn locked(what: &str) -> ApiError {
    let message = format!("Unable to {what} comment because issue is locked.");
    ApiError(StatusCode::FORBIDDEN, message)
}

fn shown(world: &World, id: u64) -> Result<Response, ApiError> {
    let found = world.comments.iter().find(|comment| comment.id == id);
    let comment = found.ok_or_else(ApiError::not_found)?;
    Ok(Json(render::comment(world, comment)).into_response())
}

/// Adds a comment, which moves the thread's `updated_at`, and returns its id.
fn add_comment(world: &mut World, number: u64, author: &str, body: &str) -> u64 {
    let (id, at) = (3_000_000 + world.next_serial(), world.now());
    world.add_user(author);
    world.comments.push(Comment {
        id,
        number,
        author: author.to_owned(),
        body: body.to_owned(),
        at,
        edited_at: at,
    });
    if let Some(thread) = world.threads.get_mut(&number) {
        thread.updated_at = at;
    }
    id
}

impl GitHub {
    /// Comments on a pull request or an issue, and returns the comment's id.
    ///
    /// # Errors
    /// Where there is none of this number.
    pub fn comment(&self, number: u64, author: &str, body: &str) -> Result<u64> {
        let mut world = self.shared.lock();
        ensure!(world.threads.contains_key(&number), "no number {number}");
        Ok(add_comment(&mut world, number, author, body))
    }

    /// The comments on a pull request or an issue, oldest first.
    pub fn comments(&self, number: u64) -> Vec<CommentSpec> {
        let world = self.shared.lock();
        let comments = world.comments_of(number).map(|comment| CommentSpec {
            id: comment.id,
            author: comment.author.clone(),
            body: comment.body.clone(),
        });
        comments.collect()
    }

    /// Deletes a comment.
    ///
    /// # Errors
    /// Where there is none of this id.
    pub fn delete_comment(&self, id: u64) -> Result<()> {
        let mut world = self.shared.lock();
        let place = world.comments.iter().position(|comment| comment.id == id);
        world.comments.remove(place.context("no such comment")?);
        Ok(())
    }

    /// Locks the conversation on a pull request or an issue: nobody comments any more.
    ///
    /// # Errors
    /// Where there is none of this number.
    pub fn lock(&self, number: u64) -> Result<()> {
        self.change(number, |thread| thread.locked = true)
    }
}

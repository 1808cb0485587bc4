//! A stateful fake GitHub over HTTP.
//!
//! It speaks the part of the REST API (version 2022-11-28) that Picket uses, and one query of the
//! GraphQL API, for a real client over real HTTP on loopback: one repository with its pull requests, issues and comments, users and
//! their tokens, and the OAuth web flow. A test drives it with the domain's verbs
//! ([`GitHub::open_pull_request`], [`GitHub::push`], [`GitHub::label`], [`GitHub::merge`], ..) and
//! asks it afterwards what was requested ([`GitHub::requests`]).
//!
//! What it has in common with the real one, because clients stumble over it:
//!
//! - every verb moves `updated_at`; lists are paged, with `Link` headers;
//! - answers have an `ETag` of their own for each token; a `304` costs no rate limit;
//! - reading one open pull request makes it compute a test merge ([`GitHub::test_merges`]), which
//!   is why a polite client does not loop over that call;
//! - a deleted user is `null`, and so is a deleted fork.
//!
//! Given a git repository ([`Builder::git_repository`]), pull requests take their commits and files
//! from it and their heads are written to `refs/pull/<number>/head` there, so that API and git
//! never disagree. A test compares the answers with GitHub's published OpenAPI description.

mod api;
mod comments;
mod error;
mod gate;
mod git;
mod graphql;
mod handle;
mod labels;
mod oauth;
mod page;
mod render;
mod spec;
mod verbs;
mod world;

pub use handle::{Builder, GitHub};
pub use spec::{
    CheckSpec, CommentSpec, CommitSpec, Fault, FaultKind, FileSpec, FileStatus, LoggedRequest,
    OAuthApp, PullRequestSpec,
};

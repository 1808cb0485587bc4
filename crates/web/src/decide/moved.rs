//! What a person read is not what there is any more: nothing is recorded, and they look again.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use picket_domain::{Candidate, CommitSha, PrNumber};

use crate::error::{PageError, page};
use crate::layout::{Section, Shell};
use crate::look::Look;
use crate::session::{Person, Viewer};

#[derive(Template)]
#[template(path = "moved.html")]
struct MovedPage {
    shell: Shell,
    channel: String,
    pr: PrNumber,
    title: String,
    headline: &'static str,
    lede: &'static str,
    facts: Vec<(&'static str, String)>,
}

/// The author pushed.
pub(super) fn head(
    look: &Look<'_>,
    candidate: &Candidate,
    seen: &CommitSha,
    person: Person,
) -> Result<Response, PageError> {
    let headline = "The pull request has moved on";
    let lede = "Its author pushed after your page was loaded, so what you read is not what you \
                would have approved. Nothing was recorded.";
    let facts = vec![
        ("The head that you saw", seen.to_string()),
        ("The head now", candidate.head.to_string()),
    ];
    answer(look, candidate, person, (headline, lede), facts)
}

/// The head is the same, and what comes of picking it is not.
pub(super) fn pick(
    look: &Look<'_>,
    candidate: &Candidate,
    person: Person,
) -> Result<Response, PageError> {
    let lede = "What the pick changes is not what your page showed: the base moved, or a conflict \
                was resolved, after it was loaded. Nothing was recorded.";
    answer(look, candidate, person, (OUT_OF_DATE, lede), Vec::new())
}

/// The pick conflicts otherwise, or not at all.
pub(crate) fn conflict(
    look: &Look<'_>,
    candidate: &Candidate,
    person: Person,
) -> Result<Response, PageError> {
    let lede = "The conflict is not the one that your page showed: the base moved, the author \
                pushed, or somebody else resolved it, after it was loaded. Nothing was recorded.";
    answer(look, candidate, person, (OUT_OF_DATE, lede), Vec::new())
}

const OUT_OF_DATE: &str = "The page is out of date";

fn answer(
    look: &Look<'_>,
    candidate: &Candidate,
    person: Person,
    (headline, lede): (&'static str, &'static str),
    facts: Vec<(&'static str, String)>,
) -> Result<Response, PageError> {
    let viewer = Viewer {
        person: Some(person),
    };
    let channel = look.channel.name().to_string();
    let here = format!("/candidates/{}?channel={channel}", candidate.pr);
    let answer = page(&MovedPage {
        shell: Shell::new(headline, Section::Queue, &viewer, here),
        channel,
        pr: candidate.pr,
        title: candidate.title.clone(),
        headline,
        lede,
        facts,
    })?;
    Ok((StatusCode::CONFLICT, answer).into_response())
}

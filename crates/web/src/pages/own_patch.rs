//! Handing in a patch of the team's own, for what has no pull request.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use picket_domain::{
    Actor, Advisory, BranchName, Candidate, CommitSha, PrNumber, UpstreamState, text,
};
use picket_merger::{Applied, Mails, MergeError, MirrorError};
use picket_store::Submission;
use serde::Deserialize;

use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::forms::{SignedForm, reason, sentence};
use crate::layout::{Section, Shell};
use crate::look::{Look, chosen};
use crate::session::{Person, Viewer};
use crate::state::{App, ChannelInfo};

/// The longest series of mails, in bytes: several times what a person reads.
const MAX_MAILS: usize = 4 << 20;

#[derive(Deserialize)]
pub(crate) struct Asked {
    channel: Option<String>,
    /// The own patch that another one is to take the place of.
    replaces: Option<PrNumber>,
}

/// What a person filled in.
#[derive(Default, Deserialize)]
pub(crate) struct Handed {
    channel: String,
    /// The own patch in whose place it comes; empty where it is a new one.
    replaces: String,
    /// What `git format-patch` wrote; empty where it is on a branch.
    mails: String,
    /// The branch; empty where there is none.
    branch: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "own_patch.html")]
struct OwnPatchPage {
    shell: Shell,
    is_member: bool,
    channels: Vec<(String, String)>,
    /// Where a branch is pushed to, if anywhere.
    remote: Option<String>,
    filled: Handed,
    /// What keeps what was filled in from being taken.
    problem: Option<String>,
}

/// `GET /own-patches`
pub(crate) async fn form(
    State(app): State<App>,
    viewer: Viewer,
    Checked(Query(asked)): Checked<Query<Asked>>,
) -> Result<Response, PageError> {
    let channel = chosen(&app, asked.channel.as_deref())?;
    let filled = Handed {
        channel: channel.name().to_string(),
        replaces: asked.replaces.map(|it| it.to_string()).unwrap_or_default(),
        ..Handed::default()
    };
    show(&app, channel, &viewer, filled, None)
}

/// `POST /own-patches`
pub(crate) async fn hand_in(
    State(app): State<App>,
    SignedForm { person, form }: SignedForm<Handed>,
) -> Result<Response, PageError> {
    let channel = chosen(&app, Some(&form.channel))?;
    match submit(&app, channel, &person, &form).await {
        Ok(pr) => {
            let address = format!("/candidates/{pr}?channel={}", channel.name());
            Ok(Redirect::to(&address).into_response())
        }
        // What was typed stays.
        Err(PageError::BadInput(problem)) => {
            let viewer = Viewer {
                person: Some(person),
            };
            let shown = show(&app, channel, &viewer, form, Some(problem))?;
            Ok((StatusCode::BAD_REQUEST, shown).into_response())
        }
        Err(other) => Err(other),
    }
}

fn show(
    app: &App,
    channel: &ChannelInfo,
    viewer: &Viewer,
    filled: Handed,
    problem: Option<String>,
) -> Result<Response, PageError> {
    let title = match filled.replaces.as_str() {
        "" => "Hand in a patch".to_owned(),
        replaced => format!("Another patch in place of #{replaced}"),
    };
    let label = |it: &ChannelInfo| (it.name().to_string(), it.base_label.clone());
    let remote = channel.resolutions_remote.as_ref();
    page(&OwnPatchPage {
        shell: Shell::new(title, Section::Nominate, viewer, "/own-patches"),
        is_member: viewer.member().is_some(),
        channels: app.channels.iter().map(label).collect(),
        remote: remote.map(|it| it.plain().to_owned()),
        filled,
        problem,
    })
}

async fn submit(
    app: &App,
    channel: &ChannelInfo,
    person: &Person,
    form: &Handed,
) -> Result<PrNumber, PageError> {
    let reason = reason(&form.reason)?;
    let look = Look::at(app, channel).await?;
    let replaced = replaced(&look, person, &form.replaces)?;
    let base_branch = BranchName::parse(&channel.base_label)
        .map_err(|_| bad("The stable channel is followed by no branch."))?;
    let Mails { onto, text } = match (form.mails.trim(), form.branch.trim()) {
        ("", "") => return Err(bad("Give a patch, or the name of a branch.")),
        ("", branch) => pushed(app, channel, branch, &base_branch).await?,
        (_, "") => Mails {
            onto: base(&look)?,
            text: form.mails.clone().into_bytes(),
        },
        _ => return Err(bad("Give a patch or the name of a branch, and not both.")),
    };
    if text.len() > MAX_MAILS {
        return Err(bad(
            "That is more than anybody could review: 4 MiB at most.",
        ));
    }
    let applied = apply(app, &onto, text.clone()).await?;
    let candidate = candidate(&look, person, base_branch, applied, replaced);
    let submission = Submission {
        replaces: replaced.map(|it| it.pr),
        candidate,
        onto,
        mails: text,
        reason,
    };
    let by = Actor::Person(person.login.clone());
    let pr = app.store.submit_patch(look.now, by, submission).await?;
    app.wake.notify_one();
    Ok(pr)
}

/// The own patch that is to be replaced. Who handed it in does that: so nobody comes to approve what
/// is theirs.
fn replaced<'a>(
    look: &'a Look<'_>,
    person: &Person,
    number: &str,
) -> Result<Option<&'a Candidate>, PageError> {
    if number.is_empty() {
        return Ok(None);
    }
    let number = number.parse().ok().filter(|it: &PrNumber| it.is_own());
    let number = number.ok_or_else(|| bad("That is no patch of the team's own."))?;
    let known = look.watched(number)?;
    if known.is_by(&person.login, None) {
        return Ok(Some(known));
    }
    Err(PageError::Refused(
        "Only who handed a patch in puts another in its place. Hand yours in as a new one.",
    ))
}

fn candidate(
    look: &Look<'_>,
    person: &Person,
    base_branch: BranchName,
    applied: Applied,
    replaced: Option<&Candidate>,
) -> Candidate {
    let named = Advisory::find_all(&format!("{}\n{}", applied.title, applied.body));
    Candidate {
        // It gets its own when it is written down.
        pr: PrNumber(PrNumber::OWN),
        title: text::line(&applied.title, text::MAX_LINE),
        body: text::body(&applied.body),
        author: person.login.clone(),
        author_id: None,
        head: applied.head,
        base_branch,
        url: String::new(),
        labels: Vec::new(),
        named,
        upstream: UpstreamState::Open,
        is_draft: false,
        details: None,
        opened_at: replaced.map_or(look.now, |it| it.opened_at),
        updated_at: look.now,
    }
}

/// What a patch is applied to.
fn base(look: &Look<'_>) -> Result<CommitSha, PageError> {
    let base = look.facts.base().map(|base| base.rev.clone());
    base.ok_or_else(|| bad("The stable channel was not looked at yet. Try again in a minute."))
}

async fn pushed(
    app: &App,
    channel: &ChannelInfo,
    branch: &str,
    upstream: &BranchName,
) -> Result<Mails, PageError> {
    let Some(remote) = channel.resolutions_remote.clone() else {
        return Err(bad(
            "This server takes no branches: hand in what git format-patch writes.",
        ));
    };
    let branch = BranchName::parse(branch).map_err(|_| bad("That is no name of a branch."))?;
    let (mirror, upstream) = (app.mirror.clone(), upstream.clone());
    let reading = tokio::task::spawn_blocking(move || mirror.mails_of(&remote, &branch, &upstream));
    reading.await?.map_err(refused)
}

async fn apply(app: &App, onto: &CommitSha, mails: Vec<u8>) -> Result<Applied, PageError> {
    let (mirror, onto) = (app.mirror.clone(), onto.clone());
    let applying = tokio::task::spawn_blocking(move || mirror.apply_mails(&onto, &mails));
    applying.await?.map_err(refused)
}

/// What a person can mend is told; anything else is this server's trouble.
fn refused(error: MirrorError) -> PageError {
    match error {
        MirrorError::UnusablePatch { .. }
        | MirrorError::NoBranch { .. }
        | MirrorError::Transport { .. } => bad(&sentence(&error.to_string())),
        other => MergeError::from(other).into(),
    }
}

fn bad(problem: &str) -> PageError {
    PageError::BadInput(problem.to_owned())
}

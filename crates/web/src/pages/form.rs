//! Choosing the form in which a channel carries a fix.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use picket_domain::{Candidate, CommitSha, Form, PrNumber, may_decide};
use picket_proposal::{GraftText, graft_text};
use serde::Deserialize;

use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::layout::{Section, Shell};
use crate::look::{Look, chosen};
use crate::odd::filters;
use crate::session::Viewer;
use crate::state::{App, AppState};
use crate::view::form_words;

/// The list of all packages, and the longest that is read, in bytes.
const ALL_PACKAGES: &str = "pkgs/top-level/all-packages.nix";
const ALL_PACKAGES_MAX: u64 = 8 << 20;

const SAMPLE_GRAFT: &str = "[\n  {\n    old = openssl;\n    new = callPackage graft { };\n  }\n]\n";
const SAMPLE_MITIGATION: &str = "{\n  boot.blacklistedKernelModules = [ \"algif_aead\" ];\n}\n";

#[derive(Deserialize)]
pub(crate) struct In {
    channel: Option<String>,
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage {
    shell: Shell,
    channel: String,
    base_label: String,
    pr: PrNumber,
    title: String,
    head: String,
    /// What the form is now.
    now: &'static str,
    is_as_is: bool,
    /// Whether the viewer may choose.
    can_choose: bool,
    is_graft_found: bool,
    folder: String,
    pairs: String,
    /// Files of the pull request outside of the folder: they do not come along.
    outside: Vec<String>,
    name: String,
    settings: String,
    longest: usize,
}

/// `GET /candidates/{pr}/form`
pub(crate) async fn form(
    State(app): State<App>,
    viewer: Viewer,
    Checked(Path(pr)): Checked<Path<PrNumber>>,
    Checked(Query(query)): Checked<Query<In>>,
) -> Result<Response, PageError> {
    let look = Look::at(&app, chosen(&app, query.channel.as_deref())?).await?;
    let candidate = look.watched(pr)?;
    let channel = look.channel.name();
    let can_choose = viewer
        .member()
        .is_some_and(|member| may_decide(&look.facts, candidate, member).is_ok());
    let found = match can_choose {
        true => found(&app, &look, candidate).await?,
        false => None,
    };
    let current = look.form(candidate);
    let ids = current.content().into_iter().cloned().collect();
    let text = app.store.contents(&ids).await?.into_values().next();
    let text = text.map(|text| String::from_utf8_lossy(&text).into_owned());
    let is_graft_found = found.is_some();
    let (folder, pairs) = match (current, &text, found) {
        (Form::Graft { folder, .. }, Some(text), _) => {
            let folder = folder.as_ref().map(ToString::to_string);
            (folder.unwrap_or_default(), text.clone())
        }
        (_, _, Some(GraftText { folder, text })) => (folder, text),
        (_, _, None) => (String::new(), SAMPLE_GRAFT.to_owned()),
    };
    let (name, settings) = match (current, text) {
        (Form::Mitigation { name, .. }, Some(text)) => (name.to_string(), text),
        _ => (mitigation_name(candidate), SAMPLE_MITIGATION.to_owned()),
    };
    let here = format!("/candidates/{pr}/form?channel={channel}");
    page(&FormPage {
        shell: Shell::new(
            format!("#{pr} in another form"),
            Section::Queue,
            &viewer,
            here,
        ),
        channel: channel.to_string(),
        base_label: look.channel.base_label.clone(),
        pr,
        title: candidate.title.clone(),
        head: candidate.head.to_string(),
        now: form_words(current).will,
        is_as_is: current.is_as_is(),
        can_choose,
        is_graft_found,
        outside: outside(candidate, &folder),
        folder,
        pairs,
        name,
        settings,
        longest: Form::TEXT_MAX,
    })
}

/// The graft that the list of all packages suggests, of the base that the channel stands on.
async fn found(
    app: &AppState,
    look: &Look<'_>,
    candidate: &Candidate,
) -> Result<Option<GraftText>, PageError> {
    let Some(base) = look.facts.base() else {
        return Ok(None);
    };
    let (mirror, base): (_, CommitSha) = (app.mirror.clone(), base.rev.clone());
    let files: Vec<_> = candidate
        .files()
        .iter()
        .map(|file| file.path.clone())
        .collect();
    let looking = tokio::task::spawn_blocking(move || {
        let list = mirror.file(&base, ALL_PACKAGES, ALL_PACKAGES_MAX)?;
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        Ok::<_, picket_merger::MirrorError>(list.and_then(|list| graft_text(&list, &files)))
    });
    match looking.await? {
        Ok(found) => Ok(found),
        // The person writes it: the form does not depend on it.
        Err(error) => {
            PageError::from(picket_merger::MergeError::from(error)).log();
            Ok(None)
        }
    }
}

/// The files that a graft of this folder leaves out, the first few.
fn outside(candidate: &Candidate, folder: &str) -> Vec<String> {
    if folder.is_empty() {
        return Vec::new();
    }
    let is_outside = |path: &&String| {
        let rest = path.strip_prefix(folder);
        !rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let paths = candidate.files().iter().map(|file| &file.path);
    paths.filter(is_outside).take(10).cloned().collect()
}

/// A name to begin with: the first advisory's.
fn mitigation_name(candidate: &Candidate) -> String {
    match candidate.advisories().first() {
        Some(advisory) => advisory.as_str().to_lowercase(),
        None => format!("pr-{}", candidate.pr),
    }
}

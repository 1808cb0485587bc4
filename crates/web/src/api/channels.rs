//! `/api/v1/channels`

use axum::Json;
use axum::extract::{Path, State};
use picket_domain::{Base, Lane, PrNumber, Release, Timestamp};
use picket_publisher::ManifestTree;
use serde::Serialize;

use crate::error::ApiError;
use crate::look::{Look, chosen};
use crate::state::{App, AppState, ChannelInfo};

#[derive(Serialize)]
pub(crate) struct Channels {
    channels: Vec<ChannelSummary>,
}

/// What a channel is, and where.
#[derive(Serialize)]
struct ChannelSummary {
    name: String,
    title: String,
    /// What to subscribe to.
    url: String,
    cache_url: String,
    public_keys: Vec<String>,
    /// The name of the current release; null before the first.
    release: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Channel {
    #[serde(flatten)]
    summary: ChannelSummary,
    base_label: String,
    branch: String,
    current: Option<CurrentJson>,
    base: Option<BaseJson>,
    /// Every candidate on which anything was decided, or is to be.
    picks: Vec<PickJson>,
    /// The published releases, newest first.
    releases: Vec<ReleaseJson>,
}

#[derive(Serialize)]
struct ReleaseJson {
    name: String,
    seq: u64,
    rev: String,
    base_rev: String,
    published_at: String,
    picks: Vec<PrNumber>,
    url: String,
    /// Where its signed manifest is, which says all of it: the commits that each pick became, who
    /// approved it, files, store paths and hashes.
    manifest_url: String,
}

/// The release that clients get, with what its manifest says of its tree.
#[derive(Serialize)]
struct CurrentJson {
    #[serde(flatten)]
    release: ReleaseJson,
    /// What flakes lock: `sha256-<base64>`; null where the manifest does not say.
    nar_hash: Option<String>,
    /// The name of the official release that it stands on, where it is known.
    base_release: Option<String>,
}

#[derive(Serialize)]
struct BaseJson {
    rev: String,
    rev_count: u64,
    version: String,
    committed_at: String,
    seen_at: String,
    /// When it was last found to be still the newest; null where that was not since the server was
    /// started.
    checked_at: Option<String>,
}

#[derive(Serialize)]
struct PickJson {
    number: PrNumber,
    title: String,
    advisories: Vec<String>,
    state: &'static str,
    reason: String,
    /// In which form the channel is to carry it: `as_is`, `graft` or `mitigation`.
    form: &'static str,
}

impl ChannelSummary {
    fn new(app: &AppState, channel: &ChannelInfo, look: &Look<'_>) -> Self {
        let published = look.published();
        let current = published.first();
        Self {
            name: channel.name().to_string(),
            title: channel.title.clone(),
            url: app.absolute(&format!("/{}", channel.name())),
            cache_url: app.absolute("/cache"),
            public_keys: app.public_keys.iter().map(ToString::to_string).collect(),
            release: current.map(|(release, _)| release.name.to_string()),
        }
    }
}

impl ReleaseJson {
    fn new(app: &AppState, release: &Release, at: Timestamp) -> Self {
        let path = format!("/releases/{}/{}", release.channel, release.name);
        Self {
            name: release.name.to_string(),
            seq: release.seq.0,
            rev: release.rev.to_string(),
            base_rev: release.base.rev.to_string(),
            published_at: at.to_string(),
            picks: release.picks.iter().map(|pick| pick.pr).collect(),
            manifest_url: app.absolute(&format!("{path}/release.json")),
            url: app.absolute(&path),
        }
    }
}

impl CurrentJson {
    /// A manifest that cannot be read, or is another release's already, leaves its part out: what
    /// clients get is not for this answer to say.
    async fn new(app: &AppState, release: &Release, at: Timestamp) -> Self {
        let (public, channel) = (app.public.clone(), release.channel.clone());
        let head = tokio::task::spawn_blocking(move || public.current_release(&channel)).await;
        let head = head.ok().and_then(|head| head.ok().flatten());
        let head = head.filter(|head| head.name == release.name);
        let base = head.as_ref().and_then(|head| head.base.release.as_ref());
        let tree = head.as_ref().and_then(|head| head.tree.as_ref());
        Self {
            nar_hash: tree.map(ManifestTree::sri),
            base_release: base.map(ToString::to_string),
            release: ReleaseJson::new(app, release, at),
        }
    }
}

impl BaseJson {
    fn new(base: &Base, checked: Option<Timestamp>) -> Self {
        Self {
            checked_at: checked.map(|at| at.to_string()),
            rev: base.rev.to_string(),
            rev_count: base.rev_count,
            version: base.version.clone(),
            committed_at: base.committed_at.to_string(),
            seen_at: base.seen_at.to_string(),
        }
    }
}

/// `GET /api/v1/channels`
pub(crate) async fn channels(State(app): State<App>) -> Result<Json<Channels>, ApiError> {
    let mut channels = Vec::new();
    for channel in &app.channels {
        let look = Look::at(&app, channel).await?;
        channels.push(ChannelSummary::new(&app, channel, &look));
    }
    Ok(Json(Channels { channels }))
}

/// `GET /api/v1/channels/{channel}`
pub(crate) async fn channel(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Channel>, ApiError> {
    let info = chosen(&app, Some(&name))?;
    let look = Look::at(&app, info).await?;
    let json = |(release, at): &(&Release, Timestamp)| ReleaseJson::new(&app, release, *at);
    let published = look.published();
    let current = match published.first() {
        Some((release, at)) => Some(CurrentJson::new(&app, release, *at).await),
        None => None,
    };
    let picks = look.candidates().map(|(candidate, status)| PickJson {
        number: candidate.pr,
        title: candidate.title.clone(),
        advisories: candidate
            .advisories()
            .iter()
            .map(ToString::to_string)
            .collect(),
        state: status.name(),
        reason: status.reason(),
        form: look.form(candidate).name(),
    });
    Ok(Json(Channel {
        summary: ChannelSummary::new(&app, info, &look),
        base_label: info.base_label.clone(),
        branch: info.branch.to_string(),
        current,
        base: look.facts.base().map(|base| {
            let board = app.board();
            BaseJson::new(base, board.checked(Lane::Observe, Some(info.name())))
        }),
        picks: picks.collect(),
        releases: published.iter().map(json).collect(),
    }))
}

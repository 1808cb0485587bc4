//! A channel's public page: what it fixes, how far ahead it is, and how to subscribe.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use picket_domain::{
    Action, Board, CommitSha, JobName, Lane, PickStatus, PrNumber, Release, ReleasedPick,
    StatusGroup, Timestamp, approvals_of,
};

use super::notice::Notice;
use super::subscribe::{Way, ways};
use crate::aim::late;
use crate::delta::Delta;
use crate::error::{PageError, page};
use crate::extract::Checked;
use crate::lag_chart::LagChart;
use crate::layout::{Section, Shell};
use crate::look::{Look, chosen};
use crate::session::Viewer;
use crate::state::{App, AppState};
use crate::time::{When, duration};
use crate::versions::{VersionView, versions};
use crate::view::{AdvisoryLink, Badge, advisories, form_words, status_badge};

use crate::waivers::{WaiverView, in_force};

/// Releases in the history of a page.
const HISTORY: usize = 25;
/// What was set aside or superseded: the queue has the rest of it.
const FEW: usize = 25;

#[derive(Template)]
#[template(path = "channel.html")]
struct ChannelPage {
    shell: Shell,
    channel: String,
    channels: Vec<String>,
    title: String,
    base_label: String,
    branch: String,
    required: u32,
    base: Option<BaseView>,
    current: Option<ReleaseView>,
    /// Which entry of the release log it is.
    log_number: Option<u64>,
    fixes: Vec<Fix>,
    set_aside: Beginning<SetAside>,
    flaky: Vec<String>,
    broken_at_base: Vec<String>,
    /// The jobs that builds go without, as far as they are shown.
    waived: Vec<String>,
    waivers: Vec<WaiverView>,
    is_member: bool,
    builds: Vec<RunningBuild>,
    under_way: usize,
    waiting: usize,
    /// How many fixes are later than the team's target.
    late: usize,
    superseded: Beginning<Superseded>,
    lead: Option<String>,
    lags: Option<LagChart>,
    history: Vec<ReleaseView>,
    notice: Notice,
    ways: Vec<Way>,
    /// What the search field has in it.
    asked: &'static str,
}

/// The first few of a list.
struct Beginning<T> {
    /// How many there are in all.
    total: usize,
    shown: Vec<T>,
}

impl<T> Beginning<T> {
    fn of<U>(all: &[U], row: impl Fn(&U) -> T) -> Self {
        Self {
            total: all.len(),
            shown: all.iter().take(FEW).map(row).collect(),
        }
    }

    fn is_all(&self) -> bool {
        self.shown.len() == self.total
    }
}

struct BaseView {
    short: String,
    version: String,
    rev_count: u64,
    seen: When,
    /// When it was last found to be still the newest.
    checked: Option<When>,
    committed: When,
}

struct ReleaseView {
    name: String,
    url: String,
    short: String,
    published: When,
    base_short: String,
    picks: usize,
    added: Vec<PrNumber>,
    gone: Vec<PrNumber>,
    new_base: bool,
}

struct Fix {
    pr: PrNumber,
    /// What servers get by it, as it was evaluated.
    versions: Vec<VersionView>,
    title: String,
    advisories: Vec<AdvisoryLink>,
    /// What the release does instead of fixing it; nothing where it is fixed.
    stand_in: &'static str,
    approved_by: String,
    released: Option<When>,
}

/// A build that runs.
struct RunningBuild {
    short: String,
    url: String,
    since: When,
}

struct SetAside {
    pr: PrNumber,
    title: String,
    badge: Badge,
    reason: String,
}

struct Superseded {
    pr: PrNumber,
    title: String,
    advisories: Vec<AdvisoryLink>,
    lag: String,
    when: When,
}

/// `GET /`: the first channel's page.
pub(crate) async fn home(State(app): State<App>, viewer: Viewer) -> Result<Response, PageError> {
    show(&app, &viewer, None).await
}

/// `GET /channels/{channel}`
pub(crate) async fn channel(
    State(app): State<App>,
    viewer: Viewer,
    Checked(Path(name)): Checked<Path<String>>,
) -> Result<Response, PageError> {
    show(&app, &viewer, Some(&name)).await
}

async fn show(app: &AppState, viewer: &Viewer, name: Option<&str>) -> Result<Response, PageError> {
    let channel = chosen(app, name)?;
    let look = Look::at(app, channel).await?;
    page(&ChannelPage::new(app, &look, viewer))
}

impl ChannelPage {
    fn new(app: &AppState, look: &Look<'_>, viewer: &Viewer) -> Self {
        let channel = look.channel;
        let keys: Vec<_> = app.public_keys.iter().map(ToString::to_string).collect();
        let history = history(look);
        let of_group = |group| {
            let groups = look.candidates().map(|(_, status)| status.group());
            groups.filter(|it| *it == group).count()
        };
        let under_way = of_group(StatusGroup::UnderWay);
        let odd = look.facts.odd_jobs(look.now);
        let here = format!("/channels/{}", channel.name());
        Self {
            shell: Shell::new(channel.title.clone(), Section::Channel, viewer, here)
                .refreshing(under_way > 0)
                .with_feed(channel.name()),
            channel: channel.name().to_string(),
            channels: app
                .channels
                .iter()
                .map(|it| it.name().to_string())
                .collect(),
            title: channel.title.clone(),
            base_label: channel.base_label.clone(),
            branch: channel.branch.to_string(),
            required: channel.policy.required_approvals.max(1),
            base: base(look, &app.board()),
            fixes: fixes(look),
            set_aside: set_aside(look),
            flaky: names(&odd.flaky),
            broken_at_base: names(&odd.broken_at_base),
            waived: names(&odd.waived),
            waivers: in_force(look),
            is_member: viewer.member().is_some(),
            builds: running_builds(look),
            under_way,
            waiting: of_group(StatusGroup::NeedsDecision),
            late: late(app, look),
            superseded: superseded(look),
            lead: median_lag(look).map(duration),
            lags: LagChart::of(lags(look)),
            current: release_of(look),
            log_number: log_number(app, look),
            history,
            notice: Notice::of_channel(look, &app.board(), viewer),
            asked: "",
            ways: ways(
                &app.base_url,
                channel.name().as_str(),
                look.facts.current_release().map(|release| &release.name),
                &keys,
            ),
        }
    }
}

/// At most so many names of jobs.
fn names(jobs: &BTreeSet<JobName>) -> Vec<String> {
    jobs.iter().take(FEW).map(ToString::to_string).collect()
}

fn running_builds(look: &Look<'_>) -> Vec<RunningBuild> {
    let building = look.facts.machine.building.iter();
    let view = |(rev, since): (&CommitSha, &Timestamp)| RunningBuild {
        short: rev.short().to_owned(),
        url: format!("/channels/{}/builds/{rev}", look.channel.name()),
        since: When::new(*since, look.now),
    };
    building.map(view).collect()
}

fn base(look: &Look<'_>, board: &Board) -> Option<BaseView> {
    let checked = board.checked(Lane::Observe, Some(look.channel.name()));
    look.facts.base().map(|base| BaseView {
        checked: checked.map(|at| When::new(at, look.now)),
        short: base.rev.short().to_owned(),
        version: base.version.clone(),
        rev_count: base.rev_count,
        seen: When::new(base.seen_at, look.now),
        committed: When::new(base.committed_at, look.now),
    })
}

fn history(look: &Look<'_>) -> Vec<ReleaseView> {
    let published = look.published();
    let with_previous = published.iter().enumerate().take(HISTORY).map(|(at, one)| {
        let previous = published.get(at + 1).map(|(release, _)| *release);
        release_view(look, one.0, one.1, previous)
    });
    with_previous.collect()
}

/// Which entry of the release log the current release is, as far as that is stated.
fn log_number(app: &AppState, look: &Look<'_>) -> Option<u64> {
    let latest = app.public.latest(look.channel.name()).ok()??;
    let current = look.facts.current_release()?;
    let logged = latest
        .release_log
        .filter(|_| latest.release == current.name);
    logged.map(|it| it.index)
}

fn release_of(look: &Look<'_>) -> Option<ReleaseView> {
    history(look).into_iter().next()
}

fn release_view(
    look: &Look<'_>,
    release: &Release,
    at: Timestamp,
    previous: Option<&Release>,
) -> ReleaseView {
    let delta = Delta::of(release, previous);
    ReleaseView {
        name: release.name.to_string(),
        url: format!("/releases/{}/{}", release.channel, release.name),
        short: release.rev.short().to_owned(),
        published: When::new(at, look.now),
        base_short: release.base.rev.short().to_owned(),
        picks: release.picks.len(),
        added: delta.added,
        gone: delta.gone,
        new_base: delta.new_base,
    }
}

/// The title of a pull request, and the advisories that it names; the log outlives candidates.
fn described(look: &Look<'_>, pr: PrNumber) -> (String, Vec<AdvisoryLink>) {
    match look.candidate(pr) {
        Some(candidate) => (candidate.title.clone(), advisories(&candidate.advisories())),
        None => (format!("Pull request {pr}"), Vec::new()),
    }
}

fn fixes(look: &Look<'_>) -> Vec<Fix> {
    let published = look.published();
    let picks = published
        .first()
        .map(|(release, _)| release.picks.as_slice());
    let fix = |pick: &ReleasedPick| {
        let pr = pick.pr;
        let (title, advisories) = described(look, pr);
        let candidate = look.candidate(pr);
        let approvals = candidate.map(|it| approvals_of(&look.facts, it, &pick.head));
        let approved_by: Vec<_> = approvals
            .iter()
            .flatten()
            .map(|approval| approval.by.to_string())
            .collect();
        let released = candidate.and_then(|it| look.stage_times(it).released_at);
        let of_it = candidate.filter(|it| it.head == pick.head);
        Fix {
            pr,
            versions: of_it.map(|it| versions(look, it)).unwrap_or_default(),
            title,
            advisories,
            stand_in: form_words(&pick.form).done,
            approved_by: approved_by.join(", "),
            released: released.map(|at| When::new(at, look.now)),
        }
    };
    picks.unwrap_or_default().iter().map(fix).collect()
}

/// The newest of what was set aside.
fn set_aside(look: &Look<'_>) -> Beginning<SetAside> {
    let is_set_aside = |status: &PickStatus| status.group() == StatusGroup::SetAside;
    let found = look.candidates().filter(|(_, status)| is_set_aside(status));
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(candidate, _)| (Reverse(candidate.opened_at), candidate.pr));
    Beginning::of(&found, |(candidate, status)| SetAside {
        pr: candidate.pr,
        title: candidate.title.clone(),
        badge: status_badge(status),
        reason: status.reason(),
    })
}

fn lags<'a>(look: &'a Look<'_>) -> impl Iterator<Item = (PrNumber, i64, Timestamp)> + 'a {
    look.facts
        .log
        .all_superseded()
        .rev()
        .filter_map(|entry| match entry.action {
            Action::Superseded {
                pr, lag_seconds, ..
            } => Some((pr, lag_seconds, entry.at)),
            _ => None,
        })
}

fn superseded(look: &Look<'_>) -> Beginning<Superseded> {
    let line = |(pr, lag, at): &(PrNumber, i64, Timestamp)| {
        let (title, advisories) = described(look, *pr);
        Superseded {
            pr: *pr,
            title,
            advisories,
            lag: duration(*lag),
            when: When::new(*at, look.now),
        }
    };
    Beginning::of(&lags(look).collect::<Vec<_>>(), line)
}

fn median_lag(look: &Look<'_>) -> Option<i64> {
    let mut lags: Vec<_> = lags(look).map(|(_, lag, _)| lag).collect();
    lags.sort_unstable();
    lags.get(lags.len() / 2).copied()
}

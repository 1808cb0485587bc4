//! What must be so whenever the program is dead, and what when all is done.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use picket_demo::CHANNEL;
use picket_domain::{Action, ChannelName, Release, ReleaseSeq, ReleaseState};
use picket_publisher::{PublicDir, verify};
use picket_store::Store;
use picket_tests::{Stage, eventually, run};
use url::Url;

use crate::team::{Wish, git};

/// What earlier looks at the dead program saw: nothing of it may be taken back.
#[derive(Debug, Default)]
pub(crate) struct Before {
    seq: u64,
    tip: Option<String>,
}

impl Before {
    /// Looks at the disk and at the remote repository: the channel leads to a whole release or to
    /// none yet, and both only move forward.
    pub(crate) async fn look(&mut self, stage: &Stage) -> Result<()> {
        let public = stage.dir().join("data/public");
        let channel = ChannelName::parse(CHANNEL)?;
        if PublicDir::new(&public).current(&channel)?.is_some() {
            let url = format!("file://{}", public.join(CHANNEL).display());
            let report = verify(
                &Url::parse(&url)?,
                std::slice::from_ref(&stage.world.public_key),
            )
            .await;
            ensure!(report.is_good(), "{report}");
            let seq = report.seq.map_or(0, |seq| seq.0);
            ensure!(seq >= self.seq, "after {} came {seq}", self.seq);
            self.seq = seq;
            // Whoever sees the release can have its commit, from here if not from the remote yet.
            let rev = report.rev.context("it names its commit")?;
            is_in_mirror(stage, rev.as_str())?;
        } else {
            ensure!(self.seq == 0, "the channel was taken away");
        }
        let tip = tip(stage)?;
        if let Some(before) = &self.tip {
            let now = tip.as_deref().unwrap_or("nothing");
            is_ancestor(stage, before, now)?;
        }
        self.tip = tip;
        Ok(())
    }
}

/// Where the channel's branch is in the remote repository.
fn tip(stage: &Stage) -> Result<Option<String>> {
    let branch = format!("refs/heads/{CHANNEL}");
    let tip = git(
        stage,
        &["for-each-ref", "--format=%(objectname)", &branch],
        "",
    )?;
    let tip = tip.trim();
    Ok((!tip.is_empty()).then(|| tip.to_owned()))
}

fn is_in_mirror(stage: &Stage, rev: &str) -> Result<()> {
    let mirror = stage.dir().join("data/mirror.git");
    let mirror = mirror.to_str().context("a path in UTF-8")?;
    let commit = format!("{rev}^{{commit}}");
    git(stage, &["-C", mirror, "cat-file", "-e", &commit], "")?;
    Ok(())
}

fn is_ancestor(stage: &Stage, ancestor: &str, of: &str) -> Result<()> {
    git(stage, &["merge-base", "--is-ancestor", ancestor, of], "")?;
    Ok(())
}

/// The release's tag is in the remote repository; else an error.
pub(crate) fn is_pushed(stage: &Stage, release: &str) -> Result<()> {
    let tag = format!("refs/tags/{release}");
    git(stage, &["show-ref", "--verify", "--quiet", &tag], "")?;
    Ok(())
}

/// Forgets everything that Picket did, here and in the remote repository; it must not be running.
pub(crate) fn start_over(stage: &Stage) -> Result<()> {
    std::fs::remove_dir_all(stage.dir().join("data"))?;
    let pushed = git(stage, &["for-each-ref", "--format=delete %(refname)"], "")?;
    let ours = |line: &&str| line.contains("/tags/nixos-") || line.ends_with(CHANNEL);
    let deletions: String = pushed
        .lines()
        .filter(ours)
        .map(|line| format!("{line}\n"))
        .collect();
    git(stage, &["update-ref", "--stdin"], &deletions)?;
    Ok(())
}

/// What became of releases until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    /// Each that was begun came out, and none twice.
    Straight,
    /// People vetoed some, and took that back.
    Vetoed,
}

/// The number of the first release that is not sealed yet.
pub(crate) async fn first_unsealed(stage: &Stage) -> Result<ReleaseSeq> {
    let releases = releases(stage).await?;
    let mut newest = releases.iter().rev();
    let sealed = newest.find(|release| match release.state {
        ReleaseState::Sealed { .. } | ReleaseState::Published { .. } => true,
        ReleaseState::Reserved | ReleaseState::Abandoned { .. } => false,
    });
    Ok(sealed.map_or(ReleaseSeq(1), |release| release.seq.next()))
}

/// All is as it would be had nothing ever been killed: one release has these heads, and what is
/// published, recorded, tagged and pushed agrees.
pub(crate) async fn is_in_order(stage: &Stage, wishes: &[Wish], past: Past) -> Result<()> {
    verifies(stage)?;
    let releases = recorded(stage, past).await?;
    let heads = |release: &&Release| {
        let has = |wish: &Wish| {
            let mut picks = release.picks.iter();
            picks.any(|it| it.pr == wish.pr && it.head.as_str() == wish.head)
        };
        release.picks.len() == wishes.len() && wishes.iter().all(has)
    };
    let with_these = releases.iter().filter(heads).count();
    let is_right = match past {
        Past::Straight => with_these == 1,
        Past::Vetoed => with_these >= 1,
    };
    ensure!(is_right, "{with_these} releases have {wishes:?}");
    let last = releases.last().map(|release| release.rev.to_string());
    eventually("the last release is pushed", async || {
        (tip(stage).ok()? == last).then_some(())
    })
    .await?;
    for pair in releases.windows(2) {
        ensure!(pair[0].seq < pair[1].seq, "{pair:?}");
        is_ancestor(stage, pair[0].rev.as_str(), pair[1].rev.as_str())?;
    }
    for release in &releases {
        let tag = format!("refs/tags/{}^{{commit}}", release.name);
        let tagged = git(stage, &["rev-parse", "--verify", &tag], "")?;
        ensure!(tagged.trim() == release.rev.as_str(), "{tag}");
    }
    match past {
        Past::Straight => has_no_leftovers(stage),
        // What removes things was killed too, and after the last writer that would have tidied up.
        Past::Vetoed => {
            eventually("what was left is gone", async || {
                has_no_leftovers(stage).ok()
            })
            .await
        }
    }
}

/// As strangers and auditors see it.
fn verifies(stage: &Stage) -> Result<()> {
    let (url, key) = (stage.channel_url()?, stage.world.public_key.to_string());
    let config = stage.world.config_file.display().to_string();
    let strictly = ["--require-latest", "--public-key", &key];
    let verified = run(["verify", url.as_str()].into_iter().chain(strictly))?;
    ensure!(verified.code == Some(0), "{verified:?}");
    // Not even that what is stated is behind.
    ensure!(!verified.stdout.contains("note: "), "{verified:?}");
    let verified = run(["audit-log", "verify", "--config", &config])?;
    ensure!(verified.code == Some(0), "{verified:?}");
    Ok(())
}

/// The releases in the database: each published and recorded once.
async fn recorded(stage: &Stage, past: Past) -> Result<Vec<Release>> {
    let mut releases = releases(stage).await?;
    if past == Past::Vetoed {
        releases.retain(|it| !matches!(it.state, ReleaseState::Abandoned { .. }));
    }
    let store = open_store(stage).await?;
    let log = store.log_of_channel(&ChannelName::parse(CHANNEL)?).await?;
    store.close().await;
    let mut entries: BTreeMap<u64, u32> = BTreeMap::new();
    for entry in log {
        if let Action::Released { seq, .. } = entry.action {
            *entries.entry(seq.0).or_default() += 1;
        }
    }
    for release in &releases {
        let is_published = matches!(release.state, ReleaseState::Published { .. });
        ensure!(is_published, "{} is {:?}", release.name, release.state);
        ensure!(
            entries.remove(&release.seq.0) == Some(1),
            "{}",
            release.name
        );
    }
    ensure!(entries.is_empty(), "recorded, but not there: {entries:?}");
    Ok(releases)
}

async fn releases(stage: &Stage) -> Result<Vec<Release>> {
    let store = open_store(stage).await?;
    let releases = store.releases(&ChannelName::parse(CHANNEL)?).await?;
    store.close().await;
    Ok(releases)
}

async fn open_store(stage: &Stage) -> Result<Store> {
    let database = stage.dir().join("data/picket.db");
    Ok(Store::open(&format!("sqlite://{}", database.display())).await?)
}

/// What the killed ones left half written is gone.
fn has_no_leftovers(stage: &Stage) -> Result<()> {
    let public = stage.dir().join("data/public");
    for folder in [
        "cache",
        "cache/nar",
        "channels",
        &format!("releases/{CHANNEL}"),
        &format!("latest/{CHANNEL}"),
    ] {
        for entry in std::fs::read_dir(public.join(folder))? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            ensure!(!name.starts_with(".tmp-"), "{folder}/{name} was left");
        }
    }
    Ok(())
}

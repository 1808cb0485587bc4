//! What the tests share.

use std::collections::BTreeSet;

use anyhow::Result;
use octocrab::Octocrab;
use picket_domain::{Candidate, PrNumber};
use picket_testkit::github::{CommitSpec, FileSpec, GitHub, LoggedRequest, PullRequestSpec};
use picket_watcher::{Cursor, Poll, WatchError, Watcher, WatcherConfig};
use serde_json::Value;

pub(crate) const SECURITY: &str = "1.severity: security";
pub(crate) const NOW: i64 = 1_795_000_000;

/// A fake GitHub, and a watcher of it that keeps its state as Picket does.
pub(crate) struct World {
    pub(crate) github: GitHub,
    pub(crate) watcher: Watcher,
    pub(crate) token: String,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) known: BTreeSet<PrNumber>,
    pub(crate) nominated: BTreeSet<PrNumber>,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        let github = GitHub::builder("NixOS", "nixpkgs")
            .time(NOW)
            .start()
            .await?;
        let token = github.add_token("picket-bot");
        let watcher = Watcher::new(config(&github, Some(&token))?)?;
        Ok(Self {
            github,
            watcher,
            token,
            cursor: None,
            known: BTreeSet::new(),
            nominated: BTreeSet::new(),
        })
    }

    /// Polls, and keeps what was found.
    pub(crate) async fn poll(&mut self) -> Result<Vec<Candidate>, WatchError> {
        let Poll { candidates, cursor } = self
            .watcher
            .poll(self.cursor.as_ref(), &self.known, &self.nominated)
            .await?;
        self.known.extend(candidates.iter().map(|it| it.pr));
        self.cursor = Some(cursor);
        Ok(candidates)
    }

    /// Like [`World::poll`], for the numbers alone.
    pub(crate) async fn poll_numbers(&mut self) -> Result<Vec<u64>, WatchError> {
        Ok(numbers(&self.poll().await?))
    }

    /// Forgets what the process keeps in memory, as a restart does.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.watcher = Watcher::new(config(&self.github, Some(&self.token))?)?;
        Ok(())
    }

    /// Opens a pull request with one commit and one file.
    pub(crate) fn open(&self, title: &str, labels: &[&str]) -> Result<u64> {
        let spec = PullRequestSpec {
            title: title.into(),
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
            commits: vec![CommitSpec::new(title, title)],
            files: vec![FileSpec::modified("pkgs/by-name/ma/mastodon/package.nix")],
            ..Default::default()
        };
        self.github.open_pull_request(spec)
    }

    /// The list of pull requests, newest change first, as it is now.
    pub(crate) async fn list(&self) -> Result<Value> {
        let github = Octocrab::builder().base_uri(self.github.url())?;
        let github = github.personal_token(self.token.clone()).build()?;
        let path = "/repos/NixOS/nixpkgs/pulls?state=all&sort=updated&direction=desc&per_page=100";
        Ok(github.get(path, None::<&()>).await?)
    }

    /// The requests since this was called last, as `path?query`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let text = |it: LoggedRequest| format!("{}?{}", it.path, it.query);
        self.github.take_requests().into_iter().map(text).collect()
    }
}

pub(crate) fn config(github: &GitHub, token: Option<&str>) -> Result<WatcherConfig> {
    Ok(WatcherConfig {
        api: github.url().parse()?,
        token: token.map(str::to_owned),
        owner: "NixOS".into(),
        repository: "nixpkgs".into(),
        label: SECURITY.into(),
    })
}

pub(crate) fn numbers(candidates: &[Candidate]) -> Vec<u64> {
    candidates.iter().map(|it| it.pr.0).collect()
}

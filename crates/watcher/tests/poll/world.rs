//! What the tests share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use octocrab::Octocrab;
use picket_domain::{Candidate, PrNumber, Scope, UpstreamState};
use picket_testkit::github::{CommitSpec, FileSpec, GitHub, LoggedRequest, PullRequestSpec};
use picket_watcher::{Cursor, Known, Step, Token, WatchError, Watcher, WatcherConfig};
use serde_json::Value;

pub(crate) const SECURITY: &str = "1.severity: security";
pub(crate) const NOW: i64 = 1_795_000_000;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A fake GitHub, and a watcher of it that keeps its state as Picket does.
pub(crate) struct World {
    pub(crate) github: GitHub,
    pub(crate) watcher: Watcher,
    pub(crate) token: String,
    pub(crate) cursor: Cursor,
    pub(crate) known: Known,
    pub(crate) nominated: BTreeSet<PrNumber>,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        Self::allowing(5_000).await
    }

    /// With so many requests an hour.
    pub(crate) async fn allowing(limit: u64) -> Result<Self> {
        let github = GitHub::builder("NixOS", "nixpkgs")
            .time(NOW)
            .rate_limit(limit);
        let github = github.start().await?;
        let token = github.add_token("picket-bot");
        let watcher = Watcher::new(config(&github, Some(&token))?)?;
        Ok(Self {
            github,
            watcher,
            token,
            cursor: Cursor::default(),
            known: Known::default(),
            nominated: BTreeSet::new(),
        })
    }

    /// Looks once, to its end, and keeps what was found: also what came before a failure.
    pub(crate) async fn poll(&mut self) -> Result<Vec<Candidate>, WatchError> {
        self.watcher.begin(&mut self.cursor, &self.known);
        let mut found = BTreeMap::new();
        loop {
            let step = self.step().await?;
            let is_last = step.is_last;
            found.extend(step.candidates.into_iter().map(|it| (it.pr, it)));
            if is_last {
                return Ok(found.into_values().collect());
            }
        }
    }

    /// Makes one request, and keeps what was found.
    pub(crate) async fn step(&mut self) -> Result<Step, WatchError> {
        let stepping = self
            .watcher
            .step(&mut self.cursor, &self.known, &self.nominated);
        let step = stepping.await?;
        for candidate in &step.candidates {
            self.known.insert(candidate.pr, Arc::new(candidate.clone()));
        }
        for gone in &step.gone {
            if let Some(candidate) = self.known.get_mut(gone) {
                Arc::make_mut(candidate).upstream = UpstreamState::Closed;
            }
        }
        Ok(step)
    }

    /// Like [`World::poll`], for the numbers alone.
    pub(crate) async fn poll_numbers(&mut self) -> Result<Vec<u64>, WatchError> {
        Ok(numbers(&self.poll().await?))
    }

    /// The numbers of all that was found so far.
    pub(crate) fn known_numbers(&self) -> Vec<u64> {
        self.known.keys().map(|number| number.0).collect()
    }

    /// Forgets what the process keeps in memory, as a restart does.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.watcher = Watcher::new(config(&self.github, Some(&self.token))?)?;
        self.cursor = self.cursor.to_string().parse()?;
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

    /// Opens so many.
    pub(crate) fn open_many(&self, count: usize, title: &str, labels: &[&str]) -> Result<()> {
        for place in 0..count {
            self.open(&format!("{title} {place}"), labels)?;
        }
        Ok(())
    }

    /// The list of pull requests, newest change first, as it is now.
    pub(crate) async fn list(&self) -> Result<Vec<Value>> {
        let github = Octocrab::builder().base_uri(self.github.url())?;
        let github = github.personal_token(self.token.clone()).build()?;
        let path = "/repos/NixOS/nixpkgs/pulls?state=all&sort=updated&direction=desc&per_page=100";
        Ok(github.get(path, None::<&()>).await?)
    }

    /// The list of labelled ones, as it would be without this one.
    pub(crate) async fn github_issues_without(&self, number: u64) -> Result<Vec<Value>> {
        let github = Octocrab::builder().base_uri(self.github.url())?;
        let github = github.personal_token(self.token.clone()).build()?;
        let path = "/repos/NixOS/nixpkgs/issues?state=open&per_page=100";
        let mut rows: Vec<Value> = github.get(path, None::<&()>).await?;
        rows.retain(|row| row["number"] != number);
        Ok(rows)
    }

    /// The requests since this was called last, as `path?query`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let text = |it: LoggedRequest| format!("{}?{}", it.path, it.query);
        self.github.take_requests().into_iter().map(text).collect()
    }

    /// What cannot be read, and why.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let complaints = self.cursor.complaints();
        complaints
            .map(|(number, reason)| format!("#{number}: {reason}"))
            .collect()
    }
}

pub(crate) fn config(github: &GitHub, token: Option<&str>) -> Result<WatcherConfig> {
    Ok(WatcherConfig {
        api: github.url().parse()?,
        token: token.map(|token| Token::Text(token.to_owned())),
        owner: "NixOS".into(),
        repository: "nixpkgs".into(),
        label: SECURITY.into(),
        unlabelled: true,
        scope: Scope::default(),
    })
}

pub(crate) fn numbers(candidates: &[Candidate]) -> Vec<u64> {
    candidates.iter().map(|it| it.pr.0).collect()
}

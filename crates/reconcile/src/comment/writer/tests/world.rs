//! What the tests share.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use picket_domain::{
    Action, Actor, AfterHold, BaseHold, BranchName, Candidate, ChannelName, Comment, CommentEnd,
    CommentPlace, CommentSite, CommitSha, DismissalKind, Entry, Facts, JobPattern, Lane as Name,
    Login, PackageTests, PickStatus, Policy, PrNumber, RetryPolicy, Timestamp, UpstreamState,
    comment,
};
use picket_store::Store;
use picket_testkit::github::{CommentSpec, GitHub, PullRequestSpec};
use picket_watcher::{CommentConfig, Comments, Token};
use tempfile::TempDir;

use super::super::Writer;
use crate::lane::{Lane, SharedBoard};
use crate::settings::Commenting;

/// A fake GitHub with some pull requests, and what writes comments on them as time goes by.
pub(super) struct World {
    pub(super) github: GitHub,
    pub(super) store: Store,
    dir: TempDir,
    setting: Arc<Commenting>,
    writer: Writer,
    lane: Lane,
    board: SharedBoard,
    wanted: BTreeMap<PrNumber, Comment>,
    now: Timestamp,
    databases: usize,
}

impl World {
    pub(super) async fn new(pull_requests: u64) -> Self {
        Self::allowing(pull_requests, 5_000).await
    }

    /// With so many requests an hour.
    pub(super) async fn allowing(pull_requests: u64, limit: u64) -> Self {
        let github = GitHub::builder("NixOS", "nixpkgs").rate_limit(limit);
        let github = github.start().await.unwrap();
        for _ in 0..pull_requests {
            let spec = PullRequestSpec::default();
            github.open_pull_request(spec).unwrap();
        }
        let dir = tempfile::tempdir().unwrap();
        let token = github.add_token("picket-bot");
        fs::write(dir.path().join("token"), token).unwrap();
        let setting = setting(&github, &dir);
        let store = database(&dir, 0).await;
        let board = SharedBoard::default();
        Self {
            writer: Writer::new(store.clone(), Arc::clone(&setting)),
            lane: Lane::new((Name::Comment, None), Arc::clone(&board)),
            now: Timestamp::now(),
            wanted: BTreeMap::new(),
            databases: 1,
            github,
            store,
            dir,
            setting,
            board,
        }
    }

    /// The comment on a pull request is to say this from now on.
    pub(super) fn says(&mut self, pr: u64, reason: &str) {
        let comment = says(&self.setting.site, pr, reason, self.now);
        self.wanted.insert(PrNumber(pr), comment);
    }

    /// Lets time go by, and the lane look after every so many seconds, and at once where it has
    /// something to do.
    pub(super) async fn rounds(&mut self, seconds: i64, every: i64) {
        self.turns().await;
        for _ in 0..seconds / every {
            self.pass_seconds(every);
            self.turns().await;
        }
    }

    async fn turns(&mut self) {
        for _ in 0..100 {
            let turn = self.writer.turn(&self.lane, &self.wanted, self.now);
            if turn.await.unwrap().is_none_or(|next| next > self.now) {
                return;
            }
        }
        panic!("it never rests");
    }

    pub(super) fn pass_seconds(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
    }

    /// Looks, and is killed once there is a comment that it was not told of.
    pub(super) async fn turn_and_die(&mut self) {
        let github = &self.github;
        let posted = async {
            while github.comments(1).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = posted => {}
            turned = self.writer.turn(&self.lane, &self.wanted, self.now) => {
                panic!("it was not killed: {turned:?}");
            }
        }
    }

    /// Forgets what the process keeps in memory.
    pub(super) fn restart(&mut self) {
        self.setting = setting(&self.github, &self.dir);
        self.writer = Writer::new(self.store.clone(), Arc::clone(&self.setting));
    }

    /// Goes on with an empty database.
    pub(super) async fn lose_the_database(&mut self) {
        self.store = database(&self.dir, self.databases).await;
        self.databases += 1;
        self.restart();
    }

    pub(super) fn replace_token(&mut self, login: &str) {
        let token = self.github.add_token(login);
        fs::write(self.dir.path().join("token"), token).unwrap();
    }

    pub(super) fn remaining(&self) -> u64 {
        let token = fs::read_to_string(self.dir.path().join("token")).unwrap();
        self.github.remaining(&token)
    }

    pub(super) fn marker(&self) -> String {
        self.setting.site.marker()
    }

    pub(super) fn comments(&self, pr: u64) -> Vec<CommentSpec> {
        self.github.comments(pr)
    }

    /// The requests since this was called last: `POST 7` is a comment on pull request 7.
    pub(super) fn take_requests(&self) -> Vec<String> {
        let requests = self.github.take_requests().into_iter();
        let requests = requests.map(|it| {
            let rest = it.path.strip_prefix("/repos/NixOS/nixpkgs/issues/");
            let what = match rest.and_then(|rest| rest.split_once('/')) {
                Some(("comments", _)) => "comment",
                Some((number, "comments")) => number,
                _ => &it.path,
            };
            format!("{} {what}", it.method)
        });
        requests.collect()
    }

    /// What is on the board.
    pub(super) fn trouble(&self) -> Option<String> {
        let board = self.board.lock().unwrap();
        let troubles = board.troubles();
        troubles
            .first()
            .map(|it| format!("{}: {}", it.step, it.error))
    }

    /// Why nothing more is written on a pull request.
    pub(super) async fn ended(&self, pr: u64) -> Option<CommentEnd> {
        match self.store.comment(PrNumber(pr)).await.unwrap()?.place {
            CommentPlace::Ended { why, .. } => Some(why),
            _ => None,
        }
    }
}

fn setting(github: &GitHub, dir: &TempDir) -> Arc<Commenting> {
    let comments = Comments::new(CommentConfig {
        api: github.url().parse().unwrap(),
        token: Token::File(dir.path().join("token")),
        owner: "NixOS".into(),
        repository: "nixpkgs".into(),
    });
    Arc::new(Commenting {
        comments: comments.unwrap().with_timeout(Duration::from_secs(1)),
        site: CommentSite::new("https://sec.example.org/"),
        stable_seconds: 60,
    })
}

async fn database(dir: &TempDir, number: usize) -> Store {
    let file = dir.path().join(format!("picket-{number}.db"));
    let url = format!("sqlite://{}", file.display());
    Store::open(&url).await.unwrap()
}

/// The comment that says of a pull request why a channel is not affected.
fn says(site: &CommentSite, pr: u64, reason: &str, now: Timestamp) -> Comment {
    let candidate = candidate(pr);
    let actor = Actor::Person(Login::parse("ada").unwrap());
    let dismiss = Action::Dismiss {
        channel: channel(),
        pr: candidate.pr,
        head: candidate.head.clone(),
        advisories: Vec::new(),
        kind: DismissalKind::NotAffected,
        reason: reason.into(),
    };
    let status = PickStatus::Dismissed {
        kind: DismissalKind::NotAffected,
        reason: reason.into(),
        by: actor.clone(),
        at: now,
    };
    let mut facts = Facts::new(policy());
    facts.log.push(Entry::after(None, now, actor, dismiss));
    comment(site, &candidate, [(&facts, &status)]).unwrap()
}

fn channel() -> ChannelName {
    ChannelName::parse("nixos-26.05-sec").unwrap()
}

fn candidate(pr: u64) -> Candidate {
    Candidate {
        pr: PrNumber(pr),
        title: "a fix".into(),
        body: String::new(),
        author: Login::parse("author").unwrap(),
        author_id: None,
        head: CommitSha::parse(&"ab".repeat(20)).unwrap(),
        base_branch: BranchName::parse("master").unwrap(),
        url: String::new(),
        labels: Vec::new(),
        named: Vec::new(),
        upstream: UpstreamState::Open,
        is_draft: false,
        details: None,
        opened_at: Timestamp::from_unix(0),
        updated_at: Timestamp::from_unix(0),
    }
}

fn policy() -> Policy {
    Policy {
        channel: channel(),
        required_approvals: 1,
        mass_rebuild: None,
        required_jobs: vec![JobPattern::parse("*").unwrap()],
        package_tests: PackageTests::Require,
        retry: RetryPolicy::default(),
        base_hold: BaseHold {
            seconds: 0,
            then: AfterHold::Drop,
        },
        overtake_seconds: 900,
        push_first: false,
    }
}

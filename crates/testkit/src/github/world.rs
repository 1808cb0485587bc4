//! The fake's state. It is changed by the verbs and by `POST` requests, always under one lock.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::spec::{
    CheckSpec, CommitSpec, Fault, FaultKind, FileSpec, LoggedRequest, OAuthApp, made_up_sha,
};

/// The state, shared by the handle and the server.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(super) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// A test that panicked while it held the lock has failed already; others may go on.
    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct World {
    /// Scheme, host and port, without a slash at the end.
    pub(super) url: String,
    pub(super) owner: String,
    pub(super) repo: String,
    pub(super) git: Option<PathBuf>,
    pub(super) clock: Clock,
    pub(super) users: BTreeMap<String, User>,
    /// From token to login.
    pub(super) tokens: BTreeMap<String, String>,
    pub(super) threads: BTreeMap<u64, Thread>,
    pub(super) comments: Vec<Comment>,
    pub(super) oauth_apps: BTreeMap<String, OAuthApp>,
    pub(super) codes: BTreeMap<String, Code>,
    pub(super) limits: Limits,
    pub(super) faults: Vec<Fault>,
    /// By a number that grows.
    pub(super) log: BTreeMap<u64, LoggedRequest>,
    pub(super) test_merges: u64,
    /// Counts everything that needs a new id or secret.
    pub(super) serial: u64,
}

pub(super) struct User {
    pub(super) id: u64,
    pub(super) login: String,
}

/// An issue, and maybe a pull request: GitHub numbers them together.
pub(super) struct Thread {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    /// `None`: the account was deleted.
    pub(super) author: Option<String>,
    pub(super) labels: Vec<String>,
    pub(super) open: bool,
    /// Whether nobody may comment any more.
    pub(super) locked: bool,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) closed_at: Option<i64>,
    pub(super) pull: Option<Pull>,
}

pub(super) struct Pull {
    pub(super) base: String,
    pub(super) head_ref: String,
    pub(super) fork_deleted: bool,
    pub(super) is_draft: bool,
    pub(super) content: Content,
    pub(super) merged_at: Option<i64>,
    /// Open: the test merge, once somebody made GitHub compute it. Merged: the real one.
    pub(super) merge_commit: Option<String>,
    pub(super) merged_by: Option<String>,
    pub(super) reviews: Vec<Review>,
    /// Those of its head.
    pub(super) checks: Vec<CheckSpec>,
}

pub(super) struct Review {
    /// `None`: the account was deleted.
    pub(super) author: Option<String>,
    pub(super) state: String,
    /// The head that it was given to.
    pub(super) of: String,
    pub(super) at: i64,
}

/// What is to be merged.
#[derive(Clone)]
pub(super) struct Content {
    pub(super) base_sha: String,
    pub(super) head_sha: String,
    pub(super) commits: Vec<Commit>,
    pub(super) files: Vec<FileSpec>,
}

#[derive(Clone)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    pub(super) message: String,
    pub(super) author: String,
    pub(super) email: String,
    pub(super) at: i64,
}

pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) author: String,
    pub(super) body: String,
    pub(super) at: i64,
    pub(super) edited_at: i64,
}

/// An OAuth code that waits to be exchanged, once.
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) login: String,
    pub(super) challenge: Option<String>,
    pub(super) expires_at: i64,
}

/// Where the time comes from.
pub(super) enum Clock {
    /// The system's clock.
    System,
    /// Stands still, and moves only when it is told to.
    Standing(i64),
}

impl Clock {
    pub(super) fn now(&self) -> i64 {
        match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs() as i64),
            Self::Standing(at) => *at,
        }
    }
}

/// The primary rate limit: so many requests an hour for each token, or for all that have none.
pub(super) struct Limits {
    pub(super) with_token: u64,
    pub(super) without_token: u64,
    pub(super) used: BTreeMap<Option<String>, Used>,
}

#[derive(Clone, Copy)]
pub(super) struct Used {
    pub(super) requests: u64,
    pub(super) reset_at: i64,
}

/// What the rate-limit headers say.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    pub(super) limit: u64,
    pub(super) used: u64,
    pub(super) reset_at: i64,
}

impl Budget {
    pub(super) fn remaining(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

impl World {
    pub(super) fn now(&self) -> i64 {
        self.clock.now()
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(super) fn api(&self) -> String {
        format!("{}/repos/{}/{}", self.url, self.owner, self.repo)
    }

    pub(super) fn html(&self) -> String {
        format!("{}/{}/{}", self.url, self.owner, self.repo)
    }

    /// Adds a user unless there is one of this name, in whatever case.
    pub(super) fn add_user(&mut self, login: &str) {
        let key = login.to_ascii_lowercase();
        if !self.users.contains_key(&key) {
            let id = 1000 + self.next_serial();
            let login = login.to_owned();
            self.users.insert(key, User { id, login });
        }
    }

    pub(super) fn rename_user(&mut self, login: &str, to: &str) -> Result<()> {
        ensure!(self.user(to).is_none(), "{to} is somebody else");
        let user = self.users.remove(&login.to_ascii_lowercase());
        let user = user.with_context(|| format!("there is no user {login}"))?;
        let said = self.comments.iter_mut().map(|comment| &mut comment.author);
        let opened = self
            .threads
            .values_mut()
            .filter_map(|it| it.author.as_mut());
        let names = said.chain(opened).chain(self.tokens.values_mut());
        for name in names.filter(|name| name.eq_ignore_ascii_case(login)) {
            *name = to.to_owned();
        }
        let login = to.to_owned();
        self.users
            .insert(to.to_ascii_lowercase(), User { login, ..user });
        Ok(())
    }

    pub(super) fn user(&self, login: &str) -> Option<&User> {
        self.users.get(&login.to_ascii_lowercase())
    }

    pub(super) fn comments_of(&self, number: u64) -> impl Iterator<Item = &Comment> {
        self.comments
            .iter()
            .filter(move |comment| comment.number == number)
    }

    /// A secret that nobody has seen yet.
    pub(super) fn new_secret(&mut self, prefix: &str) -> String {
        let serial = self.next_serial();
        format!("{prefix}_{}", &made_up_sha(&format!("{prefix} {serial}")))
    }

    pub(super) fn budget(&mut self, token: Option<&str>) -> Budget {
        let now = self.now();
        let limit = match token {
            Some(_) => self.limits.with_token,
            None => self.limits.without_token,
        };
        let used = self.used(token, now);
        Budget {
            limit,
            used: used.requests,
            reset_at: used.reset_at,
        }
    }

    pub(super) fn spend(&mut self, token: Option<&str>) {
        let now = self.now();
        self.used(token, now).requests += 1;
    }

    fn used(&mut self, token: Option<&str>, now: i64) -> &mut Used {
        let fresh = Used {
            requests: 0,
            reset_at: now + 3600,
        };
        let used = self
            .limits
            .used
            .entry(token.map(str::to_owned))
            .or_insert(fresh);
        if used.reset_at <= now {
            *used = fresh;
        }
        used
    }

    /// The failure that this request is due, if any.
    pub(super) fn take_fault(&mut self, method: &str, path: &str) -> Option<FaultKind> {
        let is_due = |fault: &Fault| {
            let is_by = fault.method.is_none_or(|it| it == method);
            is_by && path.contains(&fault.path)
        };
        let place = self.faults.iter().position(is_due)?;
        let fault = &mut self.faults[place];
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        let kind = fault.kind.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            self.faults.remove(place);
        }
        Some(kind)
    }
}

/// The content of a pull request in a world without a git repository.
pub(super) fn made_up_content(
    base: &str,
    commits: Vec<CommitSpec>,
    files: Vec<FileSpec>,
    at: i64,
) -> Content {
    let base_sha = made_up_sha(&format!("branch {base}"));
    let mut parent = base_sha.clone();
    let commits: Vec<_> = commits
        .into_iter()
        .map(|spec| Commit {
            parents: vec![std::mem::replace(&mut parent, spec.sha.clone())],
            tree: made_up_sha(&format!("tree of {}", spec.sha)),
            email: "contributor@example.org".into(),
            sha: spec.sha,
            message: spec.message,
            author: spec.author,
            at,
        })
        .collect();
    Content {
        base_sha,
        head_sha: parent,
        commits,
        files,
    }
}

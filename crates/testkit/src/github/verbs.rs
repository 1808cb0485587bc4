//! What people do on GitHub.

use anyhow::{Context, Result, bail, ensure};

use super::GitHub;
use super::git;
use super::spec::{
    CheckSpec, CommitSpec, Fault, FileSpec, LoggedRequest, OAuthApp, PullRequestSpec,
};
use super::world::{Clock, Content, Pull, Review, Thread, World, made_up_content};

impl GitHub {
    /// Opens a pull request and returns its number.
    ///
    /// # Errors
    /// Where the number is taken, or the git repository does not have its branches.
    pub fn open_pull_request(&self, spec: PullRequestSpec) -> Result<u64> {
        let mut world = self.shared.lock();
        let number = free_number(&world, spec.number)?;
        let content = content(&world, &spec)?;
        if let Some(repository) = &world.git {
            git::write_head(repository, number, &content.head_sha)?;
        }
        let pull = Pull {
            base: spec.base,
            head_ref: spec.head_ref,
            fork_deleted: false,
            is_draft: spec.is_draft,
            content,
            merged_at: None,
            merge_commit: None,
            merged_by: None,
            reviews: Vec::new(),
            checks: Vec::new(),
        };
        let thread = thread(&world, number, spec.title, spec.body, &spec.author);
        let thread = Thread {
            labels: spec.labels,
            pull: Some(pull),
            ..thread
        };
        world.add_user(&spec.author);
        world.threads.insert(number, thread);
        Ok(number)
    }

    /// Opens an issue, which GitHub lists among the pull requests in places.
    ///
    /// # Errors
    /// Never in practice: only where numbers run out.
    pub fn open_issue(&self, title: &str, author: &str, labels: &[&str]) -> Result<u64> {
        let mut world = self.shared.lock();
        let number = free_number(&world, None)?;
        let thread = thread(&world, number, title.to_owned(), None, author);
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        world.add_user(author);
        world.threads.insert(number, Thread { labels, ..thread });
        Ok(number)
    }

    /// Pushes to a pull request, forced or not: its head is this revision of the git repository
    /// from now on.
    ///
    /// # Errors
    /// Where there is no git repository, no such revision, or no such pull request.
    pub fn push(&self, number: u64, revision: &str) -> Result<()> {
        self.change_pull(number, |world, base| {
            let repository = world.git.as_ref();
            let repository = repository.context("there is no git repository: use push_commits")?;
            let content = git::content(repository, base, revision)?;
            git::write_head(repository, number, &content.head_sha)?;
            Ok(content)
        })
    }

    /// Pushes to a pull request in a world without a git repository: these are its commits and
    /// files from now on.
    ///
    /// # Errors
    /// Where there is a git repository, or no such pull request.
    pub fn push_commits(
        &self,
        number: u64,
        commits: Vec<CommitSpec>,
        files: Vec<FileSpec>,
    ) -> Result<()> {
        self.change_pull(number, |world, base| {
            ensure!(world.git.is_none(), "there is a git repository: use push");
            Ok(made_up_content(base, commits, files, world.now()))
        })
    }

    fn change_pull(
        &self,
        number: u64,
        content: impl FnOnce(&World, &str) -> Result<Content>,
    ) -> Result<()> {
        let mut world = self.shared.lock();
        let base = pull(&mut world, number)?.base.clone();
        let content = content(&world, &base)?;
        let pull = pull(&mut world, number)?;
        pull.content = content;
        pull.merge_commit = None;
        pull.checks = Vec::new();
        touch(&mut world, number)
    }

    /// Puts a label on a pull request or an issue.
    ///
    /// # Errors
    /// Where there is none of this number.
    pub fn label(&self, number: u64, label: &str) -> Result<()> {
        self.change(number, |thread| {
            if !thread.labels.iter().any(|it| it == label) {
                thread.labels.push(label.to_owned());
            }
        })
    }

    /// Takes a label off.
    ///
    /// # Errors
    /// Where there is no pull request or issue of this number.
    pub fn unlabel(&self, number: u64, label: &str) -> Result<()> {
        self.change(number, |thread| thread.labels.retain(|it| it != label))
    }

    /// Changes title and description.
    ///
    /// # Errors
    /// Where there is no pull request or issue of this number.
    pub fn edit(&self, number: u64, title: &str, body: Option<&str>) -> Result<()> {
        self.change(number, |thread| {
            title.clone_into(&mut thread.title);
            thread.body = body.map(str::to_owned);
        })
    }

    /// Merges a pull request; `merge_commit` is the commit that this made: with a git repository
    /// any revision there, which the caller has put on the base branch.
    ///
    /// # Errors
    /// Where there is no such pull request or revision.
    pub fn merge(&self, number: u64, merge_commit: &str) -> Result<()> {
        let mut world = self.shared.lock();
        let now = world.now();
        let commit = match &world.git {
            Some(repository) => git::commit_id(repository, merge_commit)?,
            None => merge_commit.to_owned(),
        };
        let pull = pull(&mut world, number)?;
        pull.merged_at = Some(now);
        pull.merge_commit = Some(commit);
        drop(world);
        self.close(number)
    }

    /// Says who merged a pull request; GitHub tells that without a change of it.
    ///
    /// # Errors
    /// Where there is no such pull request.
    pub fn merged_by(&self, number: u64, login: &str) -> Result<()> {
        pull(&mut self.shared.lock(), number)?.merged_by = Some(login.to_owned());
        Ok(())
    }

    /// Reviews the head of a pull request, in GitHub's word (`APPROVED`); without a login it is by an
    /// account that was deleted since.
    ///
    /// # Errors
    /// Where there is no such pull request.
    pub fn review(&self, number: u64, login: Option<&str>, state: &str) -> Result<()> {
        let mut world = self.shared.lock();
        let at = world.now();
        let pull = pull(&mut world, number)?;
        pull.reviews.push(Review {
            author: login.map(str::to_owned),
            state: state.to_owned(),
            of: pull.content.head_sha.clone(),
            at,
        });
        touch(&mut world, number)
    }

    /// Sets the checks of a pull request's head. That is no change of the pull request.
    ///
    /// # Errors
    /// Where there is no such pull request.
    pub fn set_checks(&self, number: u64, checks: Vec<CheckSpec>) -> Result<()> {
        pull(&mut self.shared.lock(), number)?.checks = checks;
        Ok(())
    }

    /// Closes a pull request or an issue.
    ///
    /// # Errors
    /// Where there is none of this number.
    pub fn close(&self, number: u64) -> Result<()> {
        let now = self.shared.lock().now();
        self.change(number, |thread| {
            thread.open = false;
            thread.closed_at = Some(now);
        })
    }

    /// Opens a closed pull request or issue again.
    ///
    /// # Errors
    /// Where there is none of this number.
    pub fn reopen(&self, number: u64) -> Result<()> {
        self.change(number, |thread| {
            thread.open = true;
            thread.closed_at = None;
        })
    }

    /// Deletes the account that opened a pull request or an issue: its author is `null` then.
    ///
    /// # Errors
    /// Where there is none of this number.
    pub fn delete_author(&self, number: u64) -> Result<()> {
        self.change(number, |thread| thread.author = None)
    }

    /// Deletes the fork that a pull request comes from: its head's repository is `null` then.
    ///
    /// # Errors
    /// Where there is no such pull request.
    pub fn delete_fork(&self, number: u64) -> Result<()> {
        let mut world = self.shared.lock();
        pull(&mut world, number)?.fork_deleted = true;
        touch(&mut world, number)
    }

    /// Adds a person who can sign in.
    pub fn add_user(&self, login: &str) {
        self.shared.lock().add_user(login);
    }

    /// Gives somebody another login. Their number stays, as does what they did; the old login is free
    /// for whoever takes it.
    ///
    /// # Errors
    /// Where there is nobody of the one login, or somebody of the other.
    pub fn rename_user(&self, login: &str, to: &str) -> Result<()> {
        self.shared.lock().rename_user(login, to)
    }

    /// A new personal access token of this person, who is added if they are not there yet.
    pub fn add_token(&self, login: &str) -> String {
        let mut world = self.shared.lock();
        world.add_user(login);
        let token = world.new_secret("github_pat");
        world.tokens.insert(token.clone(), login.to_owned());
        token
    }

    /// Makes a token invalid.
    pub fn revoke_token(&self, token: &str) {
        self.shared.lock().tokens.remove(token);
    }

    /// Registers an OAuth app.
    pub fn add_oauth_app(&self, app: OAuthApp) {
        let mut world = self.shared.lock();
        world.oauth_apps.insert(app.client_id.clone(), app);
    }

    /// Lets API requests fail. Failures that are not used up yet come first.
    pub fn inject(&self, fault: Fault) {
        if fault.times > 0 {
            self.shared.lock().faults.push(fault);
        }
    }

    /// Moves the clock forward, where [`super::Builder::time`] has set it.
    ///
    /// # Errors
    /// Where the fake goes by the system's clock.
    pub fn advance(&self, seconds: i64) -> Result<()> {
        match &mut self.shared.lock().clock {
            Clock::System => bail!("the system's clock cannot be moved"),
            Clock::Standing(now) => *now += seconds,
        }
        Ok(())
    }

    /// The API requests so far, oldest first.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.lock().log.values().cloned().collect()
    }

    /// The API requests since this was called last, oldest first.
    pub fn take_requests(&self) -> Vec<LoggedRequest> {
        let log = std::mem::take(&mut self.shared.lock().log);
        log.into_values().collect()
    }

    /// How often a request made GitHub compute a test merge.
    pub fn test_merges(&self) -> u64 {
        self.shared.lock().test_merges
    }

    /// How many requests this token has left in this hour.
    pub fn remaining(&self, token: &str) -> u64 {
        self.shared.lock().budget(Some(token)).remaining()
    }

    /// The head that a pull request stands at.
    ///
    /// # Errors
    /// Where there is no such pull request.
    pub fn head(&self, number: u64) -> Result<String> {
        let mut world = self.shared.lock();
        Ok(pull(&mut world, number)?.content.head_sha.clone())
    }

    pub(super) fn change(&self, number: u64, change: impl FnOnce(&mut Thread)) -> Result<()> {
        let mut world = self.shared.lock();
        touch(&mut world, number)?;
        world.threads.get_mut(&number).map(change);
        Ok(())
    }
}

fn free_number(world: &World, wanted: Option<u64>) -> Result<u64> {
    let last = world.threads.keys().next_back().copied().unwrap_or(0);
    let number = wanted.unwrap_or(last + 1);
    ensure!(!world.threads.contains_key(&number), "{number} is taken");
    Ok(number)
}

fn content(world: &World, spec: &PullRequestSpec) -> Result<Content> {
    let Some(repository) = &world.git else {
        let (commits, files) = (spec.commits.clone(), spec.files.clone());
        return Ok(made_up_content(&spec.base, commits, files, world.now()));
    };
    ensure!(
        spec.commits.is_empty() && spec.files.is_empty(),
        "commits and files come from the git repository"
    );
    git::content(repository, &spec.base, &spec.head_ref)
}

fn thread(world: &World, number: u64, title: String, body: Option<String>, author: &str) -> Thread {
    let now = world.now();
    Thread {
        number,
        title,
        body,
        author: Some(author.to_owned()),
        labels: Vec::new(),
        open: true,
        locked: false,
        created_at: now,
        updated_at: now,
        closed_at: None,
        pull: None,
    }
}

fn pull(world: &mut World, number: u64) -> Result<&mut Pull> {
    let thread = world.threads.get_mut(&number);
    let pull = thread.and_then(|thread| thread.pull.as_mut());
    pull.with_context(|| format!("no pull request {number}"))
}

fn touch(world: &mut World, number: u64) -> Result<()> {
    let now = world.now();
    let thread = world.threads.get_mut(&number);
    let thread = thread.with_context(|| format!("no number {number}"))?;
    thread.updated_at = now;
    Ok(())
}

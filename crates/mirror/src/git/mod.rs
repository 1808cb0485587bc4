//! The `git` program, which fetches, pushes, counts and keeps the mirror in order.

mod bounded;
mod lock;
mod progress;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use git2::Oid;

use self::bounded::{Ended, Reader, in_group, kill_group, run};
use self::progress::{Said, told};
use crate::address::{GitAddress, PROTOCOLS};
use crate::error::{MirrorError, Result};

pub use bounded::Limits;
pub use lock::Reading;
pub(crate) use lock::{READERS, WriteLock, exclusive};

/// Variables of the caller's environment that would point git somewhere else.
const FOREIGN: [&str; 12] = [
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
];

/// Says who asks, as git's credential helpers do. The words come by the environment, which only
/// the same user and root can read.
const HELPER: &str = r#"!f() { test "$1" = get || exit 0; printf 'username=%s\n' "$PICKET_GIT_USER"; test -z "${PICKET_GIT_PASSWORD+x}" || printf 'password=%s\n' "$PICKET_GIT_PASSWORD"; }; f"#;

/// One run of `git` in the mirror.
pub struct Git<'a> {
    command: Command,
    name: &'static str,
    remote: &'a dyn std::fmt::Display,
    address: Option<&'a GitAddress>,
    limits: Limits,
    settings: usize,
}

impl std::fmt::Debug for Git<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Git")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<'a> Git<'a> {
    /// `git <name>`, shut off from all configuration but the mirror's own, never asking anybody
    /// anything, and ended after [`Limits::local`].
    #[must_use]
    pub fn local(mirror: &Path, name: &'static str, limits: Limits) -> Self {
        Self::new(mirror, name, &"the mirror", limits)
    }

    /// The same with another side, to which it gives up a connection that stalls.
    pub(crate) fn remote(
        mirror: &Path,
        name: &'static str,
        remote: &'a GitAddress,
        limits: Limits,
    ) -> Self {
        let mut git = Self::new(mirror, name, remote, limits);
        git.address = Some(remote);
        if let Some(login) = remote.login() {
            git = git.setting(&format!("credential.{}.helper", remote.origin()), HELPER);
            git.command.env("PICKET_GIT_USER", &login.user);
            if let Some(password) = &login.password {
                git.command.env("PICKET_GIT_PASSWORD", password);
            }
        }
        git.setting("http.lowSpeedLimit", "1000")
            .setting("http.lowSpeedTime", "60")
    }

    fn new(
        mirror: &Path,
        name: &'static str,
        remote: &'a dyn std::fmt::Display,
        limits: Limits,
    ) -> Self {
        let mut command = Command::new("git");
        for variable in FOREIGN {
            command.env_remove(variable);
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_ALLOW_PROTOCOL", PROTOCOLS)
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("LC_ALL", "C");
        if std::env::var_os("GIT_SSH_COMMAND").is_none() {
            let ssh = "ssh -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=30";
            command.env("GIT_SSH_COMMAND", ssh);
        }
        command.arg("--git-dir").arg(mirror).arg(name);
        command.stdin(Stdio::null());
        Self {
            command,
            name,
            remote,
            address: None,
            limits,
            settings: 0,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets a key of its configuration, for this run.
    #[must_use]
    pub fn setting(mut self, key: &str, value: &str) -> Self {
        let at = self.settings;
        self.command
            .env(format!("GIT_CONFIG_KEY_{at}"), key)
            .env(format!("GIT_CONFIG_VALUE_{at}"), value)
            .env("GIT_CONFIG_COUNT", (at + 1).to_string());
        self.settings = at + 1;
        self
    }

    /// Adds the other side's address and references. They are never taken for options.
    pub(crate) fn with_refs(mut self, refs: &[String]) -> Self {
        let address = self.address.map(GitAddress::plain);
        self.command
            .arg("--end-of-options")
            .args(address)
            .args(refs);
        self
    }

    /// Sets its standard input.
    #[must_use]
    pub fn stdin(mut self, stdin: Stdio) -> Self {
        self.command.stdin(stdin);
        self
    }

    /// Runs it to its end and returns what it wrote to its standard output.
    ///
    /// # Errors
    /// [`MirrorError::NoGit`] and [`MirrorError::Transport`].
    pub fn output(mut self) -> Result<Vec<u8>> {
        let output = self.run()?;
        self.checked(output)
    }

    /// The references of an `ls-remote`.
    pub(crate) fn listed(self) -> Result<Vec<(String, Oid)>> {
        let listed = self.output()?;
        let listed = String::from_utf8_lossy(&listed);
        let lines = listed.lines().filter_map(|line| {
            let (id, name) = line.split_once('\t')?;
            Some((name.to_owned(), Oid::from_str(id).ok()?))
        });
        Ok(lines.collect())
    }

    /// Starts it, for a caller that reads what it writes while it runs, and ends it.
    ///
    /// # Errors
    /// [`MirrorError::NoGit`].
    pub fn spawn(&mut self) -> Result<Child> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        in_group(&mut self.command);
        self.command.spawn().map_err(MirrorError::NoGit)
    }

    /// Ends a child that [`Git::spawn`] started, and what it started.
    pub fn end(child: &mut Child) {
        kill_group(child);
    }

    /// Runs it to its end, whatever comes of it.
    ///
    /// # Errors
    /// [`MirrorError::NoGit`], and [`MirrorError::Transport`] where it took too long.
    pub fn run(&mut self) -> Result<Output> {
        self.follow(&mut |_| {})
    }

    /// Runs it to its end; its progress goes to the log.
    pub(crate) fn with_progress(mut self) -> Result<()> {
        let mut said = Said::new(self.name);
        let mut output = self.follow(&mut |bytes| said.take(bytes))?;
        output.stderr = said.kept();
        self.checked(output).map(drop)
    }

    fn follow(&mut self, said: &mut dyn FnMut(&[u8])) -> Result<Output> {
        let (total, stall) = match self.address {
            Some(_) => (self.limits.transport, self.limits.stall),
            None => (self.limits.local, self.limits.local),
        };
        let reader = Reader { total, stall, said };
        let (what, after, stderr) = match run(&mut self.command, reader)
            .map_err(MirrorError::NoGit)?
        {
            Ended::Itself(output) => return Ok(output),
            Ended::TookTooLong(after, stderr) => ("was stopped after", after, stderr),
            Ended::Stalled(after, stderr) => ("was stopped, as nothing moved for", after, stderr),
        };
        let said = told(&stderr);
        Err(self.failed(format!("it {what} {} s; {said}", after.as_secs_f64())))
    }

    /// What it wrote to its standard output, if it succeeded.
    ///
    /// # Errors
    /// [`MirrorError::Transport`] where it did not.
    pub fn checked(&self, output: Output) -> Result<Vec<u8>> {
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(self.failed(match told(&output.stderr) {
            said if said.is_empty() => output.status.to_string(),
            said => said,
        }))
    }

    fn failed(&self, message: String) -> MirrorError {
        MirrorError::Transport {
            command: self.name,
            remote: self.remote.to_string(),
            message,
        }
    }
}

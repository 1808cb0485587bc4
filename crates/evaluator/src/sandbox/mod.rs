//! Where evaluations run: with nothing to read but one tree, nothing to write but the store, and no
//! network.
//!
//! - Bubblewrap, where it works: namespaces of its own for files, processes, network and the rest.
//! - Landlock, where it does not, as in a container that allows no user namespaces: the kernel lets
//!   the evaluator open nothing else, connect to nothing and signal nobody.
//!
//! Both end with the evaluator, and are in force before it reads anything of the tree.

mod landlock;
mod places;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use picket_nix::process::{Group, run};
use tokio::process::Command;

pub(crate) use places::Places;

/// How long the sandbox may take to start nothing.
const PROBE_TIME: Duration = Duration::from_secs(20);

/// What keeps evaluations apart from the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// Bubblewrap: namespaces of its own.
    Bubblewrap,
    /// Landlock: the kernel's access control alone.
    Landlock,
    /// Nothing.
    None,
}

impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bubblewrap => "bubblewrap",
            Self::Landlock => "Landlock",
            Self::None => "none",
        })
    }
}

impl Sandbox {
    /// The best that works on this machine.
    pub async fn find() -> Self {
        if bubblewrap_works().await {
            Self::Bubblewrap
        } else if landlock::works() {
            Self::Landlock
        } else {
            Self::None
        }
    }

    /// A command for `nix` in it, with the arguments still to come.
    pub(crate) fn command(self, places: &Places) -> Command {
        let mut command = match self {
            Self::Bubblewrap => {
                let mut command = Command::new("bwrap");
                command.args(arguments(places)).arg("--");
                command.arg(&places.program);
                command
            }
            Self::Landlock | Self::None => Command::new(&places.program),
        };
        command.env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let home = match self {
            Self::Bubblewrap => Path::new("/tmp"),
            Self::Landlock | Self::None => &places.home,
        };
        command
            .current_dir("/")
            .envs(places.environment.iter().cloned())
            .env("HOME", home)
            .env("TMPDIR", home)
            .env("USER", "evaluator")
            .env("NIX_CONF_DIR", "/nonexistent")
            .env("NIX_USER_CONF_FILES", "")
            .env("NIX_PATH", "")
            .env("TERM", "dumb");
        command
    }

    /// Starts a command that [`Self::command`] made.
    pub(crate) fn spawn(self, command: &mut Command, places: &Places) -> io::Result<Group> {
        match self {
            Self::Bubblewrap | Self::None => Group::spawn(command),
            Self::Landlock => landlock::spawn(command, places),
        }
    }
}

/// Bubblewrap's arguments: everything apart, and then what is let in. What stands later is mounted
/// over what stands before.
fn arguments(places: &Places) -> Vec<OsString> {
    const APART: [&str; 13] = [
        "--unshare-all",
        "--die-with-parent",
        "--cap-drop",
        "ALL",
        "--hostname",
        "evaluator",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/tmp",
        "--chdir",
    ];
    let mut arguments: Vec<OsString> = APART.iter().map(OsString::from).collect();
    arguments.push("/".into());
    let mut mount = |how: &str, path: &Path| {
        arguments.extend([how.into(), path.into(), path.into()]);
    };
    for path in &places.read {
        mount("--ro-bind", path);
    }
    for path in &places.write {
        mount("--bind", path);
    }
    arguments
}

async fn bubblewrap_works() -> bool {
    const PROBE: [&str; 9] = [
        "--unshare-all",
        "--die-with-parent",
        "--cap-drop",
        "ALL",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
    ];
    let mut command = Command::new("bwrap");
    command.args(PROBE).args(["--", "/bin/sh", "-c", ":"]);
    command.stdin(Stdio::null());
    let ran = run(command, PROBE_TIME, 1024).await;
    ran.is_ok_and(|done| done.status.success())
}

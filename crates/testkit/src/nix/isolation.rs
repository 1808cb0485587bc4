//! Commands in a mount namespace of their own.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// Mounts a folder over another and becomes the command: `$1` the folder, `$2` over which, then
/// the command.
const MOUNT_AND_RUN: &str = r#"mount --bind -- "$1" "$2" && shift 2 && exec "$@""#;

/// How this user gets a mount namespace on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// By right: root, where root may mount.
    Mount,
    /// As the root of a user namespace.
    UserNamespace,
}

impl Isolation {
    /// Finds the way that works here, by trying.
    ///
    /// # Errors
    /// Where none does; the message says what would help.
    pub fn find() -> Result<Self> {
        let works = |way: &Self| {
            let mut command = way.unshare();
            command.arg("true").stdin(Stdio::null());
            command.output().is_ok_and(|output| output.status.success())
        };
        match [Self::Mount, Self::UserNamespace].into_iter().find(works) {
            Some(way) => Ok(way),
            None => bail!(
                "this user can make no mount namespace here: run as root (in a container, with \
                 CAP_SYS_ADMIN), or allow user namespaces (user.max_user_namespaces > 0)"
            ),
        }
    }

    /// A command that sees `place` in the place of `over`.
    pub(super) fn command(self, place: &Path, over: &Path, program: &OsStr) -> Command {
        let mut command = self.unshare();
        command
            .args(["sh", "-c", MOUNT_AND_RUN, "sh"])
            .args([place, over])
            .arg(program);
        command
    }

    fn unshare(self) -> Command {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if self == Self::UserNamespace {
            command.arg("--map-root-user");
        }
        command.arg("--");
        command
    }
}

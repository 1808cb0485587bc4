//! Commands in a mount namespace of their own. Its mounts vanish with it: nothing is left behind
//! by whatever is killed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// Mounts a folder over another and becomes the command: `$1` the folder, `$2` over which, then
/// the command.
const MOUNT_AND_RUN: &str = r#"mount --bind -- "$1" "$2" && shift 2 && exec "$@""#;

/// The same in another root folder, `$1`.
const MOUNT_AND_RUN_IN_ROOT: &str = r#"
root=$1 place=$2 over=$3
shift 3
mount -t proc proc "$root/proc" &&
    mount --bind /dev/pts "$root/dev/pts" &&
    mount -t tmpfs tmpfs "$root/tmp" &&
    mkdir -p -- "$root$over" &&
    mount --bind -- "$place" "$root$over" &&
    exec chroot "$root" "$@"
"#;

/// How commands get to see another place where the logical folder of a store is.
#[derive(Debug, Clone)]
pub(super) struct Isolation {
    privilege: Privilege,
    root: Option<PathBuf>,
}

/// How this user gets a mount namespace on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Privilege {
    /// By right: root, where root may mount.
    Root,
    /// As the root of a user namespace.
    UserNamespace,
}

impl Isolation {
    /// Finds the way that works here, by trying.
    pub(super) fn find() -> Result<Self> {
        let ways = [Privilege::Root, Privilege::UserNamespace];
        match ways.into_iter().find(|way| way.works()) {
            Some(privilege) => Ok(Self {
                privilege,
                root: None,
            }),
            None => bail!(
                "this user can make no mount namespace here: run as root (in a container, with \
                 CAP_SYS_ADMIN), or allow user namespaces (user.max_user_namespaces > 0)"
            ),
        }
    }

    /// Whether this is a root that may mount.
    pub(super) fn root_can_mount() -> bool {
        Privilege::Root.works()
    }

    /// Root's, in another root folder.
    pub(super) fn in_root(root: PathBuf) -> Self {
        Self {
            privilege: Privilege::Root,
            root: Some(root),
        }
    }

    /// A command that sees `place` in the place of `over`.
    pub(super) fn command(&self, place: &Path, over: &Path, program: &OsStr) -> Command {
        let mut command = self.privilege.unshare();
        match &self.root {
            None => command.args(["sh", "-c", MOUNT_AND_RUN, "sh"]),
            Some(root) => command
                .args(["sh", "-c", MOUNT_AND_RUN_IN_ROOT, "sh"])
                .arg(root)
                .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        };
        command.args([place, over]).arg(program);
        command
    }
}

impl Privilege {
    fn works(self) -> bool {
        let mut command = self.unshare();
        command.arg("true").stdin(Stdio::null());
        command.output().is_ok_and(|output| output.status.success())
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

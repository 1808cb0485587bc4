//! A newer Nix than the host's, from another release of Debian.
//!
//! The release is unpacked into a folder (`debootstrap`, from the mirror that the host's apt uses)
//! and its commands run there (`chroot`). Loopback is the host's: a server is reached as it is.

use std::env;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::conf::NixConf;
use super::isolation::Isolation;
use super::store::{NixStore, prepare};

/// Written last: a folder without it was not finished.
const FINISHED: &str = "etc/picket-testkit-finished";

/// What is done in the new root folder, `$1`.
const INSTALL: &str = r#"
mount -t proc proc "$1/proc" &&
    mount --bind /dev/pts "$1/dev/pts" &&
    exec chroot "$1" sh -c '
        apt-get install -y -q --no-install-recommends nix-bin git &&
        apt-get clean'
"#;

/// A newer Nix, in a folder of its own.
#[derive(Debug, Clone)]
pub struct NewerNix {
    root: PathBuf,
}

/// Why there can be no newer Nix here: for a test to print before it passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// `chroot` needs root, in a container with the right to mount.
    NotRoot,
    /// A program is missing.
    Missing(&'static str),
    /// The host's apt has no mirror of Debian.
    NoMirror,
    /// The release could not be fetched or installed.
    Failed {
        /// What was done.
        step: &'static str,
        /// The end of what it said.
        message: String,
    },
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRoot => write!(f, "chroot and mount need root (and CAP_SYS_ADMIN)"),
            Self::Missing(program) => write!(f, "{program} is not installed"),
            Self::NoMirror => write!(f, "apt of this host has no mirror of Debian"),
            Self::Failed { step, message } => write!(f, "{step} failed: {message}"),
        }
    }
}

impl std::error::Error for SkipReason {}

impl NewerNix {
    /// Takes up the release that is in the cache folder, or fetches it there: half a minute, once.
    /// `suite` is Debian's name of it: `trixie` has Nix 2.26, `sid` the newest.
    ///
    /// # Errors
    /// Where that cannot be had here.
    pub fn prepare(cache_dir: &Path, suite: &'static str) -> Result<Self, SkipReason> {
        for program in ["unshare", "flock", "chroot", "debootstrap", "apt-get"] {
            if !is_installed(program) {
                return Err(SkipReason::Missing(program));
            }
        }
        if !Isolation::root_can_mount() {
            return Err(SkipReason::NotRoot);
        }
        let root = fetch(cache_dir, suite)?;
        Ok(Self { root })
    }

    /// A command in the folder, with a store of nobody: for `nix --version` and the like. What
    /// needs a store is run by [`NixStore::twin_in`].
    pub fn command(&self, program: &str) -> Command {
        let nowhere = Path::new("/mnt");
        let place = self.root.join("mnt");
        let mut command =
            Isolation::in_root(self.root.clone()).command(&place, nowhere, program.as_ref());
        command.env("HOME", "/root").stdin(Stdio::null());
        command
    }
}

impl NixStore {
    /// Makes, or takes up, another store for the same logical folder, that a newer Nix uses.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn twin_in(&self, dir: &Path, nix: &NewerNix) -> anyhow::Result<Self> {
        let store = Self {
            logical: self.logical.clone(),
            physical: prepare(dir)?,
            isolation: Some(Isolation::in_root(nix.root.clone())),
        };
        if !store.physical.join("etc/nix.conf").exists() {
            store.configure(&NixConf::default())?;
        }
        Ok(store)
    }
}

/// The folder of a release. One process at a time makes it, under another name until it is whole.
///
/// When that process is killed, what it had begun (debootstrap, apt) may still be writing. So those
/// hold a lock of their own, and what they leave behind is removed only once they are gone.
fn fetch(cache_dir: &Path, suite: &str) -> Result<PathBuf, SkipReason> {
    let root = cache_dir.join(format!("debian-{suite}"));
    fs::create_dir_all(cache_dir).map_err(failed("making the cache folder"))?;
    let _whole = lock(&cache_dir.join(format!("debian-{suite}.lock")))?;

    if !root.join(FINISHED).exists() {
        let partial = cache_dir.join(format!("debian-{suite}.partial"));
        let writing = cache_dir.join(format!("debian-{suite}.writing.lock"));
        drop(lock(&writing)?);
        for half_made in [&root, &partial] {
            if half_made.exists() {
                fs::remove_dir_all(half_made).map_err(failed("removing a half-made folder"))?;
            }
        }
        bootstrap(&partial, suite, &writing)?;
        fs::write(partial.join(FINISHED), "").map_err(failed("finishing"))?;
        fs::rename(&partial, &root).map_err(failed("finishing"))?;
    }
    root.canonicalize().map_err(failed("finishing"))
}

/// Takes a lock, which is held until what is returned is dropped.
fn lock(path: &Path) -> Result<File, SkipReason> {
    let file = File::create(path).map_err(failed("making a lock file"))?;
    file.lock().map_err(failed("locking the cache folder"))?;
    Ok(file)
}

/// A command, all of whose processes together hold a lock, in a mount namespace of its own:
/// debootstrap leaves mounts behind when it is killed.
fn locked(lock: &Path) -> Command {
    let mut command = Command::new("flock");
    command.arg(lock).args(["unshare", "--mount", "--"]);
    command
}

fn bootstrap(root: &Path, suite: &str, writing: &Path) -> Result<(), SkipReason> {
    let mirror = mirror()?;
    let mut debootstrap = locked(writing);
    debootstrap
        .args(["debootstrap", "--variant=minbase"])
        .arg(suite)
        .arg(root)
        .arg(mirror);
    run(debootstrap, "debootstrap")?;

    let apt_conf = apt_conf()?;
    let file = root.join("etc/apt/apt.conf.d/50host");
    fs::write(file, apt_conf).map_err(failed("writing apt's configuration"))?;
    let mut install = locked(writing);
    install
        .args(["sh", "-c", INSTALL, "sh"])
        .arg(root)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("LC_ALL", "C");
    run(install, "installing Nix").map(drop)
}

/// Where the host's apt gets Debian from.
fn mirror() -> Result<String, SkipReason> {
    let mut command = Command::new("apt-get");
    command.args([
        "indextargets",
        "--format",
        "$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)",
    ]);
    let targets = run(command, "apt-get indextargets")?;
    String::from_utf8_lossy(&targets.stdout)
        .lines()
        .filter_map(|target| target.strip_prefix("Debian main "))
        .filter_map(|target| target.split_once(' '))
        .find(|(release, _)| !release.contains('-'))
        .map(|(_, uri)| uri.to_owned())
        .ok_or(SkipReason::NoMirror)
}

/// How the host's apt reaches it: proxies and the like.
fn apt_conf() -> Result<Vec<u8>, SkipReason> {
    let mut command = Command::new("apt-config");
    command.args(["dump", "Acquire::http", "Acquire::https"]);
    let mut conf = run(command, "apt-config dump")?.stdout;
    // What a mirror has of a rolling release may be older than it says that it may be.
    conf.extend_from_slice(b"\nAcquire::Check-Valid-Until \"false\";\n");
    Ok(conf)
}

fn run(mut command: Command, step: &'static str) -> Result<Output, SkipReason> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(failed(step))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let last: Vec<&str> = said.lines().rev().take(5).collect();
    Err(SkipReason::Failed {
        step,
        message: last.into_iter().rev().collect::<Vec<_>>().join("; "),
    })
}

fn failed<E: fmt::Display>(step: &'static str) -> impl Fn(E) -> SkipReason {
    move |error| SkipReason::Failed {
        step,
        message: error.to_string(),
    }
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .any(|dir| dir.join(program).is_file())
}

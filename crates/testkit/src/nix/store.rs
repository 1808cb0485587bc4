//! A store, and the commands that see it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::conf::NixConf;
use super::isolation::Isolation;

/// The folders of a store, below its logical and its physical root.
const FOLDERS: [&str; 5] = ["store", "state", "log", "etc", "home"];

/// A Nix store, its state, configuration and home folder in a folder of their own.
#[derive(Debug, Clone)]
pub struct NixStore {
    /// Where Nix and everything built see it.
    pub(super) logical: PathBuf,
    /// Where its files are.
    pub(super) physical: PathBuf,
    /// How its commands get to see it, where the two differ.
    pub(super) isolation: Option<Isolation>,
}

impl NixStore {
    /// Makes a store in a folder, or takes up the one that is there; its configuration is then
    /// kept.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn create(dir: &Path) -> Result<Self> {
        let root = prepare(dir)?;
        let store = Self {
            logical: root.clone(),
            physical: root,
            isolation: None,
        };
        store.configure_if_new()?;
        Ok(store)
    }

    /// Makes, or takes up, another store for the same logical folder.
    ///
    /// # Errors
    /// Where the folder cannot be written, or where this machine allows nobody but a stronger
    /// user to mount: the message says what to do.
    pub fn twin(&self, dir: &Path) -> Result<Self> {
        let store = Self {
            logical: self.logical.clone(),
            physical: prepare(dir)?,
            isolation: Some(Isolation::find()?),
        };
        store.configure_if_new()?;
        Ok(store)
    }

    /// The logical store folder: that of the store paths, and `StoreDir` in `nix-cache-info`.
    pub fn store_dir(&self) -> PathBuf {
        self.logical.join("store")
    }

    /// The logical home folder: where `.nix-profile` and `.nix-defexpr` are.
    pub fn home(&self) -> PathBuf {
        self.logical.join("home")
    }

    /// Where a logical path is to be read by this process.
    pub fn physical(&self, logical: &Path) -> PathBuf {
        match logical.strip_prefix(&self.logical) {
            Ok(below) => self.physical.join(below),
            Err(_) => logical.to_owned(),
        }
    }

    /// Writes the store's `nix.conf`.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn configure(&self, conf: &NixConf) -> Result<()> {
        conf.write(&self.physical.join("etc"), &self.logical.join("etc"))
    }

    pub(super) fn configure_if_new(&self) -> Result<()> {
        if self.physical.join("etc/nix.conf").exists() {
            return Ok(());
        }
        self.configure(&NixConf::default())
    }

    /// What makes a Nix command use this store, and nothing of the host's configuration. It is
    /// whole where the store is a plain one; a twin's needs [`NixStore::command`] as well.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let below = |folder: &str| self.logical.join(folder).display().to_string();
        [
            ("NIX_STORE_DIR", below("store")),
            ("NIX_STATE_DIR", below("state")),
            ("NIX_LOG_DIR", below("log")),
            ("NIX_CONF_DIR", below("etc")),
            ("NIX_USER_CONF_FILES", below("etc/user-nix.conf")),
            ("NIX_CONFIG", String::new()),
            ("NIX_REMOTE", "local".to_owned()),
            ("NIX_PATH", below("home/.nix-defexpr/channels")),
            ("HOME", below("home")),
            ("XDG_CACHE_HOME", below("home/.cache")),
            ("XDG_CONFIG_HOME", below("home/.config")),
            ("XDG_DATA_HOME", below("home/.local/share")),
            ("XDG_STATE_HOME", below("home/.local/state")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// A command that sees this store: one of Nix, or a program that the store holds.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = match &self.isolation {
            None => Command::new(program),
            Some(isolation) => isolation.command(&self.physical, &self.logical, program.as_ref()),
        };
        command.envs(self.environment()).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end and returns what it wrote to its standard output, trimmed.
    ///
    /// # Errors
    /// Where it cannot be run or fails; with all that it wrote to its standard error.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<String> {
        let mut command = self.command(program);
        command.args(arguments);
        output_of(&mut command).with_context(|| format!("{program} failed"))
    }

    /// Fetches a package of a channel and installs it into the user's profile. Nothing but the
    /// profile itself may be built: `nix-env` alone cannot be told so, since `max-jobs = 0` forbids
    /// that too.
    ///
    /// # Errors
    /// Where the package is not to be had from a binary cache.
    pub fn install(&self, channel: &str, attribute: &str) -> Result<()> {
        let expression = format!("<{channel}>");
        let fetch = [
            "--no-out-link",
            "--option",
            "max-jobs",
            "0",
            "-A",
            attribute,
        ];
        self.run("nix-build", fetch.into_iter().chain([&*expression]))?;
        self.run("nix-env", ["-iA", &format!("{channel}.{attribute}")])?;
        Ok(())
    }

    /// The names of the derivations that were built in this store, by their logs; sorted.
    ///
    /// # Errors
    /// Where the logs cannot be read.
    pub fn built(&self) -> Result<BTreeSet<String>> {
        let logs = self.physical.join("log/drvs");
        let mut built = BTreeSet::new();
        if !logs.exists() {
            return Ok(built);
        }
        for shard in fs::read_dir(logs)? {
            for log in fs::read_dir(shard?.path())? {
                // `<the hash's other 30 digits>-<name>.drv.bz2`
                let log = log?.file_name().to_string_lossy().into_owned();
                let name = log
                    .split_once('-')
                    .and_then(|(_, name)| name.split_once(".drv"));
                built.extend(name.map(|(name, _)| name.to_owned()));
            }
        }
        Ok(built)
    }

    /// Removes everything that was built, substituted and installed; configuration stays.
    ///
    /// # Errors
    /// Where a file cannot be removed.
    pub fn wipe(&self) -> Result<()> {
        for folder in ["store", "state", "log", "home"] {
            let path = self.physical.join(folder);
            make_writable(&path)?;
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
            fs::create_dir(&path)?;
        }
        Ok(())
    }
}

/// Makes the folders of a store; returns its root without symbolic links, which Nix refuses.
pub(super) fn prepare(dir: &Path) -> Result<PathBuf> {
    for folder in FOLDERS {
        let path = dir.join(folder);
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
    }
    let root = dir.canonicalize()?;
    ensure!(
        root.to_str()
            .is_some_and(|text| !text.contains(char::is_whitespace)),
        "a store's folder must be UTF-8 without spaces: {}",
        root.display()
    );
    Ok(root)
}

/// Gives the owner of a tree the right to remove it: Nix takes that away from store paths.
fn make_writable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let meta = fs::symlink_metadata(path)?;
    if !meta.is_dir() {
        return Ok(());
    }
    fs::set_permissions(
        path,
        fs::Permissions::from_mode(meta.permissions().mode() | 0o700),
    )?;
    for entry in fs::read_dir(path)? {
        make_writable(&entry?.path())?;
    }
    Ok(())
}

/// Runs a command to its end; its trimmed standard output, or an error with its standard error.
fn output_of(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot run {program}; is it installed?"))?;
    if !output.status.success() {
        bail!(
            "{}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

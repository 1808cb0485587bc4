//! What an evaluation has to see of the machine: Nix's programs, its store, and one tree.

use std::path::{Path, PathBuf};

use picket_nix::{Installed, Nix};
use rustix::fs::{Access, access};

/// Where programs and their libraries are.
const SYSTEM: [&str; 7] = [
    "/usr",
    "/bin",
    "/lib",
    "/lib64",
    "/lib32",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
];

/// What of the configured environment says where the store is; nothing else of it gets in.
const STORE_VARIABLES: [&str; 4] = [
    "NIX_STORE_DIR",
    "NIX_STATE_DIR",
    "NIX_LOG_DIR",
    "NIX_REMOTE",
];

/// The folders and files that an evaluation sees.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// `nix`, where it really is.
    pub(crate) program: PathBuf,
    /// What it may read.
    pub(crate) read: Vec<PathBuf>,
    /// What it may write: the store, where no daemon does that.
    pub(crate) write: Vec<PathBuf>,
    /// Its home and temporary folder, where it has none of its own.
    pub(crate) home: PathBuf,
    /// The variables that say where the store is.
    pub(crate) environment: Vec<(String, String)>,
}

impl Places {
    /// What it takes to evaluate what is in these files and folders.
    pub(crate) fn new<'a>(
        nix: &Nix,
        installed: &Installed,
        sources: impl IntoIterator<Item = &'a Path>,
        home: &Path,
    ) -> Self {
        let program = real_program(&nix.program("nix"));
        let mut read: Vec<_> = SYSTEM.iter().map(PathBuf::from).collect();
        read.extend(prefix(&program));
        read.extend(sources.into_iter().map(Path::to_owned));
        let mut write = Vec::new();
        let store = PathBuf::from(&installed.store_dir);
        let state = state_dir(nix);
        if is_local(nix, &state) {
            write.extend([store, state]);
        } else {
            read.push(store);
            write.push(state.join("daemon-socket"));
        }
        let configured = nix.environment();
        let environment = STORE_VARIABLES.iter().filter_map(|name| {
            let value = configured.get(*name)?;
            Some(((*name).to_owned(), value.clone()))
        });
        Self {
            program,
            read: existing(read),
            write: existing(write),
            home: home.to_owned(),
            environment: environment.collect(),
        }
    }
}

fn existing(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.retain(|path| path.exists());
    paths
}

fn state_dir(nix: &Nix) -> PathBuf {
    let configured = nix.environment().get("NIX_STATE_DIR");
    configured.map_or_else(|| "/nix/var/nix".into(), PathBuf::from)
}

/// Whether Nix writes to the store itself, as it decides that.
fn is_local(nix: &Nix, state: &Path) -> bool {
    match nix.environment().get("NIX_REMOTE").map(String::as_str) {
        Some("daemon") => false,
        Some("local") => true,
        _ => access(state, Access::READ_OK | Access::WRITE_OK).is_ok(),
    }
}

/// The file that a program is, with links resolved; the name itself where there is none.
fn real_program(program: &Path) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = if program.components().count() > 1 {
        Some(program.to_owned())
    } else {
        let mut candidates = std::env::split_paths(&path).map(|dir| dir.join(program));
        candidates.find(|candidate| candidate.is_file())
    };
    let real = found.and_then(|found| found.canonicalize().ok());
    real.unwrap_or_else(|| program.to_owned())
}

/// The folder that a program is installed in, where that is none of the system's; on `NixOS`, the
/// whole store, which has what it is linked to.
fn prefix(program: &Path) -> Option<PathBuf> {
    let of_system = SYSTEM.iter().any(|dir| program.starts_with(dir));
    if of_system || !program.is_absolute() {
        return None;
    }
    if program.starts_with("/nix/store") {
        return Some("/nix/store".into());
    }
    program.parent()?.parent().map(Path::to_owned)
}

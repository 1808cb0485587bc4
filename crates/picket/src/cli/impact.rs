//! The arguments of `picket impact`.

use std::path::PathBuf;

/// `picket impact`
#[derive(Debug, clap::Args)]
pub struct Impact {
    /// The git repository, a clone of nixpkgs.
    #[arg(long, value_name = "PATH")]
    pub repo: PathBuf,
    /// The revision before the change.
    #[arg(long, value_name = "REV")]
    pub base: String,
    /// The revision after it.
    #[arg(long, value_name = "REV")]
    pub head: String,
    /// A file of the tree whose jobs are looked at, instead of the package set's top level.
    #[arg(long, value_name = "FILE")]
    pub jobset: Option<String>,
    /// Evaluate everything after the change as well, and compare the estimate with that.
    #[arg(long)]
    pub full: bool,
    /// More derivations to build than these are called a mass rebuild.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub mass_rebuild: usize,
    /// The system, as Nix names it.
    #[arg(long, value_name = "SYSTEM", default_value_t = format!("{}-linux", std::env::consts::ARCH))]
    pub system: String,
    /// The folder for trees, derivations and what is known of bases; default: picket/impact in the
    /// user's cache folder. It can be removed at any time.
    #[arg(long, value_name = "DIR", default_value_os_t = default_cache(), hide_default_value = true)]
    pub cache: PathBuf,
    /// How much that folder may hold beside the tree, in MiB. What has not been used for longest goes.
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    pub cache_mib: u64,
    /// How much processor time the estimate may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.2)]
    pub budget: f64,
    /// How much memory evaluating may take, in MiB. Half of the machine's unless told.
    #[arg(long, value_name = "MIB")]
    pub memory_mib: Option<u64>,
    /// Evaluate although there is no sandbox here, so that only Nix itself keeps the tree's expressions
    /// from reading this machine's files.
    #[arg(long)]
    pub unsandboxed: bool,
    /// Make the last line of the output a JSON object.
    #[arg(long)]
    pub json: bool,
}

fn default_cache() -> PathBuf {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|it| !it.is_empty())
            .map(PathBuf::from)
    };
    let home = || variable("HOME").map(|home| home.join(".cache"));
    let cache = variable("XDG_CACHE_HOME").or_else(home);
    cache
        .unwrap_or_else(std::env::temp_dir)
        .join("picket/impact")
}

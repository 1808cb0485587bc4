//! The arguments of `picket tarball`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

/// `picket tarball`
#[derive(Debug, clap::Args)]
pub struct Tarball {
    /// The git repository, a clone of nixpkgs.
    #[arg(long, value_name = "PATH")]
    pub repo: PathBuf,
    /// The revision whose tree is packed: a commit, branch or tag.
    #[arg(long, value_name = "REV")]
    pub rev: String,
    /// The folder for nixexprs.tar.xz and nixexprs.tar.zst. Neither may be there.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The name of the archives' top-level folder.
    #[arg(long, value_name = "NAME", default_value = "nixpkgs")]
    pub name: String,
    /// What becomes the tree's .version-suffix; a dot and the commit's first letters unless told.
    #[arg(long, value_name = "TEXT")]
    pub version_suffix: Option<String>,
    /// A folder for compressed blocks, so that the next archive's are compressed anew only where they
    /// differ. It can be removed at any time; what was not used for a week goes by itself.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// How well nixexprs.tar.xz is compressed: a preset of xz, 0 to 9.
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(0..=9))]
    pub preset: u32,
    /// How many blocks are compressed at a time, at most 4; as many as there are processors unless told.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Make the last line of the output a JSON object.
    #[arg(long)]
    pub json: bool,
}

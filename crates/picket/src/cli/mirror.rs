//! The arguments of `picket mirror`.

use std::path::PathBuf;

use picket_bucket::Target;
use url::Url;

/// `picket mirror`
#[derive(Debug, clap::Args)]
pub struct Mirror {
    /// The configuration file, which names the public folder and its mirrors.
    #[arg(long, value_name = "FILE", required_unless_present = "from")]
    pub config: Option<PathBuf>,
    /// A public folder: the folder public in a Picket's data_dir.
    #[arg(long, value_name = "DIR", conflicts_with = "config", requires = "to")]
    pub from: Option<PathBuf>,
    /// Where the copy is: s3://BUCKET/PREFIX, or a folder. With --config, one of its mirrors alone.
    #[arg(long, value_name = "PLACE", value_parser = Target::parse)]
    pub to: Option<Target>,
    /// The address of the bucket's server, where that is not Amazon's.
    #[arg(long, value_name = "URL", requires = "from")]
    pub endpoint: Option<Url>,
    /// The bucket's region.
    #[arg(long, requires = "from")]
    pub region: Option<String>,
    /// A file in the form of ~/.aws/credentials, instead of the environment's.
    #[arg(long, value_name = "FILE", requires = "from")]
    pub credentials_file: Option<PathBuf>,
    /// For a server that knows no If-Match and If-None-Match on what is written. Nothing then keeps two
    /// services from writing to one mirror at the same time.
    #[arg(long, requires = "from")]
    pub no_conditional_writes: bool,
    /// Take a mirror over that another public folder had: what that one put there is kept or removed by
    /// this one's runs from now on.
    #[arg(long, requires = "to", conflicts_with = "dry_run")]
    pub adopt: bool,
    /// Write nothing: say what would be done.
    #[arg(long)]
    pub dry_run: bool,
    /// Print what was done as JSON, an object for each mirror.
    #[arg(long)]
    pub json: bool,
}

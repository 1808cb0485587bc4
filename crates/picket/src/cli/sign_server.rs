//! The arguments of `picket sign-server`.

use std::path::PathBuf;

use picket_domain::ChannelName;

use crate::logging::LogFormat;

/// `picket sign-server`
#[derive(Debug, clap::Args)]
pub struct SignServer {
    /// A file with a secret key, as `picket keygen` writes it (repeatable, while one key replaces
    /// another: everything is signed with each).
    #[arg(long = "key", value_name = "FILE", required = true)]
    pub keys: Vec<PathBuf>,
    /// The folder for what it has to remember, and for its log; made where it is missing. It is part of
    /// what the key is worth: without it numbers and paths could be signed a second time.
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// The socket to listen on; left out where systemd hands it over. Its owner and its group may ask.
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// A channel whose releases it signs (repeatable). Without one, those of any channel.
    #[arg(long = "channel", value_name = "NAME")]
    pub channels: Vec<ChannelName>,
    /// The store folder that clients have: no path of another one is signed.
    #[arg(long, value_name = "DIR", default_value = "/nix/store")]
    pub store_dir: String,
    /// For how many hours a statement of which release is current may hold; not fewer than
    /// signing.latest_hours of `picket serve`.
    #[arg(long, value_name = "HOURS", default_value_t = 72, value_parser = clap::value_parser!(u32).range(1..=720))]
    pub latest_hours: u32,
    /// How log lines look. PICKET_LOG=debug shows more of them.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

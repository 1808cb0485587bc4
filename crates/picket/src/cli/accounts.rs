//! The arguments of `picket accounts`.

use std::path::PathBuf;

use clap::Subcommand;
use picket_domain::Login;

/// `picket accounts`
#[derive(Debug, Subcommand)]
pub enum Accounts {
    /// List the logins, and whose they are.
    List(AccountsList),
    /// Take a login from its account, so that the next one that signs in under it keeps it.
    ///
    /// For a member who has a new account, or a name that was passed on. The account's sessions end,
    /// and what it approved does not count any more for what is not out yet. The audit log says so.
    Unbind(AccountsUnbind),
}

/// `picket accounts list`
#[derive(Debug, clap::Args)]
pub struct AccountsList {
    /// The configuration file, which names the database.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Print a list of JSON objects, one for each login.
    #[arg(long)]
    pub json: bool,
}

/// `picket accounts unbind`
#[derive(Debug, clap::Args)]
pub struct AccountsUnbind {
    /// The login.
    pub login: Login,
    /// The configuration file, which names the database.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

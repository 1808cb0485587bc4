//! How the team's people prove who they are.

mod demo;
mod github;
mod tries;

use picket_domain::{Identity, Login};

pub use demo::DemoPerson;
pub(crate) use demo::who;
pub(crate) use github::Pending;
pub use github::{GitHubSignIn, GitHubSignInError, GitHubSignInSettings};
pub use tries::Tries;

/// Who somebody proved to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proven {
    /// What they are called.
    pub(crate) login: Login,
    /// What stays the same of them.
    pub(crate) identity: Identity,
}

/// How the team signs in.
pub enum SignIn {
    /// With GitHub.
    GitHub(GitHubSignIn),
    /// With a passphrase that the terminal shows. For a demonstration on this machine only: the
    /// caller makes sure that the server listens on a loopback address.
    Demo {
        /// The people and their passphrases.
        people: Vec<DemoPerson>,
    },
}

//! Who is asking, and how somebody becomes known.

mod cookie;
mod demo;
mod github;
mod handlers;
mod viewer;

pub use demo::DemoPerson;
pub use github::{GitHubSignIn, GitHubSignInError, GitHubSignInSettings};

pub(crate) use handlers::{callback, log_in, log_out, login_page, to_github};
pub(crate) use viewer::{Person, Viewer};

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

//! What can go wrong with a mirror.

use std::io;
use std::path::PathBuf;

use object_store::Error as StoreError;
use picket_domain::{ChannelName, ReleaseName};
use picket_publisher::PublishError;
use thiserror::Error;

use crate::credentials::CredentialsError;

/// So much of what a server says is repeated.
const QUOTED: usize = 200;

/// Why a mirror is not up to date. What its readers are led to is whole all the same.
#[derive(Debug, Error)]
pub enum BucketError {
    /// The public folder cannot be read.
    #[error("the public folder cannot be read")]
    Public(#[from] PublishError),
    /// A file of it, or of a folder that is the mirror, cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// There is nothing to be mirrored.
    #[error(
        "{} is no public folder: it has no folder called releases. Of a Picket it is the folder \
         public in its data_dir", .0.display()
    )]
    NoPublicFolder(PathBuf),
    /// The mirror is the public folder itself, or in it, or the other way round.
    #[error("{place} and the public folder {} lie in each other: choose another folder", public.display())]
    InItself {
        /// The mirror.
        place: String,
        /// The public folder.
        public: PathBuf,
    },
    /// Nothing says what to sign requests with.
    #[error(
        "no credentials for {place}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a file \
         like ~/.aws/credentials"
    )]
    NoCredentials {
        /// The mirror.
        place: String,
    },
    /// The file of credentials cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The bucket cannot be spoken to as it is configured.
    #[error("{place} cannot be used as it is configured: {reason}")]
    Settings {
        /// The mirror.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// Another public folder's mirror is there.
    #[error(
        "{place} is the mirror of another public folder, and nothing was written. If that one is not \
         in use any more, as after a move to another machine: picket mirror --adopt"
    )]
    NotOurs {
        /// The mirror.
        place: String,
    },
    /// Another run is at work there.
    #[error("another run is bringing {place} up to date")]
    Busy {
        /// The mirror.
        place: String,
    },
    /// Somebody else wrote the same object since it was read.
    #[error(
        "somebody else wrote {key} of {place} meanwhile: another run, or another service that was \
         given the same place"
    )]
    Changed {
        /// The mirror.
        place: String,
        /// The object.
        key: String,
    },
    /// What is there is not what a Picket writes.
    #[error("{key} of {place} is not as Picket writes it: {reason}. Move it away, and run again")]
    Damaged {
        /// The mirror.
        place: String,
        /// The object.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The mirror is ahead of the public folder.
    #[error(
        "{place} leads {channel} to {there}, which is later than {here} here: clients do not go \
         back, so it stays"
    )]
    Backwards {
        /// The mirror.
        place: String,
        /// The channel.
        channel: ChannelName,
        /// Where the mirror leads.
        there: ReleaseName,
        /// Where the public folder does.
        here: ReleaseName,
    },
    /// The release log there is longer.
    #[error(
        "{place} has a release log of {there} entries, and that of the public folder has {here}: a \
         log only grows, so it stays, and nothing is moved on. Restore public/release-log: what is \
         there can be checked"
    )]
    ShorterLog {
        /// The mirror.
        place: String,
        /// How many entries the mirror's has.
        there: u64,
        /// How many that of the public folder has.
        here: u64,
    },
    /// A file that a channel's current release needs went away during the run.
    #[error("{key} went away while it was to be copied: {channel} of {place} is not moved on")]
    Vanished {
        /// The mirror.
        place: String,
        /// The channel.
        channel: ChannelName,
        /// The file.
        key: String,
    },
    /// The server does not take what signs the requests.
    #[error(
        "{place} refuses to {what} ({answer}): check the credentials, and that they may list, read, \
         write and delete there"
    )]
    Refused {
        /// The mirror.
        place: String,
        /// What was tried.
        what: String,
        /// What the server said.
        answer: String,
    },
    /// There is no such bucket.
    #[error(
        "there is no bucket at {place} ({answer}): make it, or check its name, endpoint and region"
    )]
    NoBucket {
        /// The mirror.
        place: String,
        /// What the server said.
        answer: String,
    },
    /// The server knows no conditions.
    #[error(
        "{place} does not know conditional writes ({answer}): set conditional_writes = false, and let \
         no other service write there"
    )]
    NoConditions {
        /// The mirror.
        place: String,
        /// What the server said.
        answer: String,
    },
    /// The server does not answer, or answers that it cannot.
    #[error("cannot {what} at {place}: {answer}. What is there stays, and the next run goes on")]
    Failed {
        /// The mirror.
        place: String,
        /// What was tried.
        what: String,
        /// What the server said.
        answer: String,
    },
}

impl BucketError {
    /// From what the store says of an attempt to do something.
    pub(crate) fn of(place: &str, what: String, error: &StoreError) -> Self {
        let place = place.to_owned();
        let said = Said::of(error);
        let answer = said.to_string();
        match (error, said.code.as_deref()) {
            (_, Some("NoSuchBucket")) => Self::NoBucket { place, answer },
            (StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. }, _) => {
                Self::Refused {
                    place,
                    what,
                    answer,
                }
            }
            _ => Self::Failed {
                place,
                what,
                answer,
            },
        }
    }

    /// From what the store says of a write with a condition.
    pub(crate) fn of_condition(place: &str, what: String, error: &StoreError) -> Self {
        let said = Said::of(error);
        match said.code.as_deref() {
            Some("NotImplemented") => Self::NoConditions {
                place: place.to_owned(),
                answer: said.to_string(),
            },
            _ => Self::of(place, what, error),
        }
    }
}

/// What a server said: its status and S3's code, or else the cause of what failed. It is a stranger's
/// text, so that nothing else of it is repeated.
struct Said {
    status: Option<String>,
    code: Option<String>,
    cause: String,
}

impl Said {
    fn of(error: &StoreError) -> Self {
        let mut cause: &dyn std::error::Error = error;
        let mut all = error.to_string();
        while let Some(next) = cause.source() {
            cause = next;
            all.push_str(&cause.to_string());
        }
        let between = |from: &str, is_part: fn(char) -> bool| {
            let (_, rest) = all.split_once(from)?;
            let end = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
            Some(rest[..end].to_owned()).filter(|it| !it.is_empty() && it.len() <= 64)
        };
        Self {
            status: between("status code: ", |it| it.is_ascii_digit()),
            code: between("<Code>", |it| it.is_ascii_alphanumeric()),
            cause: cause.to_string(),
        }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.status, &self.code) {
            (Some(status), Some(code)) => write!(f, "{status} {code}"),
            (Some(status), None) => write!(f, "it answers {status}"),
            (None, Some(code)) => f.write_str(code),
            (None, None) => {
                let shown = self.cause.chars().take(QUOTED);
                shown
                    .flat_map(char::escape_debug)
                    .try_for_each(|it| write!(f, "{it}"))
            }
        }
    }
}

//! What a person can do about a failing step, where that is known.

use picket_bucket::BucketError;
use picket_builder::BuildError;
use picket_merger::{MergeError, MirrorError};
use picket_publisher::{PublishError, SignError};
use picket_store::StoreError;

/// What a person can do about an error; `None` where its own words say it, or nobody knows.
pub(crate) fn remedy(error: &anyhow::Error) -> Option<String> {
    let causes = || error.chain();
    causes()
        .find_map(|cause| cause.downcast_ref().and_then(of_build))
        .or_else(|| causes().find_map(|cause| cause.downcast_ref().and_then(of_merge)))
        .or_else(|| causes().find_map(|cause| cause.downcast_ref().and_then(of_mirror)))
        .or_else(|| causes().find_map(|cause| cause.downcast_ref().and_then(of_publish)))
        .or_else(|| causes().find_map(|cause| cause.downcast_ref().and_then(of_sign)))
        .or_else(|| causes().find_map(|cause| cause.downcast_ref().and_then(of_store)))
        .or_else(|| causes().find_map(|cause| cause.downcast_ref().and_then(of_bucket)))
        .map(str::to_owned)
}

fn of_build(error: &BuildError) -> Option<&'static str> {
    match error {
        BuildError::BaseDoesNotEvaluate { .. } => Some(
            "Nothing is built on this revision of the stable channel. Upstream has to mend it, or \
             the channel's jobs have to leave out what does not evaluate; it is tried again every \
             hour, and on every newer revision.",
        ),
        BuildError::BaseUnfinished { .. } => Some(
            "Give evaluations more memory or time in the section [limits], or evaluate fewer jobs; \
             it is tried again every hour.",
        ),
        BuildError::BaseNeedsNewerNix(_) => {
            Some("Install a newer Nix, or point nix.bin_dir at one, and restart.")
        }
        BuildError::NixMissing { .. }
        | BuildError::Nix { .. }
        | BuildError::Store { .. }
        | BuildError::File { .. }
        | BuildError::JobSet(_)
        | BuildError::NoSandbox(_) => None,
    }
}

fn of_merge(error: &MergeError) -> Option<&'static str> {
    match error {
        MergeError::Mirror(error) => of_mirror(error),
        _ => None,
    }
}

fn of_mirror(error: &MirrorError) -> Option<&'static str> {
    match error {
        MirrorError::UnwritableTree { .. } => {
            Some("The stable channel itself has this: ask upstream to take it out.")
        }
        _ => None,
    }
}

fn of_publish(error: &PublishError) -> Option<&'static str> {
    match error {
        PublishError::ForeignStore { .. } => {
            Some("The Nix that builds and the configured store folder have to be of one store.")
        }
        PublishError::Incomplete { .. } => Some(
            "What is damaged in a release that is published is whole again from a copy of the public \
             folder, and clients are led past it by the next release.",
        ),
        PublishError::PointerWentBack { .. } => Some(
            "Find out who moved the pointer in the folder public/channels, or restored an older copy of \
             that folder, and put it back; or let the next release be published, which is later than both.",
        ),
        PublishError::ReleaseLog { .. } => Some(
            "No release is published before the release log can go on: clients refuse one that is not in \
             it. Put the folder public/release-log back as it was; deploy/README.md says from where.",
        ),
        PublishError::Sign(error) => of_sign(error),
        PublishError::Upstream { .. } => {
            Some("The upstream cache has to answer before a release can be checked against it.")
        }
        _ => None,
    }
}

fn of_sign(error: &SignError) -> Option<&'static str> {
    Some(match error {
        SignError::Unreachable { .. } => {
            "Start the signer again; its own log says why it ended. What is published is served meanwhile. \
             What is to be published waits, and what is stated of the current release expires after \
             signing.latest_hours."
        }
        SignError::Refused(_) => {
            "Its file log.jsonl has this refusal, and what it signed before. deploy/README.md says what is \
             to be done where it is right to refuse, and where the service is."
        }
        SignError::Hindered(_) => "Free some space on the disk of the signer's folder.",
        SignError::OtherKeys { .. } => {
            "Restart picket serve: pages and releases name the keys that the signer had when it started."
        }
    })
}

fn of_store(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::Full(_) => Some("Free some space on the database's disk."),
        _ => None,
    }
}

fn of_bucket(error: &BucketError) -> Option<&'static str> {
    match error {
        BucketError::NoCredentials { .. }
        | BucketError::Credentials(_)
        | BucketError::Refused { .. } => Some(
            "Give the mirror credentials that may list, read, write and delete there, in the environment \
             or in mirror.credentials_file, which is read again for each run.",
        ),
        BucketError::NoBucket { .. } | BucketError::Settings { .. } => Some(
            "Look at mirror.to, mirror.endpoint and mirror.region, and whether the bucket is there.",
        ),
        BucketError::NotOurs { .. } | BucketError::Changed { .. } => Some(
            "Find out who else writes to the mirror: each needs a place of its own. \
             docs/configuration.md says how one is taken over.",
        ),
        BucketError::NoConditions { .. } => Some("Set mirror.conditional_writes = false."),
        BucketError::Public(_)
        | BucketError::Io { .. }
        | BucketError::NoPublicFolder(_)
        | BucketError::InItself { .. }
        | BucketError::Busy { .. }
        | BucketError::Damaged { .. }
        | BucketError::Backwards { .. }
        | BucketError::ShorterLog { .. }
        | BucketError::Vanished { .. }
        | BucketError::Failed { .. } => None,
    }
}

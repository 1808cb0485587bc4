//! What the subscribers' look makes of what a channel states of its current release.

use std::fs::{self, File};

use anyhow::{Context, Result, ensure};
use picket_domain::{ChannelName, ReleaseSeq, Sha256, Timestamp};
use picket_publisher::{Latest, LatestFile, PublicDir, SecretKey};
use picket_tests::Stage;
use serde_json::Value;

use crate::subscriber::Subscriber;

/// The statement of the stage's channel.
struct Statement {
    public: PublicDir,
    channel: ChannelName,
    key: SecretKey,
}

impl Statement {
    fn of(stage: &Stage) -> Result<Self> {
        let url = stage.channel_url()?;
        let channel = url.path_segments().and_then(Iterator::last);
        Ok(Self {
            public: PublicDir::new(stage.dir().join("data/public")),
            channel: channel.context("a channel has a name")?.parse()?,
            key: SecretKey::read_file(&stage.dir().join("signing.key"))?,
        })
    }

    /// Picket would put right what is wrong: as long as this is held, it waits.
    fn keep_as_it_is(&self) -> Result<File> {
        let statement = self
            .public
            .latest_file(&self.channel, LatestFile::Statement);
        let lock = File::open(statement.with_file_name(".lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    fn put(&self, latest: &Latest) -> Result<()> {
        let bytes = latest.to_bytes();
        let signature = format!("{}\n", self.key.sign(&bytes));
        let file = |it| self.public.latest_file(&self.channel, it);
        fs::write(file(LatestFile::Signature), signature)?;
        Ok(fs::write(file(LatestFile::Statement), bytes)?)
    }
}

/// From each thing that can be wrong with it to a good one again.
pub(crate) fn notices_what_is_wrong(subscriber: &Subscriber, stage: &Stage) -> Result<()> {
    let statement = Statement::of(stage)?;
    let _alone = statement.keep_as_it_is()?;
    let good = statement.public.latest(&statement.channel)?;
    let good = good.context("something is stated")?;
    assert_eq!(subscriber.seen()?["expires"], good.expires.as_unix());
    let hour_ago = Timestamp::now().plus_seconds(-3_700);
    for (kind, says, latest) in [
        (
            "frozen",
            "latest.json expired 1 hours ago",
            Latest {
                expires: hour_ago,
                ..good.clone()
            },
        ),
        (
            "went_back",
            "the channel leads to ",
            Latest {
                seq: ReleaseSeq(good.seq.0 + 1),
                ..good.clone()
            },
        ),
        (
            "rewritten",
            "is not the one that latest.json names",
            Latest {
                release_json_sha256: Sha256::of(b"another"),
                ..good.clone()
            },
        ),
        (
            "other_channel",
            "latest.json is that of the channel other",
            Latest {
                channel: "other".parse()?,
                ..good.clone()
            },
        ),
    ] {
        statement.put(&latest)?;
        let said = subscriber.finds(kind, &[])?;
        ensure!(said.contains(says), "{said}");
    }
    // An earlier one is that of the moment of a publication.
    statement.put(&Latest {
        seq: ReleaseSeq(good.seq.0 - 1),
        ..good.clone()
    })?;
    let ran = subscriber.look(&[])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    let file = statement
        .public
        .latest_file(&statement.channel, LatestFile::Statement);
    fs::write(&file, "{}")?;
    subscriber.finds("unsigned", &[])?;
    fs::remove_file(file)?;
    let said = subscriber.finds("frozen", &[])?;
    ensure!(said.contains("there is no latest.json any more"), "{said}");
    ensure!(
        subscriber.seen()?["expires"] != Value::Null,
        "that is not forgotten"
    );
    statement.put(&good)
}

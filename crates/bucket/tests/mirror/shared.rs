//! Two services that were given one place by mistake.

use picket_bucket::Depth;

use crate::recorder::{Change, Recorder};
use crate::world::{World, channel, is_whole};

#[tokio::test]
async fn a_mirror_is_one_public_folders_alone_until_it_is_taken_over() {
    let (ours, theirs, recorder) = (World::new(), World::new(), Recorder::new());
    ours.publish(2, &["a"]);
    recorder
        .mirror(&ours.public)
        .update(Depth::Listing)
        .await
        .unwrap();
    let before = recorder.content().await;
    let other = recorder.mirror(&theirs.public);
    for depth in [Depth::Record, Depth::Listing] {
        let error = other.update(depth).await.unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"s3://memory is the mirror of another public folder, and nothing was written. If that one is not in use any more, as after a move to another machine: picket mirror --adopt");
        }
    }
    assert!(before == recorder.content().await);

    // What is taken over does not go back either.
    other.adopt().await.unwrap();
    let error = other.update(Depth::Listing).await.unwrap_err();
    insta::assert_snapshot!(error, @"s3://memory has a release log of 2 entries, and that of the public folder has 1: a log only grows, so it stays, and nothing is moved on. Restore public/release-log: what is there can be checked");
    is_whole(&recorder.content().await);
    theirs.publish(3, &["b"]);
    other.update(Depth::Listing).await.unwrap();
    is_whole(&recorder.content().await);
}

/// The record is replaced only by whoever read it last, and so is a pointer.
#[tokio::test]
async fn whoever_writes_at_the_same_time_stops_the_other() {
    let (world, recorder) = (World::new(), Recorder::new());
    let mirror = recorder.mirror(&world.public);
    // Another run puts its record between what this one reads and what it writes.
    recorder.breaks_off_after(1);
    mirror.update(Depth::Listing).await.unwrap_err();
    let changes = recorder.take_changes();
    let [Change::Written(record, bytes)] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    recorder.breaks_off_after(usize::MAX);
    let (key, content) = (record.clone(), String::from_utf8(bytes.to_vec()).unwrap());
    let error = {
        let put = recorder.clone();
        recorder.before_next_change(move || {
            let (put, key, content) = (put.clone(), key.clone(), content.clone());
            Box::pin(async move { put.put_by_hand(&key, &content).await })
        });
        mirror.update(Depth::Listing).await.unwrap_err()
    };
    insta::assert_snapshot!(error, @"somebody else wrote picket-mirror.json of s3://memory meanwhile: another run, or another service that was given the same place");
    assert!(
        !recorder
            .content()
            .await
            .contains_key(&format!("channels/{}", channel()))
    );
}

//! What is said where a bucket cannot be written.

use picket_bucket::{Depth, Mirror, Target};

use crate::server::{Mood, Server};
use crate::world::World;

async fn error(server: &Server, world: &World, to: &str) -> String {
    let error = server
        .mirror(&world.public, to)
        .update(Depth::Listing)
        .await;
    server.plain(&error.unwrap_err().to_string())
}

#[tokio::test]
async fn each_outage_is_told_in_words() {
    let (world, server) = (World::new(), Server::start().await);
    server.set(Mood::Answers(500, "InternalError"));
    insta::assert_snapshot!(error(&server, &world, "s3://picket/x").await, @"cannot read picket-mirror.json at s3://picket/x: 500 InternalError. What is there stays, and the next run goes on");
    server.set(Mood::Cuts);
    insta::assert_snapshot!(error(&server, &world, "s3://picket/x").await, @"cannot write picket-mirror.json at s3://picket/x: connection closed before message completed. What is there stays, and the next run goes on");
    server.set(Mood::Answers(403, "AccessDenied"));
    insta::assert_snapshot!(error(&server, &world, "s3://picket/x").await, @"s3://picket/x refuses to read picket-mirror.json (403 AccessDenied): check the credentials, and that they may list, read, write and delete there");
    server.set(Mood::KnowsNoConditions);
    insta::assert_snapshot!(error(&server, &world, "s3://picket/x").await, @"s3://picket/x does not know conditional writes (501 NotImplemented): set conditional_writes = false, and let no other service write there");
    server.set(Mood::Answers(404, "NoSuchBucket"));
    insta::assert_snapshot!(error(&server, &world, "s3://picket/x").await, @"there is no bucket at s3://picket/x (404 NoSuchBucket): make it, or check its name, endpoint and region");
    // Nothing is asked for with conditions then.
    let mut target = server.target("s3://picket/y");
    target.conditional_writes = false;
    server.set(Mood::KnowsNoConditions);
    let mirror = Mirror::open(world.public.clone(), &Target::Bucket(target)).unwrap();
    assert_eq!(mirror.update(Depth::Listing).await.unwrap().written, 17);
    // None of it is there; and once the server is well again, all of it.
    assert!(!server.file("x").exists());
    server.set(Mood::Good);
    let report = server
        .mirror(&world.public, "s3://picket/x")
        .update(Depth::Listing)
        .await;
    assert_eq!(report.unwrap().written, 17);
}

#[tokio::test]
async fn a_server_that_cuts_connections_is_asked_again() {
    let (world, server) = (World::new(), Server::start().await);
    server.set(Mood::CutsHalf);
    let mirror = server.mirror(&world.public, "s3://picket");
    let mut tries = 0;
    while mirror.update(Depth::Record).await.is_err() {
        tries += 1;
        assert!(tries < 20, "it never goes through");
    }
    server.set(Mood::Good);
    assert!(mirror.update(Depth::Listing).await.unwrap().is_nothing());
}

#[tokio::test]
async fn credentials_that_are_not_taken_are_told_and_not_shown() {
    let (world, server) = (World::new(), Server::start().await);
    for (id, secret) in [("picket", "another-secret"), ("nobody", "another-secret")] {
        let target = Target::Bucket(server.target_with("s3://picket", id, secret));
        let mirror = Mirror::open(world.public.clone(), &target).unwrap();
        let error = mirror.update(Depth::Listing).await.unwrap_err();
        let said = format!("{error} {error:?} {mirror:?}");
        assert!(
            said.contains("refuses to read picket-mirror.json (403 "),
            "{said}"
        );
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn there_must_be_credentials_and_a_public_folder() {
    let (world, server) = (World::new(), Server::start().await);
    let mut target = server.target("s3://picket");
    target.credentials_file = Some("/nowhere/credentials".into());
    let opened = Mirror::open(world.public.clone(), &Target::Bucket(target));
    insta::assert_snapshot!(opened.unwrap_err(), @"the credentials file /nowhere/credentials: there is no such file");
    let nothing = picket_publisher::PublicDir::new(world.dir.path().join("nothing"));
    let error = server
        .mirror(&nothing, "s3://picket")
        .update(Depth::Listing)
        .await
        .unwrap_err();
    let error = error
        .to_string()
        .replace(world.dir.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!(error, @"DIR/nothing is no public folder: it has no folder called releases. Of a Picket it is the folder public in its data_dir");
}

//! Writing comments, against the fake GitHub.

mod world;

use picket_domain::{CommentEnd, CommentPlace, PrNumber};
use picket_testkit::github::{Fault, FaultKind};

use self::world::World;

const COMMENTS: &str = "/comments";

#[tokio::test]
async fn a_comment_is_posted_once_and_edited_in_place() {
    let mut world = World::new(1).await;
    world.says(1, "first");
    world.rounds(300, 20).await;
    let posted = world.comments(1);
    assert_eq!(posted.len(), 1);
    assert!(posted[0].body.contains("`first`"), "{}", posted[0].body);
    assert_eq!(world.take_requests(), ["GET /user", "GET 1", "POST 1"]);

    world.says(1, "second");
    world.rounds(1_200, 20).await;
    let edited = world.comments(1);
    assert_eq!((edited.len(), edited[0].id), (1, posted[0].id));
    assert!(edited[0].body.contains("`second`"), "{}", edited[0].body);
    assert_eq!(world.take_requests(), ["PATCH comment"]);
}

#[tokio::test]
async fn what_changes_again_soon_is_not_written() {
    let mut world = World::new(1).await;
    for n in 0..10 {
        world.says(1, &format!("state {n}"));
        world.rounds(50, 10).await;
    }
    assert_eq!(world.take_requests(), [""; 0]);
    world.rounds(20, 10).await;
    assert!(world.comments(1)[0].body.contains("`state 9`"));
}

#[tokio::test]
async fn a_comment_that_was_written_is_not_changed_all_the_time() {
    let mut world = World::new(1).await;
    world.says(1, "first");
    world.rounds(61, 61).await;
    world.take_requests();
    for n in 0..60 {
        world.says(1, &format!("state {n}"));
        world.rounds(70, 70).await;
    }
    // 4,200 seconds, of which ten minutes at least are between two of them.
    let edits = world.take_requests().len();
    assert!((4..=7).contains(&edits), "{edits}");
}

/// The one moment in which GitHub has it and the database does not.
#[tokio::test]
async fn killed_after_the_post_it_is_found_and_not_posted_again() {
    let mut world = World::new(1).await;
    world.says(1, "first");
    world.rounds(40, 40).await;
    let unanswered = Fault::on(COMMENTS, 1, FaultKind::Unanswered).of("POST");
    world.github.inject(unanswered);
    world.pass_seconds(30);
    world.turn_and_die().await;
    assert_eq!(world.comments(1).len(), 1);

    world.restart();
    world.says(1, "second");
    world.take_requests();
    world.rounds(110, 10).await;
    assert_eq!(world.take_requests(), [""; 0], "lists lag behind");
    world.rounds(900, 10).await;
    let requests = world.take_requests();
    assert_eq!(requests, ["GET /user", "GET 1", "PATCH comment"]);
    let comments = world.comments(1);
    assert_eq!(comments.len(), 1);
    assert!(comments[0].body.contains("`second`"));
}

#[tokio::test]
async fn a_post_that_is_not_answered_is_looked_for_before_the_next_one() {
    for (kind, is_carried_out) in [
        (FaultKind::Unanswered, true),
        (FaultKind::Stall, false),
        (FaultKind::Status(502, "Server Error".into()), false),
        (FaultKind::Page(504, "<html>".into()), false),
        (FaultKind::Body(b"{\"id\": 7}".to_vec()), false),
        (FaultKind::CutOff(b"{\"id\": ".to_vec()), false),
    ] {
        let mut world = World::new(1).await;
        world.says(1, "first");
        world
            .github
            .inject(Fault::on(COMMENTS, 1, kind.clone()).of("POST"));
        world.rounds(70, 70).await;
        assert_eq!(
            world.comments(1).len(),
            usize::from(is_carried_out),
            "{kind:?}"
        );
        assert_eq!(
            world.take_requests(),
            ["GET /user", "GET 1", "POST 1"],
            "{kind:?}"
        );
        let trouble = world.trouble().expect("it is on the board");
        assert!(
            trouble.contains("it is not known what became of it"),
            "{trouble}"
        );
        world.rounds(900, 10).await;
        let again: &[&str] = if is_carried_out {
            &["GET 1"]
        } else {
            &["GET 1", "POST 1"]
        };
        assert_eq!(world.take_requests(), again, "{kind:?}");
        assert_eq!(world.comments(1).len(), 1, "{kind:?}");
        assert_eq!(world.trouble(), None, "{kind:?}");
    }
}

#[tokio::test]
async fn a_limit_is_obeyed_over_a_restart_and_then_all_goes_on() {
    let retry_after = 600;
    for kind in [
        FaultKind::SecondaryRateLimit { retry_after },
        FaultKind::TooManyRequests { retry_after },
    ] {
        let mut world = World::new(2).await;
        world.says(1, "first");
        world.says(2, "first");
        world.github.inject(Fault::on(COMMENTS, 1, kind).of("POST"));
        world.rounds(70, 70).await;
        assert_eq!(world.take_requests(), ["GET /user", "GET 1", "POST 1"]);
        let trouble = world.trouble().expect("it is on the board");
        assert!(
            trouble.contains("GitHub's limit of writing is reached"),
            "{trouble}"
        );
        world.restart();
        world.rounds(520, 20).await;
        assert_eq!(world.take_requests(), [""; 0]);
        world.rounds(300, 5).await;
        assert_eq!((world.comments(1).len(), world.comments(2).len()), (1, 1));
    }
}

#[tokio::test]
async fn a_comment_that_somebody_deleted_stays_away() {
    for status in [404, 410] {
        let mut world = World::new(1).await;
        world.says(1, "first");
        world.rounds(70, 70).await;
        let id = world.comments(1)[0].id;
        world.github.delete_comment(id).unwrap();
        if status == 410 {
            let gone = FaultKind::Status(410, "Gone".into());
            world
                .github
                .inject(Fault::on(COMMENTS, 1, gone).of("PATCH"));
        }
        world.take_requests();
        for n in 0..3 {
            world.says(1, &format!("state {n}"));
            world.rounds(1_200, 20).await;
            world.restart();
        }
        assert_eq!(world.take_requests(), ["PATCH comment"]);
        assert!(world.comments(1).is_empty());
        assert_eq!(world.ended(1).await, Some(CommentEnd::Deleted));
        assert_eq!(world.trouble(), None, "it is nothing to mend");
    }
}

#[tokio::test]
async fn a_locked_conversation_is_tried_once() {
    let mut world = World::new(2).await;
    world.github.lock(1).unwrap();
    world.says(1, "first");
    world.says(2, "first");
    world.rounds(3_600, 60).await;
    world.says(1, "second");
    world.restart();
    world.rounds(3_600, 60).await;
    let requests = world.take_requests();
    assert_eq!(
        requests.iter().filter(|it| *it == "POST 1").count(),
        1,
        "{requests:?}"
    );
    assert_eq!(world.ended(1).await, Some(CommentEnd::Locked));
    assert_eq!(world.comments(2).len(), 1, "the other one goes on");
}

/// Anybody can write the mark, before there is a comment and after.
#[tokio::test]
async fn a_mark_by_somebody_else_is_not_taken_for_ours() {
    let mut world = World::new(1).await;
    let forged = format!("{}\nI am Picket", world.marker());
    let theirs = world.github.comment(1, "mallory", &forged).unwrap();
    let quoted = format!("> {}", world.marker());
    world.github.comment(1, "picket-bot", &quoted).unwrap();
    world.says(1, "first");
    world.rounds(70, 70).await;
    let comments = world.comments(1);
    let authors: Vec<_> = comments.iter().map(|it| it.author.as_str()).collect();
    assert_eq!(authors, ["mallory", "picket-bot", "picket-bot"]);
    world.says(1, "second");
    world.rounds(1_200, 20).await;
    let comments = world.comments(1);
    assert_eq!((comments[0].id, &comments[0].body), (theirs, &forged));
    assert!(comments[2].body.contains("`second`"));
}

#[tokio::test]
async fn a_comment_that_the_database_does_not_know_is_gone_on_with() {
    let mut world = World::new(1).await;
    for n in 0..150 {
        world.github.comment(1, "chatty", &format!("{n}")).unwrap();
    }
    world.says(1, "first");
    world.rounds(70, 70).await;
    let before = world.comments(1);
    world.lose_the_database().await;
    world.says(1, "second");
    world.take_requests();
    world.rounds(1_200, 20).await;
    let expected = ["GET /user", "GET 1", "GET 1", "PATCH comment"];
    assert_eq!(
        world.take_requests(),
        expected,
        "two pages were looked through"
    );
    let after = world.comments(1);
    assert_eq!((after.len(), after[150].id), (151, before[150].id));
}

#[tokio::test]
async fn a_token_that_may_not_comment_is_told_once_until_there_is_another() {
    let refused = "Resource not accessible by personal access token";
    for kind in [
        FaultKind::Status(403, refused.into()),
        FaultKind::Status(403, "Repository was archived so is read-only.".into()),
        FaultKind::Status(401, "Bad credentials".into()),
    ] {
        let mut world = World::new(2).await;
        world.says(1, "first");
        world.says(2, "first");
        world.github.inject(Fault::on(COMMENTS, 9, kind).of("POST"));
        world.rounds(36_000, 60).await;
        assert_eq!(world.take_requests(), ["GET /user", "GET 1", "POST 1"]);
        let trouble = world.trouble().expect("it is on the board");
        assert!(
            trouble.contains("github.comments.token_file needs a token"),
            "{trouble}"
        );
        world.replace_token("other-bot");
        world.rounds(60, 60).await;
        let again = ["GET /user", "GET 1", "POST 1"];
        assert_eq!(
            world.take_requests(),
            again,
            "whose the new one is, is asked"
        );
    }
}

#[tokio::test]
async fn one_that_github_refuses_holds_no_other_one_up_and_has_an_end() {
    let mut world = World::new(3).await;
    for pr in 1..=3 {
        world.says(pr, "first");
    }
    let refuses = FaultKind::Status(422, "Validation Failed".into());
    let fault = Fault::on("/issues/1/comments", 99, refuses).of("POST");
    world.github.inject(fault);
    world.rounds(80, 5).await;
    assert_eq!((world.comments(2).len(), world.comments(3).len()), (1, 1));
    world.rounds(86_400, 60).await;
    let requests = world.take_requests();
    assert_eq!(requests.iter().filter(|it| *it == "POST 1").count(), 5);
    let end = CommentEnd::Refused("422: Validation Failed".into());
    assert_eq!(world.ended(1).await, Some(end));
    assert_eq!(world.trouble(), None);
}

#[tokio::test]
async fn what_is_not_to_be_said_any_more_is_no_trouble() {
    let mut world = World::new(1).await;
    world.says(1, "first");
    world.rounds(70, 70).await;
    let retry_after = 100;
    let limit = FaultKind::SecondaryRateLimit { retry_after };
    world
        .github
        .inject(Fault::on(COMMENTS, 1, limit).of("PATCH"));
    world.says(1, "second");
    world.rounds(600, 60).await;
    assert!(world.trouble().is_some());
    world.says(1, "first");
    world.rounds(60, 60).await;
    assert_eq!(world.trouble(), None);
}

#[tokio::test]
async fn a_comment_of_an_account_that_was_used_before_is_left_alone() {
    let mut world = World::new(2).await;
    world.says(1, "first");
    world.rounds(70, 70).await;
    world.replace_token("other-bot");
    world.says(1, "second");
    world.says(2, "first");
    world.rounds(86_400, 60).await;
    let comments = world.comments(1);
    assert_eq!(comments.len(), 1);
    assert!(comments[0].body.contains("`first`"));
    let refused = "403: Must have admin rights to Repository.".into();
    assert_eq!(world.ended(1).await, Some(CommentEnd::Refused(refused)));
    assert_eq!(world.comments(2)[0].author, "other-bot");
}

#[tokio::test]
async fn many_are_written_one_after_the_other_and_leave_the_reading_its_share() {
    let mut world = World::new(40).await;
    for pr in 1..=40 {
        world.says(pr, "first");
    }
    world.rounds(60, 60).await;
    world.rounds(600, 1).await;
    let count = |world: &World| (1..=40).filter(|pr| world.comments(*pr).len() == 1).count();
    assert_eq!(count(&world), 30, "the share of an hour");
    world.rounds(3_600, 10).await;
    assert_eq!(count(&world), 40);

    let mut scarce = World::allowing(10, 10).await;
    for pr in 1..=10 {
        scarce.says(pr, "first");
    }
    scarce.rounds(600, 10).await;
    // It is looked at after each comment, which takes up to three requests.
    assert!(scarce.remaining() >= 3, "{}", scarce.remaining());
}

#[tokio::test]
async fn what_nobody_decided_costs_no_request() {
    let mut world = World::new(3).await;
    world.rounds(3_600, 60).await;
    assert_eq!(world.take_requests(), [""; 0]);
    let place = world.store.comment(PrNumber(1)).await.unwrap();
    assert!(place.is_none_or(|it| it.place == CommentPlace::Unknown));
}

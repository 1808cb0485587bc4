//! Saying what is to become of a conflict: who may, how, and what comes of it.

mod refused;

use http::StatusCode;
use picket_domain::{Action, ContentId, FileMode, ResolvedBy, ResolvedFile, Sha256};

use crate::common::CHANNEL;
use crate::common::client::{Answer, Client};
use crate::common::world::{CURL, World, package};

const PAGE: &str = "/candidates/7";
const RESOLVE: &str = "/candidates/7/resolve";
const APPROVE: &str = "/candidates/7/approve";

async fn accept(client: &Client) -> Answer {
    client
        .send_form(PAGE, RESOLVE, &[("how", "proposal")])
        .await
}

async fn by_hand(client: &Client, fields: &[(&str, &str)]) -> Answer {
    let mut fields = fields.to_vec();
    fields.push(("how", "hand"));
    client.send_form(PAGE, RESOLVE, &fields).await
}

/// What the last entry about the pull request says of its only file.
async fn resolved(world: &World) -> (ResolvedBy, ResolvedFile) {
    match world.actions(7).await.pop() {
        Some(Action::ResolveConflict { by, mut files, .. }) => {
            assert_eq!(files.len(), 1);
            (by, files.remove(0))
        }
        other => panic!("no resolution: {other:?}"),
    }
}

/// The content that the last entry says the file is to have.
async fn content(world: &World) -> String {
    let (_, file) = resolved(world).await;
    let id = file.result.unwrap().content;
    let contents = world.site.store.contents(&[id.clone()].into()).await;
    String::from_utf8(contents.unwrap()[&id].clone()).unwrap()
}

#[tokio::test]
async fn the_proposal_is_accepted_with_one_click_and_then_approved() {
    let (world, _) = World::with_curl().await;
    let router = world.router();
    let ada = Client::signed_in(&router, "ada").await;
    let answer = accept(&ada).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(
        answer.header("location"),
        "/candidates/7?channel=nixos-26.05-sec"
    );
    let (by, file) = resolved(&world).await;
    assert_eq!(by, ResolvedBy::Proposal);
    assert_eq!(file.path, CURL);
    let result = file.result.unwrap();
    assert_eq!(result.mode, FileMode::Plain);
    let expected = package("8.14.1", "");
    assert_eq!(
        result.content,
        ContentId::from(Sha256::of(expected.as_bytes()))
    );
    assert_eq!(content(&world).await, expected);
    tokio::time::timeout(
        std::time::Duration::from_secs(5),
        world.site.wake.notified(),
    )
    .await
    .unwrap();

    world.reconcile().await;
    let page = ada.get(PAGE).await.body;
    assert!(!page.contains("id=\"conflict\""), "{page}");
    for text in [
        "resolved commit",
        "from Picket&#39;s proposal",
        "Not picked to the line",
        "Applies as resolved",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    // The pull request goes from 8.13.0, the pick from what the release has.
    assert!(page.contains("-  version = &#34;8.13.0&#34;;"), "{page}");
    assert!(page.contains("-  version = &#34;8.12.1&#34;;"), "{page}");

    for name in ["ada", "grace"] {
        let client = Client::signed_in(&router, name).await;
        let answer = client.send_form(PAGE, APPROVE, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }
    world.reconcile().await;
    let page = ada.get(PAGE).await.body;
    assert!(page.contains(">Building<"), "{page}");
}

#[tokio::test]
async fn what_was_approved_before_is_approved_again() {
    let (world, _) = World::with_curl().await;
    let router = world.router();
    let (ada, grace) = (
        Client::signed_in(&router, "ada").await,
        Client::signed_in(&router, "grace").await,
    );
    for client in [&ada, &grace] {
        let answer = client.send_form(PAGE, APPROVE, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    world.reconcile().await;
    assert_eq!(accept(&ada).await.status, StatusCode::SEE_OTHER);
    world.reconcile().await;

    let page = grace.get(PAGE).await.body;
    for text in [
        "Approve again",
        "What it changes was not approved",
        "2 approvals missing",
        "0 of 2 approvals",
        "approved the pull request&#39;s own change",
        "Approve what it changes now",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    let api = ada.get("/api/v1/candidates/7").await.body;
    assert!(api.contains("\"state\":\"stale\""), "{api}");
    assert!(api.contains("\"covers\":false"), "{api}");
    assert!(api.contains("\"verbatim\":false"), "{api}");

    for client in [&ada, &grace] {
        let answer = client.send_form(PAGE, APPROVE, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    world.reconcile().await;
    let page = ada.get(PAGE).await.body;
    assert!(page.contains(">Building<"), "{page}");
    assert!(!page.contains("Approve what it changes now"), "{page}");
}

#[tokio::test]
async fn each_place_is_decided_by_itself() {
    let (world, _) = World::with_curl().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await.body;
    let places = page.matches("class=\"place\"").count();
    assert!(places > 0, "{page}");
    let fields: Vec<_> = (0..places).map(|n| format!("f0h{n}")).collect();
    let all = |value: &'static str| -> Vec<(&str, &str)> {
        fields.iter().map(|field| (field.as_str(), value)).collect()
    };

    let answer = by_hand(&ada, &all("ours")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(resolved(&world).await.0, ResolvedBy::Hand);
    assert_eq!(content(&world).await, package("8.12.1", ""));
    drop_all(&ada).await;

    let answer = by_hand(&ada, &all("proposal")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(resolved(&world).await.0, ResolvedBy::Proposal);
    drop_all(&ada).await;

    // Browsers send CR LF, and people forget the last line break.
    let text = "f0h0_text";
    let mut own = all("theirs");
    own[0].1 = "own";
    let typed = "  version = \"8.14.1\"; # by hand\r\n  src = fetchurl {\r\n    hash = \"\";";
    own.push((text, typed));
    let answer = by_hand(&ada, &own).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let made = content(&world).await;
    assert!(
        made.contains("; # by hand\n  src = fetchurl {\n    hash = \"\";\n  };\n"),
        "{made}"
    );
    assert!(!made.contains('\r'));
}

async fn drop_all(client: &Client) {
    let answer = client
        .send_form(
            PAGE,
            "/candidates/7/drop-resolutions",
            &[("reason", "another try")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn resolutions_are_dropped_with_a_reason() {
    let (world, _) = World::with_curl().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    assert_eq!(accept(&ada).await.status, StatusCode::SEE_OTHER);
    world.reconcile().await;
    let drop = "/candidates/7/drop-resolutions";
    let without = ada.send_form(PAGE, drop, &[("reason", " ")]).await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    drop_all(&ada).await;
    world.reconcile().await;
    let page = ada.get(PAGE).await.body;
    assert!(page.contains("id=\"conflict\""), "{page}");
    assert!(!page.contains("id=\"resolved\""), "{page}");
    let log = ada.get("/audit-log").await.body;
    assert!(log.contains("dropped the resolutions of"), "{log}");
    assert!(log.contains("resolved conflicts of"), "{log}");
    assert!(log.contains("as Picket proposed"), "{log}");
    // There is nothing to drop any more.
    let form = [("channel", CHANNEL), ("reason", "twice")];
    assert_eq!(ada.submit(drop, &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.actions(7).await.len(), 2);
}

#[tokio::test]
async fn a_file_that_a_side_lacks_is_decided_on_as_a_whole() {
    let world = World::new().await;
    let (path, text) = ("pkgs/by-name/cu/curl/fix.patch", "one\ntwo\nthree\n");
    let root = world.commit(&[], "root", &[(path, Some(text)), (CURL, Some("{ }\n"))]);
    let release = world.commit(&[root], "curl: drop the patch", &[(path, None)]);
    let fix = world.commit(
        &[root],
        "curl: fix the patch",
        &[(path, Some("one\n2\nthree\n"))],
    );
    world.base(root, release).await;
    world.pull(7, "curl: fix the patch", &[fix]).await;
    world.reconcile().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await.body;
    for text in [
        "nixos-26.05 does not have it",
        "What #7 changes in it",
        "Leave it out, as nixos-26.05 does",
        "Take it as #7 has it",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    assert!(!page.contains("Keep it as"), "{page}");

    let answer = by_hand(&ada, &[("f0", "delete")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(resolved(&world).await.1.result, None);
    world.reconcile().await;
    let page = ada.get(PAGE).await.body;
    assert!(page.contains("(removed)"), "{page}");
    drop_all(&ada).await;
    let answer = by_hand(&ada, &[("f0", "theirs")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(content(&world).await, "one\n2\nthree\n");
    drop_all(&ada).await;
    let own = [("f0", "own"), ("f0_text", "\r\n<b>\r\n")];
    let answer = by_hand(&ada, &own).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(content(&world).await, "\n<b>\n");
}

#[tokio::test]
async fn a_pushed_branch_resolves() {
    let (world, release) = World::with_curl().await;
    let mut state = world.site.state();
    let without = Client::signed_in(&picket_web::router(state), "ada").await;
    let page = without.get(PAGE).await.body;
    assert!(!page.contains("resolve-branch"), "{page}");
    let hidden = without.hidden(PAGE, RESOLVE).await;
    let mut form: Vec<_> = hidden
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    form.push(("branch", "resolve-7"));
    let path = "/candidates/7/resolve-branch";
    let answer = without.submit(path, &form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);

    state = world.site.state();
    state.channels[0].resolutions_remote = Some(world.remote());
    let ada = Client::signed_in(&picket_web::router(state), "ada").await;
    let page = ada.get(PAGE).await.body;
    for text in [
        format!("git checkout -b resolve-7 {release}"),
        "git cherry-pick -x ".to_owned(),
        format!("git push {} HEAD:refs/heads/resolve-7", world.remote()),
    ] {
        assert!(page.contains(&text), "{text}\n{page}");
    }
    for (branch, problem) in [
        ("no such", "no name of a branch"),
        ("--upload-pack=x", "no name of a branch"),
        ("resolve-7", "has no branch resolve-7"),
    ] {
        let answer = ada.send_form(PAGE, path, &[("branch", branch)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{branch}");
        assert!(answer.body.contains(problem), "{branch}: {}", answer.body);
    }
    // Another file is changed with it.
    let edits = [(CURL, Some("{ }\n")), ("README.md", Some("x\n"))];
    let more = world.commit(&[release], "curl: too much", &edits);
    world.branch("too-much", more);
    let answer = ada.send_form(PAGE, path, &[("branch", "too-much")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for text in ["is not the pick of", "README.md"] {
        assert!(answer.body.contains(text), "{text}: {}", answer.body);
    }
    let text = package("8.14.1", "  # pushed\n");
    let pushed = world.commit(&[release], "curl: by hand", &[(CURL, Some(&text))]);
    world.branch("resolve-7", pushed);
    let answer = ada
        .send_form(PAGE, path, &[("branch", " resolve-7 ")])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let by = resolved(&world).await.0;
    assert!(matches!(&by, ResolvedBy::Branch { rev } if rev.as_str() == pushed.to_string()));
    assert_eq!(content(&world).await, text);
    world.reconcile().await;
    let page = ada.get(PAGE).await.body;
    assert!(page.contains("by the pushed commit"), "{page}");

    // Another one takes its place, while what it is to replace is what the page showed.
    let text = package("8.14.1", "  # pushed again\n");
    let pushed = world.commit(&[release], "curl: anew", &[(CURL, Some(&text))]);
    world.branch("anew", pushed);
    let hidden = ada.hidden(PAGE, path).await;
    let answer = ada.send_form(PAGE, path, &[("branch", "anew")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(content(&world).await, text);
    let mut form: Vec<_> = hidden
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    form.push(("branch", "resolve-7"));
    let late = ada.submit(path, &form).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    assert_eq!(content(&world).await, text);
}

//! Choosing the form in which a channel carries a fix.

use http::StatusCode;
use picket_domain::{Action, Form};

use crate::common::client::{Answer, Client};
use crate::common::login;
use crate::common::world::World;

const PAGE: &str = "/candidates/7/form";
const CANDIDATE: &str = "/candidates/7";
const APPROVE: &str = "/candidates/7/approve";
const SETTINGS: &str = "{ boot.blacklistedKernelModules = [ \"algif_aead\" ]; }";

/// A library that the list of all packages names; #7 fixes it, and #8 changes something else.
async fn world() -> World {
    let world = World::new().await;
    let list = "self: super: with self; {\n  zlib = callPackage ../libraries/zlib { };\n}\n";
    let root = world.commit(
        &[],
        "root",
        &[
            ("pkgs/top-level/all-packages.nix", Some(list)),
            ("pkgs/libraries/zlib/default.nix", Some("{ }: 1\n")),
            ("pkgs/by-name/cu/curl/package.nix", Some("{ }: 1\n")),
            ("nixos/modules/module-list.nix", Some("[\n  ./a.nix\n]\n")),
        ],
    );
    let fix = ("pkgs/libraries/zlib/default.nix", Some("{ }: 2\n"));
    let news = ("doc/news.md", Some("zlib\n"));
    let fix = world.commit(&[root], "zlib: fix", &[fix, news]);
    let other = ("pkgs/by-name/cu/curl/package.nix", Some("{ }: 2\n"));
    let other = world.commit(&[root], "curl: fix", &[other]);
    world.base(root, root).await;
    world.pull(7, "zlib: fix", &[fix]).await;
    world.pull(8, "curl: fix", &[other]).await;
    world.reconcile().await;
    world
}

async fn choose(client: &Client, fields: &[(&str, &str)]) -> Answer {
    client.send_form(PAGE, PAGE, fields).await
}

fn mitigation(name: &str) -> [(&str, &str); 3] {
    [("form", "mitigation"), ("name", name), ("text", SETTINGS)]
}

#[tokio::test]
async fn the_page_suggests_a_graft_and_states_the_limits() {
    let world = world().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let candidate = ada.get(CANDIDATE).await.body;
    assert!(
        candidate.contains("/candidates/7/form?channel="),
        "{candidate}"
    );
    let page = ada.get(PAGE).await.body;
    for text in [
        "value=\"pkgs/libraries/zlib\"",
        "new = callPackage graft { };",
        "<code class=\"break\">doc/news.md</code>",
        "linked statically, vendored",
        "Every server rewrites",
        "import-from-derivation",
        "value=\"cve-2026-40007\"",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    let anybody = Client::new(&world.router()).get(PAGE).await.body;
    assert!(!anybody.contains("<textarea"), "{anybody}");
}

#[tokio::test]
async fn a_chosen_form_is_an_entry_and_waits_for_its_own_approvals() {
    let world = world().await;
    let router = world.router();
    let ada = Client::signed_in(&router, "ada").await;
    let grace = Client::signed_in(&router, "grace").await;
    for client in [&ada, &grace] {
        let answer = client.send_form(CANDIDATE, APPROVE, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let answer = choose(&ada, &mitigation("cve-2026-31402")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let head = match world.actions(7).await.pop() {
        Some(Action::ChooseForm {
            head,
            form: Form::Mitigation { name, .. },
            ..
        }) => {
            assert_eq!(name.as_str(), "cve-2026-31402");
            head
        }
        other => panic!("no form: {other:?}"),
    };
    world.reconcile().await;
    let page = grace.get(CANDIDATE).await.body;
    for text in [
        "Carried as a mitigation",
        "chosen by ada",
        "algif_aead",
        "security.channel.mitigations.&#34;cve-2026-31402&#34;.enable = false;",
        "Approve again",
        "0 of 2 approvals",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    let log = grace.get("/audit-log").await.body;
    assert!(log.contains("chose a form for"), "{log}");
    let json = grace.get("/api/v1/candidates/7").await.body;
    assert!(json.contains("\"form\":\"mitigation\""), "{json}");

    // Choosing it once more says nothing new, and back to the plain one is as approved.
    let before = world.actions(7).await.len();
    choose(&grace, &mitigation("cve-2026-31402")).await;
    assert_eq!(world.actions(7).await.len(), before);
    choose(&grace, &[("form", "as_is")]).await;
    world.reconcile().await;
    let page = grace.get(CANDIDATE).await.body;
    assert!(page.contains("2 of 2 approvals"), "{page}");
    assert!(page.contains(head.short()), "{page}");
}

#[tokio::test]
async fn what_cannot_be_carried_is_refused() {
    let world = world().await;
    let router = world.router();
    let ada = Client::signed_in(&router, "ada").await;
    for (fields, text) in [
        (
            &[("form", "graft"), ("text", "[ {")][..],
            "not one expression",
        ),
        (
            &[("form", "graft"), ("text", "1 ) ( 2")],
            "not one expression",
        ),
        (
            &[("form", "graft"), ("folder", "../etc"), ("text", "[ ]")],
            "a package&#39;s folder",
        ),
        (
            &[("form", "mitigation"), ("name", "a b"), ("text", "{ }")],
            "a mitigation&#39;s name",
        ),
    ] {
        let answer = choose(&ada, fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
        assert!(answer.body.contains(text), "{text}\n{}", answer.body);
    }
    let long = "a ".repeat(Form::TEXT_MAX);
    let answer = choose(&ada, &[("form", "graft"), ("text", &long)]).await;
    assert!(!answer.status.is_success() && !answer.status.is_redirection());
    assert!(world.actions(7).await.is_empty());

    let head = ada.hidden(PAGE, PAGE).await;
    let head = &head.iter().find(|(name, _)| name == "head").unwrap().1;
    // A switch is of one mitigation, and a head that was not seen is not decided about.
    assert_eq!(
        choose(&ada, &mitigation("one")).await.status,
        StatusCode::SEE_OTHER
    );
    let other = "/candidates/8/form";
    let answer = ada.send_form(other, other, &mitigation("one")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let moved = "a".repeat(40);
    let fields = [
        ("channel", "nixos-26.05-sec"),
        ("head", &*moved),
        ("form", "as_is"),
    ];
    let answer = ada.submit(PAGE, &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);

    let pr = picket_domain::PrNumber(7);
    let mut own = world.site.store.candidate(pr).await.unwrap().unwrap();
    own.author = login("ada");
    world.site.store.upsert_candidate(&own).await.unwrap();
    assert!(!ada.get(PAGE).await.body.contains("<textarea"));
    let fields = [
        ("channel", "nixos-26.05-sec"),
        ("head", head),
        ("form", "as_is"),
    ];
    let answer = ada.submit(PAGE, &fields).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
}

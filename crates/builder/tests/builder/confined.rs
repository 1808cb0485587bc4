//! What an evaluation cannot read, fetch or build.

use picket_builder::{Evaluation, Limits};
use picket_testkit::nix::{HELPERS, NixConf, with_helpers};

use crate::world::{World, evaluation, jobs, said_of};

#[tokio::test]
async fn nothing_outside_of_the_tree_can_be_read_fetched_or_built() {
    let world = World::new();
    let outside = world.path("outside.nix");
    std::fs::write(&outside, "\"secret\"").unwrap();
    let outside = outside.display();
    let use_it = |expression: &str| format!("{{ a = mk \"a\" ({expression}); }}");
    for (name, expression, refused) in [
        (
            '1',
            "builtins.readFile \"/etc/passwd\"".to_owned(),
            "restricted mode",
        ),
        ('2', format!("import {outside}"), "restricted mode"),
        (
            '3',
            "builtins.readFile ./link".to_owned(),
            "restricted mode",
        ),
        (
            '4',
            "builtins.readFile ../outside.nix".to_owned(),
            "restricted mode",
        ),
        (
            '5',
            "builtins.fetchurl \"http://127.0.0.1:9/x\"".to_owned(),
            "restricted mode",
        ),
        (
            '6',
            "builtins.fetchGit \"file:///etc\"".to_owned(),
            "restricted mode",
        ),
        ('7', "builtins.exec [ \"/bin/sh\" ]".to_owned(), "exec"),
        (
            '8',
            "import (mk \"ifd\" \"echo 1 > $out\")".to_owned(),
            "allow-import-from-derivation",
        ),
    ] {
        let jobs = with_helpers(&use_it(&expression));
        let files = [
            ("helpers.nix", HELPERS),
            ("jobs.nix", &jobs),
            ("link", "-> /etc/passwd"),
        ];
        let head = world.tree(name, &files);
        let base = world.revision('0', "{ }");
        let report = world.build(&base, &head).await.unwrap();
        let said = said_of(&report, "a");
        // Refused by Nix, or not there at all in the sandbox.
        let is_refused = said.contains(refused) || said.contains("No such file");
        assert!(is_refused, "{expression}: {said}");
    }
    assert!(!world.store.store_dir().join("ifd").exists());
}

#[tokio::test]
async fn the_environment_is_not_seen() {
    let world = World::new();
    let head = world.revision('a', r#"{ a = mk "a" <nixpkgs/lib>; }"#);
    let report = world
        .build(&world.revision('0', "{ }"), &head)
        .await
        .unwrap();
    assert!(said_of(&report, "a").contains("'nixpkgs/lib' was not found"));

    let head = world.revision(
        'b',
        r#"{ a = mk "home-is-${builtins.getEnv "HOME"}-" "x"; }"#,
    );
    let Evaluation::Jobs(found) = world.builder.evaluate(&head, &jobs()).await.unwrap() else {
        panic!("it evaluates");
    };
    let job = found.jobs.into_values().next().unwrap().unwrap();
    assert_eq!(job.drv.name(), "home-is--.drv");
}

#[tokio::test]
async fn trusted_trees_may_be_let_out() {
    let world = World::with_limits(evaluation(picket_evaluator::Limits {
        restricted: false,
        ..picket_evaluator::Limits::default()
    }));
    let outside = world.path("outside.nix");
    std::fs::write(&outside, "\"echo outside > $out\"").unwrap();
    let jobs_nix = format!(r#"{{ a = mk "a" (import {}); }}"#, outside.display());
    let head = world.revision('b', &jobs_nix);
    assert_eq!(world.names(&head, &jobs()).await, ["a"]);
}

#[tokio::test]
async fn the_operators_experimental_features_give_an_evaluation_nothing_to_read() {
    let conf = NixConf::default().with("experimental-features", "nix-command flakes");
    let world = World::with(Limits::default(), &conf);
    let secret = world.path("outside");
    std::fs::create_dir(&secret).unwrap();
    std::fs::write(secret.join("key"), "secret").unwrap();
    let secret = secret.display();
    let base = world.revision('0', "{ }");
    for (name, expression) in [
        (
            '1',
            format!(
                r#"builtins.readFile ((builtins.fetchTree {{ type = "path"; path = "{secret}"; }}) + "/key")"#
            ),
        ),
        (
            '2',
            format!(r#"toString (builtins.getFlake "path:{secret}")"#),
        ),
    ] {
        let head = world.revision(
            name,
            &format!(r#"{{ evil = mk "evil" ({expression}); ok = mk "ok" "echo > $out"; }}"#),
        );
        let report = world.build(&base, &head).await.unwrap();
        let said = said_of(&report, "evil");
        let is_off = said.contains("missing") || said.contains("is disabled");
        assert!(is_off, "{said}");
        assert_eq!(report.built_outputs().len(), 1, "the other job is built");
    }
}

//! Changes of a small tree, with the installed Nix: what differs, and that the estimate knows it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bounds;
mod carried;
mod job_sets;
mod world;

use picket_impact::Differences;

use world::{ALL, APP, Edit, MAKER, SET, World, told};

/// What differs, a line each; the estimate must know all of it and nothing else.
fn differences(edit: Edit<'_>) -> Vec<String> {
    told(&World::new().impact(edit))
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[test]
fn a_new_version_reaches_what_depends_on_it_and_what_mentions_it() {
    let app = replaced(APP, "\"1\"", "\"2\"");
    let found = differences(&[("pkgs/app/default.nix", Some(&app))]);
    assert_eq!(found, ["~ app 1>2", "~ note 1>1", "~ user 1>1"]);
}

#[test]
fn another_address_of_the_same_download_changes_no_output() {
    let app = replaced(APP, "http://a", "http://b");
    assert_eq!(
        differences(&[("pkgs/app/default.nix", Some(&app))]),
        Vec::<String>::new()
    );
}

#[test]
fn a_binding_of_the_large_set_changes_alone() {
    let all = replaced(
        ALL,
        "pname = \"user\"; version = \"1\"",
        "pname = \"user\"; version = \"3\"",
    );
    assert_eq!(differences(&[("pkgs/all.nix", Some(&all))]), ["~ user 1>3"]);
}

#[test]
fn a_function_of_the_library_changes_what_calls_it() {
    let lib = "{ shout = text: \"${text}!!\"; whisper = text: text; tool = \"tool1\"; }";
    assert_eq!(
        differences(&[("lib/default.nix", Some(lib))]),
        ["~ shouting 1>1"]
    );
}

#[test]
fn packages_by_their_folders_come_and_go() {
    let new = "{ mk }: mk { pname = \"aaron\"; version = \"7\"; }";
    let found = differences(&[
        ("pkgs/by-name/aa/aaron/package.nix", Some(new)),
        ("pkgs/by-name/aa/aardvark/package.nix", None),
    ]);
    assert_eq!(found, ["+ aaron >7", "- aardvark 1>"]);
}

#[test]
fn failures_are_told() {
    let broken = "broken = throw \"it is broken\"";
    let all = replaced(
        ALL,
        broken,
        "broken = mk { pname = \"broken\"; version = \"1\"; }",
    );
    let all = replaced(&all, "text = lib.shout \"a\"", "text = lib.missing");
    let found = differences(&[("pkgs/all.nix", Some(&all))]);
    assert_eq!(found, ["works broken >1", "fails shouting"]);
}

/// As `nix-env` lists them: one value is one package, by the name that comes first.
#[test]
fn a_second_name_is_another_ones_and_counts_once() {
    let all = replaced(ALL, "tool = tool1", "tool = tool2");
    let found = differences(&[("pkgs/all.nix", Some(&all))]);
    assert_eq!(
        found,
        ["~ of-tool 1>1", "~ tool 1>2", "+ tool1 >1", "- tool2 2>"]
    );
}

#[test]
fn a_package_of_a_set_reaches_what_depends_on_it() {
    let set = replaced(
        SET,
        "pname = \"inner\"; version = \"1\"",
        "pname = \"inner\"; version = \"2\"",
    );
    let found = differences(&[("pkgs/set.nix", Some(&set))]);
    assert_eq!(found, ["~ of-inner 1>1", "~ of-outer 1>1"]);
}

/// What depends on the other one is as it was, although it is what a function stopped to use.
#[test]
fn a_function_that_uses_something_else_changes_its_users_alone() {
    let lib = "{ shout = text: \"${text}!\"; whisper = text: text; tool = \"tool2\"; }";
    let found = differences(&[("lib/default.nix", Some(lib))]);
    assert_eq!(found, ["~ by-lib 1>1"]);
}

/// It needs nothing that is built otherwise, and what it mentions is the set of a set.
#[test]
fn another_source_reaches_what_takes_it_from_there() {
    let fetched = "src = fetch \"http://d\" zeros";
    let other = "src = fetch \"http://d\" (\"1\" + builtins.substring 1 63 zeros)";
    let all = replaced(ALL, fetched, other);
    let found = differences(&[("pkgs/all.nix", Some(&all))]);
    assert_eq!(found, ["~ driver 1>1", "~ of-source 1>1"]);
}

/// What is pinned to the old source by itself stays, although its neighbours go.
#[test]
fn another_source_does_not_reach_what_has_the_old_one_by_itself() {
    let app = replaced(APP, "\"0000", "\"1111");
    let found = differences(&[("pkgs/app/default.nix", Some(&app))]);
    assert_eq!(found, ["~ app 1>1", "~ app-too 1>1", "~ user 1>1"]);
}

/// The maker is as it was, and what it makes is not: as with `python3`, which is `python36`.
#[test]
fn a_function_is_reached_by_a_second_name() {
    let maker = replaced(
        MAKER,
        "inherit pname; version = \"1\"",
        "inherit pname; version = \"2\"",
    );
    let found = differences(&[("pkgs/maker.nix", Some(&maker))]);
    assert_eq!(found, ["~ made 1>2"]);
}

#[test]
fn a_linked_folder_is_followed() {
    let linked = "{ mk }: mk { pname = \"linked\"; version = \"2\"; }";
    assert_eq!(
        differences(&[("shared/linked.nix", Some(linked))]),
        ["~ linked 1>2"]
    );
}

#[test]
fn comments_and_unread_files_cost_nothing() {
    let app = format!("# why\n{APP}");
    let edit: Edit<'_> = &[("pkgs/app/default.nix", Some(&app)), ("doc/a", Some("b"))];
    let impact = World::new().impact(edit);
    assert_eq!(impact.differences, Differences::default());
    assert_eq!((impact.evaluated, impact.derivations), (0, 0));
}

#[test]
fn a_file_outside_of_the_tree_is_not_read() {
    let world = World::new();
    let secret = world.path().join("secret");
    std::fs::write(&secret, "hidden").unwrap();
    let read = format!("text = builtins.readFile (/. + \"{}\")", secret.display());
    let all = replaced(ALL, "text = lib.shout \"a\"", &read);
    let impact = world.impact(&[("pkgs/all.nix", Some(&all))]);
    let failing = &impact.differences.newly_failing;
    assert_eq!(failing.len(), 1);
    assert!(
        failing[0].message.contains("restricted mode"),
        "{}",
        failing[0].message
    );
}

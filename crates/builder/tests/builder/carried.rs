//! What a tree carries in place of fixes: looked at before it ships.

use std::fs;
use std::path::Path;
use std::process::Command;

use picket_builder::Revision;
use picket_domain::{BuildReport, JobOutcome, JobReport};

use crate::world::World;

const CHECKS: &str = "nixos/modules/security/channel/checks.nix";

/// Links a shared object with these functions as `lib/libz.so.1` below a folder.
fn link(folder: &Path, functions: &[&str]) {
    fs::create_dir_all(folder.join("lib")).unwrap();
    let code = functions
        .iter()
        .map(|name| format!("int {name}(void) {{ return 0; }}\n"));
    let source = folder.with_extension("c");
    fs::write(&source, code.collect::<String>()).unwrap();
    let linked = Command::new("cc")
        .args(["-shared", "-nostdlib", "-Wl,-soname,libz.so.1", "-o"])
        .args([&folder.join("lib/libz.so.1"), &source])
        .status();
    assert!(linked.unwrap().success());
}

/// A tree that replaces a library by one with this name and these functions.
fn grafting(world: &World, name: char, new: (&str, &[&str]), more: &str) -> Revision {
    let (new_name, functions) = new;
    let checks = format!(
        "{{ }}:\nlet\n  inherit (import ../../../../helpers.nix) mk;\n  \
         library = name: folder: mk name \"PATH=/bin:/usr/bin; cp -r ${{folder}} $out\";\nin\n{{\n  \
         channel-graft-1.pair-0.old = library \"zlib-1.3.1\" ../../../../old;\n  \
         channel-graft-1.pair-0.new = library \"{new_name}\" ../../../../new;\n  {more}\n}}\n"
    );
    let jobs = "with import ./helpers.nix; { vim = mk \"vim\" \"echo > $out\"; }";
    let helpers = "{ mk = name: script: derivation { inherit name; system = builtins.currentSystem; \
        builder = \"/bin/sh\"; args = [ \"-c\" script ]; }; }";
    let files = [
        ("helpers.nix", helpers),
        ("jobs.nix", jobs),
        (CHECKS, &*checks),
    ];
    let revision = world.tree(name, &files);
    link(&revision.tree.join("old"), &["inflate", "deflate"]);
    link(&revision.tree.join("new"), functions);
    revision
}

async fn carried(world: &World, head: &Revision) -> Vec<JobReport> {
    let base = world.revision('b', "{ vim = mk \"vim\" \"echo > $out\"; }");
    match world.build(&base, head).await.unwrap() {
        BuildReport::Evaluated { changed, .. } => changed,
        other => panic!("{other:?}"),
    }
}

fn told(changed: &[JobReport]) -> Vec<String> {
    let told = changed.iter().map(|report| {
        let outcome = match &report.outcome {
            JobOutcome::Built { outputs, .. } => format!("built {}", outputs[0].name()),
            JobOutcome::Refused { why } => why.clone(),
            JobOutcome::EvaluationFailed { error } => error.lines().next().unwrap().to_owned(),
            JobOutcome::Failed { cause, .. } => format!("{cause:?}"),
        };
        format!("{}: {outcome}", report.job)
    });
    told.collect()
}

#[tokio::test]
async fn a_library_that_offers_all_that_the_old_one_did_is_built_and_shipped() {
    let world = World::new();
    let more = "configuration.without = mk \"plain\" \"exit 1\";";
    let head = grafting(
        &world,
        'a',
        ("zlib-1.3.2", &["deflate", "inflate", "crc"]),
        more,
    );
    let changed = carried(&world, &head).await;
    assert_eq!(
        told(&changed),
        ["carried.channel-graft-1.pair-0.new: built zlib-1.3.2"]
    );
}

#[tokio::test]
async fn one_that_lacks_a_symbol_or_has_a_longer_name_is_refused() {
    let world = World::new();
    let head = grafting(&world, 'a', ("zlib-1.3.2", &["inflate"]), "");
    assert_eq!(
        told(&carried(&world, &head).await),
        [
            "carried.channel-graft-1.pair-0.new: zlib-1.3.2 cannot take the place of zlib-1.3.1: \
             lib/libz.so.1 lacks deflate"
        ]
    );
    let head = grafting(&world, 'c', ("zlib-1.3.10", &["inflate", "deflate"]), "");
    let changed = carried(&world, &head).await;
    assert!(told(&changed)[0].contains("are not of equal length"));
    assert!(!world.store.built().unwrap().contains("zlib-1.3.10"));
}

#[tokio::test]
async fn a_configuration_that_does_not_evaluate_is_told() {
    let world = World::new();
    let more = "configuration.without = throw \"no such option\";";
    let head = grafting(&world, 'a', ("zlib-1.3.2", &["deflate", "inflate"]), more);
    let told = told(&carried(&world, &head).await);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[1].starts_with("carried.configuration.without: "),
        "{told:?}"
    );
    let odd = grafting(&world, 'd', ("zlib-1.3.2", &["deflate", "inflate"]), "");
    fs::write(odd.tree.join(CHECKS), "{ ; }").unwrap();
    let told = self::told(&carried(&world, &odd).await);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("carried.checks: "), "{told:?}");
}

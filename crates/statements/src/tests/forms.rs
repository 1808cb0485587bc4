//! What is told in which form.

use std::fs;

use picket_domain::{DismissalKind, PrNumber, UpstreamState};
use picket_evidence::{Evidence, Places};
use serde_json::{Value, json};

use super::world::{World, mitigation, sha, site};
use crate::{
    OpenVex, Osv, OsvForm, Package, Statements, Versions, VexIndex, document_path, osv_id, osv_pr,
    version_in_base,
};

/// A channel with a fix that came, went and came again, one that upstream merged, and one of each
/// other kind.
pub(super) fn world() -> World {
    let mut world = World::new();
    world.opened(7, "mastodon", "CVE-2026-1001 GHSA-vr6x-fg8c-3hmm");
    world.versions(7, "mastodon", "4.3.1", "4.3.2");
    world.opened(8, "openssl", "CVE-2026-1002");
    world.opened(9, "sudo", "CVE-2026-1003");
    world.opened(10, "nginx", "CVE-2026-1004");
    world.opened(11, "git", "CVE-2026-1005");
    world.opened(12, "curl", "CVE-2026-1006");
    world.dismiss(9, DismissalKind::NotAffected);
    world.approve(10);
    world.release_in(
        1,
        &[(7, picket_domain::Form::AsIs), (8, mitigation())],
        true,
    );
    world.release(2, &[12]);
    world.release_in(
        3,
        &[(7, picket_domain::Form::AsIs), (8, mitigation())],
        true,
    );
    world.change(7, |it| {
        it.upstream = UpstreamState::Merged {
            at: it.updated_at,
            commit: Some(sha("merged")),
        };
    });
    world
}

fn json(of: &impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap()
}

#[test]
fn a_record_names_packages_revisions_and_what_it_goes_back_to() {
    let world = world();
    let record = Osv::of(&world.facts, &site(), PrNumber(7), OsvForm::Packages);
    let record = json(&record.unwrap());
    insta::assert_json_snapshot!("osv", record);
    assert!(record.get("aliases").is_none());
    let of = |pr, form| Osv::of(&world.facts, &site(), PrNumber(pr), form);
    assert!(of(8, OsvForm::Git).is_none(), "a mitigation fixes nothing");
    assert!(of(11, OsvForm::Git).is_none(), "it was never released");
    let git = json(&of(7, OsvForm::Git).unwrap());
    assert!(git["affected"][0].get("package").is_none());
    assert_eq!(
        git["affected"][0]["ranges"],
        record["affected"][0]["ranges"]
    );
}

#[test]
fn a_fix_that_left_for_the_stable_channel_is_still_there() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.release(1, &[7]);
    world.new_base("with the fix");
    world.superseded(7);
    world.release(2, &[]);
    let record = Osv::of(&world.facts, &site(), PrNumber(7), OsvForm::Git).unwrap();
    let events = json(&record)["affected"][0]["ranges"][0]["events"].clone();
    let fixed = sha("release 1");
    assert_eq!(
        events,
        json!([{"introduced": "0"}, {"fixed": fixed.as_str()}])
    );
}

#[test]
fn a_record_is_withdrawn_once_the_channel_turns_out_not_to_be_affected() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.release(1, &[7]);
    world.dismiss(7, DismissalKind::NotAffected);
    let withdrawn = |world: &World| {
        let record = Osv::of(&world.facts, &site(), PrNumber(7), OsvForm::Git);
        json(&record.unwrap()).get("withdrawn").cloned()
    };
    assert_eq!(withdrawn(&world), None, "servers still have it");
    world.release(2, &[]);
    assert_eq!(withdrawn(&world), Some(json!("2026-11-20T03:00:00Z")));
}

#[test]
fn a_reader_of_osv_files_finds_the_records() {
    let world = world();
    let records = Osv::all(&world.facts, &site(), OsvForm::Packages);
    let lines: Vec<_> = records.iter().map(|it| json(it).to_string()).collect();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.jsonl");
    fs::write(&file, lines.join("\n")).unwrap();
    let evidence = Evidence::new(Places {
        osv: vec![file],
        ..Places::default()
    });
    evidence.look();
    let known = evidence.known();
    let found = known.unnamed("mastodon", &[]);
    let ids: Vec<_> = found.iter().map(|it| it.id()).collect();
    assert_eq!(ids, ["x_PICKET-nixos-26.05-sec-7"]);
    assert_eq!(known.unnamed("curl", &[]).len(), 1);
}

#[test]
fn a_channel_states_each_kind_in_openvex() {
    let world = world();
    let statements = Statements::of(&world.facts);
    let document = OpenVex::of_channel(&world.facts, &site(), &statements);
    insta::assert_json_snapshot!("openvex", json(&document));
    let mastodon = Package::parse("mastodon").unwrap();
    let channels = [(&world.facts, &statements)];
    let none = Package::parse("none").unwrap();
    let packages = [&mastodon, &none].into_iter();
    let found = OpenVex::of_packages(&channels, &site(), packages);
    assert_eq!(found.len(), 1, "nothing is stated of the other");
    let one = json(&found[0].1);
    assert_eq!(one["statements"].as_array().unwrap().len(), 2);
    assert_eq!(
        one["@id"],
        "https://sec.example.org/vex/pkg:nix/nixpkgs/mastodon"
    );
}

#[test]
fn without_a_release_there_is_nothing_to_state() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    let statements = Statements::of(&world.facts);
    let document = OpenVex::of_channel(&world.facts, &site(), &statements);
    assert_eq!(json(&document)["statements"], json!([]));
    assert!(Osv::all(&world.facts, &site(), OsvForm::Git).is_empty());
}

#[test]
fn documents_lie_where_the_index_says() {
    let packages = ["gtk+", "python313Packages.a_b"].map(|it| Package::parse(it).unwrap());
    let at = picket_domain::Timestamp::from_unix(1_795_132_800);
    insta::assert_json_snapshot!(json(&VexIndex::new(at, packages.iter())), @r#"
    {
      "updated_at": "2026-11-20T00:00:00Z",
      "packages": [
        {
          "id": "pkg:nix/nixpkgs/gtk%2B",
          "location": "pkg/nix/nixpkgs/416f359b7c4dcf32305aee5bcfb77eecfdfb993fc485210aca624cd2cf4affb4/vex.json",
          "format": "openvex"
        },
        {
          "id": "pkg:nix/nixpkgs/python313Packages.a_b",
          "location": "pkg/nix/nixpkgs/python313Packages.a_b/vex.json",
          "format": "openvex"
        }
      ]
    }
    "#);
    assert_ne!(document_path(&packages[0]), document_path(&packages[1]));
}

#[test]
fn an_id_leads_back_to_its_pull_request_and_nothing_else_does() {
    let channel = world().facts.policy.channel;
    for pr in [PrNumber(7), PrNumber::own(3)] {
        assert_eq!(osv_pr(&channel, &osv_id(&channel, pr)), Some(pr));
    }
    for other in [
        "",
        "7",
        "x_PICKET-nixos-26.05-sec-",
        "x_PICKET-nixos-26.05-sec-07",
        "x_PICKET-nixos-26.05-sec-+7",
        "x_PICKET-nixos-26.05-7",
        "PICKET-nixos-26.05-sec-7",
    ] {
        assert_eq!(osv_pr(&channel, other), None, "{other}");
    }
}

/// Two fixes of one package, of which one is released: the other one's evaluation does not know of it.
#[test]
fn a_version_is_that_of_what_the_release_has() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.versions(7, "curl", "8.13.0", "8.14.0");
    world.opened(8, "curl", "CVE-2026-1002");
    world.versions(8, "curl", "8.13.0", "8.14.1");
    world.opened(9, "git", "CVE-2026-1003");
    world.versions(9, "git", "2.49.0", "2.49.1");
    let curl = Package::parse("curl").unwrap();
    let here = |world: &World, package: &Package| {
        let release = world.facts.current_release().unwrap();
        let versions = Versions::of(&world.facts, release);
        let candidates = world.facts.candidates.values().map(AsRef::as_ref);
        versions.here(package, candidates).map(str::to_owned)
    };
    world.release(1, &[7]);
    assert_eq!(here(&world, &curl).as_deref(), Some("8.14.0"));
    let git = Package::parse("git").unwrap();
    assert_eq!(here(&world, &git).as_deref(), Some("2.49.0"));
    let all = world.facts.candidates.values().map(AsRef::as_ref);
    let base = version_in_base(&world.facts, &curl, all);
    assert_eq!(base, Some("8.13.0"));
    world.release(2, &[7, 8]);
    assert_eq!(here(&world, &curl), None, "both change it");
    world.change(7, |it| it.head = sha("pushed"));
    world.release_in(3, &[], true);
    world.new_base("another");
    world.release(4, &[]);
    assert_eq!(here(&world, &git), None, "nobody evaluated that base");
}

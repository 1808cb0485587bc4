//! What is written, against the forms' own schemas: see the folder beside this file.

use jsonschema::Validator;
use picket_domain::Timestamp;
use serde_json::Value;

use super::forms::world;
use super::world::site;
use crate::{OpenVex, Osv, OsvForm, Statements, VexIndex, VexManifest};

fn schema(text: &str) -> Validator {
    let schema: Value = serde_json::from_str(text).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap()
}

/// What a schema has against a document: where, and the beginning of what.
fn faults(schema: &Validator, document: &impl serde::Serialize) -> Vec<String> {
    let document = serde_json::to_value(document).unwrap();
    let errors = schema.iter_errors(&document);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

const NONE: [&str; 0] = [];

#[test]
fn records_of_revisions_are_osv() {
    let schema = schema(include_str!("schemas/osv.json"));
    let records = Osv::all(&world().facts, &site(), OsvForm::Git);
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!(faults(&schema, &record), NONE);
    }
}

/// The schema lists the ecosystems that OSV itself gathers, and nixpkgs is none of them.
#[test]
fn records_of_packages_are_osv_but_for_the_ecosystem() {
    let schema = schema(include_str!("schemas/osv.json"));
    let records = Osv::all(&world().facts, &site(), OsvForm::Packages);
    assert_eq!(records.len(), 2);
    for record in records {
        let faults = faults(&schema, &record);
        let is_of_ecosystem = |it: &String| it.starts_with("/affected/0/package/ecosystem: ");
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults.iter().all(is_of_ecosystem), "{faults:?}");
    }
}

#[test]
fn statements_are_openvex() {
    let schema = schema(include_str!("schemas/openvex.json"));
    let facts = world().facts;
    let statements = Statements::of(&facts);
    let document = OpenVex::of_channel(&facts, &site(), &statements);
    assert_eq!(faults(&schema, &document), NONE);
    let channels = [(&facts, &statements)];
    for (_, document) in OpenVex::of_packages(&channels, &site(), statements.packages()) {
        assert_eq!(faults(&schema, &document), NONE);
    }
}

#[test]
fn the_repository_is_one() {
    let facts = world().facts;
    let statements = Statements::of(&facts);
    let packages = statements.packages();
    let index = VexIndex::new(Timestamp::from_unix(1_795_132_800), packages);
    let of_index = schema(include_str!("schemas/vex-index.json"));
    assert_eq!(faults(&of_index, &index), NONE);
    let archive = format!("{}/vex/repository.tar.gz", site().url);
    let manifest = VexManifest::new(&site(), archive);
    let of_manifest = schema(include_str!("schemas/vex-manifest.json"));
    assert_eq!(faults(&of_manifest, &manifest), NONE);
}

//! What the documents say of the source, and the directions in which crates may depend on each
//! other.
//!
//! Parts of the documents stand between `<!-- generated: NAME -->` and `<!-- end -->`; each is
//! compared with what the source says. `PICKET_UPDATE_DOCS=1 cargo test -p picket-tests --test
//! architecture` writes them anew.

mod circles;
mod lengths;
mod links;
mod sources;
mod unsafe_code;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use clap::CommandFactory;

/// What each crate may depend on, of our own crates.
const ARROWS: &[(&str, &[&str])] = &[
    ("picket-domain", &[]),
    ("picket-store", &["picket-domain"]),
    ("picket-snapshot", &["picket-domain", "picket-store"]),
    ("picket-recognise", &["picket-domain"]),
    ("picket-evidence", &["picket-domain"]),
    ("picket-statements", &["picket-domain"]),
    ("picket-watcher", &["picket-domain", "picket-recognise"]),
    ("picket-treemerge", &[]),
    ("picket-proposal", &["picket-treemerge"]),
    ("picket-mirror", &["picket-domain", "picket-treemerge"]),
    (
        "picket-impact",
        &[
            "picket-evaluator",
            "picket-files",
            "picket-nix",
            "picket-proposal",
        ],
    ),
    ("picket-lab", &["picket-treemerge"]),
    (
        "picket-merger",
        &["picket-domain", "picket-mirror", "picket-treemerge"],
    ),
    ("picket-files", &[]),
    ("picket-nix", &["picket-domain"]),
    ("picket-reads", &["picket-domain"]),
    (
        "picket-evaluator",
        &[
            "picket-domain",
            "picket-files",
            "picket-nix",
            "picket-reads",
        ],
    ),
    (
        "picket-builder",
        &[
            "picket-domain",
            "picket-evaluator",
            "picket-files",
            "picket-nix",
        ],
    ),
    ("picket-releaselog", &["picket-domain"]),
    (
        "picket-publisher",
        &["picket-domain", "picket-files", "picket-releaselog"],
    ),
    (
        "picket-signer",
        &[
            "picket-domain",
            "picket-files",
            "picket-publisher",
            "picket-releaselog",
        ],
    ),
    (
        "picket-bucket",
        &[
            "picket-domain",
            "picket-files",
            "picket-publisher",
            "picket-releaselog",
        ],
    ),
    (
        "picket-web",
        &[
            "picket-builder",
            "picket-domain",
            "picket-evidence",
            "picket-merger",
            "picket-proposal",
            "picket-publisher",
            "picket-recognise",
            "picket-snapshot",
            "picket-statements",
            "picket-store",
            "picket-treemerge",
        ],
    ),
    (
        "picket-reconcile",
        &[
            "picket-bucket",
            "picket-builder",
            "picket-domain",
            "picket-evidence",
            "picket-files",
            "picket-impact",
            "picket-merger",
            "picket-publisher",
            "picket-recognise",
            "picket-snapshot",
            "picket-store",
            "picket-watcher",
        ],
    ),
    ("picket-testkit", &[]),
    (
        "picket",
        &[
            "picket-bucket",
            "picket-builder",
            "picket-domain",
            "picket-evaluator",
            "picket-evidence",
            "picket-impact",
            "picket-lab",
            "picket-merger",
            "picket-proposal",
            "picket-publisher",
            "picket-recognise",
            "picket-reconcile",
            "picket-signer",
            "picket-snapshot",
            "picket-store",
            "picket-treemerge",
            "picket-watcher",
            "picket-web",
        ],
    ),
    (
        "picket-demo",
        &[
            "picket",
            "picket-domain",
            "picket-publisher",
            "picket-testkit",
        ],
    ),
    (
        "picket-tests",
        &["picket", "picket-demo", "picket-domain", "picket-testkit"],
    ),
    ("xtask", &[]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are in a folder of the workspace")
        .to_owned()
}

fn metadata() -> Metadata {
    let manifest = root().join("Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .expect("cargo knows the workspace")
}

/// Each crate's own crates that its shipped code depends on.
fn arrows(metadata: &Metadata) -> BTreeMap<String, Vec<String>> {
    let ours = |name: &str| name.starts_with("picket") || name == "xtask";
    let packages = metadata.packages.iter().map(|package| {
        let mut to: Vec<_> = package
            .dependencies
            .iter()
            .filter(|it| it.kind == DependencyKind::Normal && ours(&it.name))
            .map(|it| it.name.clone())
            .collect();
        to.sort();
        (package.name.to_string(), to)
    });
    packages.collect()
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    for (name, to) in arrows(&metadata()) {
        let allowed = allowed.get(name.as_str());
        let allowed = allowed.unwrap_or_else(|| panic!("{name} is not in the table of arrows"));
        for to in to {
            assert!(
                allowed.contains(&to.as_str()),
                "{name} must not depend on {to}"
            );
        }
    }
}

/// The domain must stay free of I/O and of async.
#[test]
fn the_domain_has_no_io() {
    let metadata = metadata();
    let domain = metadata
        .packages
        .iter()
        .find(|it| it.name.as_str() == "picket-domain")
        .unwrap();
    let normal = domain
        .dependencies
        .iter()
        .filter(|it| it.kind == DependencyKind::Normal);
    let names: Vec<_> = normal.map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["jiff", "serde", "serde_json", "sha2", "thiserror"]);
}

fn crates_table() -> String {
    let metadata = metadata();
    let arrows = arrows(&metadata);
    let mut table = "| package | what it is | depends on |\n|---|---|---|\n".to_owned();
    for (name, _) in ARROWS {
        let package = metadata
            .packages
            .iter()
            .find(|it| it.name.as_str() == *name)
            .expect("each crate in the table is in the workspace");
        let what = package
            .description
            .as_deref()
            .expect("each package is described");
        let to = arrows[*name].join(", ");
        writeln!(table, "| `{name}` | {what} | {to} |").expect("a text can be written to");
    }
    table
}

fn routes_table() -> String {
    let mut table = "| method | path | what for |\n|---|---|---|\n".to_owned();
    for route in picket_web::ROUTES {
        writeln!(
            table,
            "| {} | `{}` | {} |",
            route.method, route.path, route.what
        )
        .expect("a text can be written to");
    }
    table
}

fn keys_table() -> String {
    let mut table = "| key | what for |\n|---|---|\n".to_owned();
    for (key, what) in picket::config::KEYS {
        writeln!(table, "| `{key}` | {what} |").expect("a text can be written to");
    }
    table
}

fn commands_table() -> String {
    let mut table = "| command | what it does |\n|---|---|\n".to_owned();
    let picket = picket::cli::Cli::command();
    for command in picket.get_subcommands() {
        let about = command
            .get_about()
            .expect("each command is described")
            .to_string();
        writeln!(table, "| `picket {}` | {about} |", command.get_name())
            .expect("a text can be written to");
    }
    table
}

/// The text with the part of this name replaced; `None` where it has no such part.
fn with_part(text: &str, name: &str, part: &str) -> Option<String> {
    let start = format!("<!-- generated: {name} -->\n");
    let from = text.find(&start)? + start.len();
    let to = from + text[from..].find("<!-- end -->")?;
    Some(format!("{}{part}{}", &text[..from], &text[to..]))
}

#[test]
fn the_documents_are_true() {
    let update = std::env::var_os("PICKET_UPDATE_DOCS").is_some();
    let parts = [
        ("docs/architecture.md", "crates", crates_table()),
        ("docs/architecture.md", "routes", routes_table()),
        ("README.md", "commands", commands_table()),
        ("docs/configuration.md", "keys", keys_table()),
    ];
    for (file, name, part) in parts {
        let path = root().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = with_part(&text, name, &part);
        let expected = expected.unwrap_or_else(|| panic!("{file} has no part {name}"));
        if update {
            std::fs::write(&path, &expected).unwrap();
        }
        assert!(
            update || text == expected,
            "{file}: the part {name} is not what the source says"
        );
    }
}

//! The upstream repository, with one pull request, and the mirror of it.

use std::path::Path;

use picket_domain::{BranchName, CommitSha, PrNumber};
use picket_merger::{Fetched, Merger};

/// The mirror, and the upstream that it fetches from: nginx's pull request is in both.
pub(crate) fn mirror(dir: &Path) -> Merger {
    let upstream = dir.join("upstream");
    Merger::open(&dir.join("mirror.git"), upstream.to_str().unwrap()).unwrap()
}

/// Makes the upstream with one pull request, fetches it, and returns its head.
pub(crate) fn pull_request(dir: &Path, pr: PrNumber) -> CommitSha {
    let repo = git2::Repository::init_bare(dir.join("upstream")).unwrap();
    let base = commit(&repo, "refs/heads/master", &[], &[("package.nix", OLD)]);
    let files = [
        ("package.nix", NEW),
        ("http3.nix", "{\n  name = \"nginx-http3\";\n}\n"),
    ];
    let head = commit(&repo, &format!("refs/pull/{pr}/head"), &[base], &files);
    let head = CommitSha::parse(&head.to_string()).unwrap();
    let mirror = mirror(dir);
    mirror
        .fetch_branches(&[BranchName::parse("master").unwrap()])
        .unwrap();
    assert_eq!(
        mirror.fetch_pull_request(pr, &head).unwrap(),
        Fetched::Present
    );
    head
}

const OLD: &str = "{\n  lib,\n  fetchurl,\n  openssl,\n}:\n\nstdenv.mkDerivation rec {\n  pname = \"nginx\";\n  \
    version = \"1.28.0\";\n\n  src = fetchurl {\n    url = \"https://nginx.org/download/nginx-${version}.tar.gz\";\n    \
    hash = \"sha256-xrXGsIbA3508o/9eCEwdDvkJ5gOCy/OP7+cCnAYzCCY=\";\n  };\n\n  doCheck = false;\n}\n";

const NEW: &str = "{\n  lib,\n  fetchurl,\n  openssl,\n}:\n\nstdenv.mkDerivation rec {\n  pname = \"nginx\";\n  \
    version = \"1.28.1\";\n\n  src = fetchurl {\n    url = \"https://nginx.org/download/nginx-${version}.tar.gz\";\n    \
    hash = \"sha256-dHKHoqmYQPZRM+SMFcAbJCFTHuQYKVJ5C3cCV6ALyMM=\";\n  };\n\n  # <script>alert(2)</script>\n  doCheck = false;\n}\n";

fn commit(
    repo: &git2::Repository,
    reference: &str,
    parents: &[git2::Oid],
    files: &[(&str, &str)],
) -> git2::Oid {
    let mut tree = repo.treebuilder(None).unwrap();
    for (name, content) in files {
        let blob = repo.blob(content.as_bytes()).unwrap();
        tree.insert(name, blob, 0o100_644).unwrap();
    }
    let tree = repo.find_tree(tree.write().unwrap()).unwrap();
    let who = git2::Signature::new("M", "m@example.org", &git2::Time::new(0, 0)).unwrap();
    let parents: Vec<_> = parents
        .iter()
        .map(|id| repo.find_commit(*id).unwrap())
        .collect();
    let parents: Vec<_> = parents.iter().collect();
    repo.commit(
        Some(reference),
        &who,
        &who,
        "nginx: 1.28.0 -> 1.28.1",
        &tree,
        &parents,
    )
    .unwrap()
}

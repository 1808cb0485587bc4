//! A pick that nobody has approved yet, written so that its tree can be looked at.

use crate::support::*;
use picket_domain::{Form, ResolvedSet};
use picket_merger::Contents;

#[test]
fn what_is_picked_alone_has_the_tree_that_a_chain_would_have() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "release", |edit| {
        edit.line("pkgs/nginx.nix", "nginx line 1\n", "nginx line one\n");
    });
    upstream.branch("release", base);
    let head = upstream.commit(&[root], "openssl: 3.0.14 -> 3.0.15", |edit| {
        edit.line("pkgs/openssl.nix", "line 6", "line six");
    });
    let it = candidate(7, head);
    let chain = upstream.picked(base, &it);
    let merger = upstream.mirror(&[&it]);
    let alone = |base| {
        merger.pick_alone(
            &sha(base),
            &it,
            (&ResolvedSet::default(), &Form::AsIs),
            &Contents::new(),
        )
    };
    let picked = alone(base).unwrap().expect("it picks");
    let tree = |commit: &str| {
        git(
            &upstream.mirror_dir(),
            &["rev-parse", &format!("{commit}^{{tree}}")],
        )
    };
    assert_eq!(tree(picked.as_str()), tree(chain.last().unwrap().as_str()));
    assert_eq!(
        alone(base).unwrap(),
        Some(picked),
        "it is the same one again"
    );
    assert_eq!(alone(head).unwrap(), None, "the base has it");
}

#[test]
fn a_file_in_a_folders_place_is_picked() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "a folder", |edit| {
        edit.put("pkgs/it/default.nix", "{ }\n");
    });
    let head = upstream.commit(&[base], "a file", |edit| {
        edit.remove("pkgs/it/default.nix").put("pkgs/it", "{ }\n");
    });
    upstream.branch("release", base);
    let it = candidate(7, head);
    let chain = upstream.picked(base, &it);
    let picked = chain.last().expect("it picks");
    assert!(
        upstream
            .picked_files(picked)
            .0
            .contains_key(&b"pkgs/it"[..])
    );
}

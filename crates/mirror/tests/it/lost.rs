//! A mirror that was lost, and what is had back from where releases were pushed to.

use std::fs;

use git2::Repository;
use picket_domain::ReleaseName;
use picket_mirror::{Fetched, GitAddress, PushRefs, Pushed};

use crate::support::*;

#[test]
fn a_release_is_fetched_back_by_its_tag_or_its_id() {
    let (upstream, root) = Upstream::new();
    let remote = upstream.temp.path().join("remote.git");
    let there = Repository::init_bare(&remote).unwrap();
    let address = GitAddress::parse(remote.to_str().unwrap()).unwrap();
    let mirror = upstream.mirror(&[]);
    let rev = mirror.release_commit(None, &sha(root), "one").unwrap();
    let tag = ReleaseName::parse("nixos-26.05.1.abc").unwrap();
    let refs = PushRefs {
        branch: branch("sec"),
        rev: rev.clone(),
        tags: vec![(tag.clone(), rev.clone())],
    };
    assert_eq!(mirror.push_refs(&address, &refs).unwrap(), Pushed::Pushed);

    for remove_tag in [false, true] {
        fs::remove_dir_all(upstream.mirror_dir()).unwrap();
        let mirror = upstream.mirror(&[]);
        assert!(!mirror.has_commit(&rev).unwrap());
        if remove_tag {
            let name = format!("refs/tags/{tag}");
            there.find_reference(&name).unwrap().delete().unwrap();
        }
        let fetched = mirror.fetch_release(&address, &tag, &rev).unwrap();
        assert_eq!(fetched, Fetched::Present);
        assert!(mirror.has_commit(&rev).unwrap());
        let kept = upstream.mirror_repo();
        let kept = kept.refname_to_id(&format!("refs/tags/{tag}")).unwrap();
        assert_eq!(sha(kept), rev);
        // It is a function of tree, parents and message: what is not to be had can be made again.
        assert_eq!(mirror.release_commit(None, &sha(root), "one").unwrap(), rev);
    }
    let absent = sha(git2::Oid::from_str(&"d".repeat(40)).unwrap());
    let fetched = mirror.fetch_release(&address, &tag, &absent).unwrap();
    assert_eq!(fetched, Fetched::Gone);
}

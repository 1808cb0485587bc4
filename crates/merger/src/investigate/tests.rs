//! An investigation that has no time. What it finds otherwise is tested from outside.

use git2::{Oid, Repository, Signature};
use picket_domain::{BranchName, Login, Timestamp, UpstreamState};

use super::*;
use picket_mirror::sha;

fn commit(repo: &Repository, parent: Option<Oid>, text: &str) -> Oid {
    let mut tree = repo.treebuilder(None).unwrap();
    let blob = repo.blob(text.as_bytes()).unwrap();
    tree.insert("file", blob, 0o100_644).unwrap();
    let tree = repo.find_tree(tree.write().unwrap()).unwrap();
    let parents: Vec<_> = parent
        .map(|id| repo.find_commit(id).unwrap())
        .into_iter()
        .collect();
    let parents: Vec<_> = parents.iter().collect();
    let who = Signature::now("Ada", "ada@example.org").unwrap();
    repo.commit(None, &who, &who, "change", &tree, &parents)
        .unwrap()
}

fn candidate(head: Oid) -> Candidate {
    let at = Timestamp::from_unix(0);
    Candidate {
        pr: PrNumber(7),
        title: String::new(),
        body: String::new(),
        author: Login::parse("ada").unwrap(),
        author_id: None,
        head: sha(head),
        base_branch: BranchName::parse("master").unwrap(),
        url: String::new(),
        labels: Vec::new(),
        named: Vec::new(),
        upstream: UpstreamState::Open,
        is_draft: false,
        details: None,
        opened_at: at,
        updated_at: at,
    }
}

#[test]
fn what_there_is_no_time_for_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = Merger::open(&folder.path().join("mirror.git"), "/nowhere").unwrap();
    let repo = mirror.repository().unwrap();
    let root = commit(&repo, None, "one\n");
    let before = commit(&repo, Some(root), "two\n");
    let release = sha(commit(&repo, Some(root), "ours\n"));
    let asked = candidate(commit(&repo, Some(before), "three\n"));
    repo.reference("refs/branches/master", before, true, "")
        .unwrap();

    let (none, contents) = (ResolvedSet::default(), Contents::new());
    let snapshot = mirror.snapshot().unwrap();
    let bench = Bench::new(&mirror, &snapshot, &contents, &release).unwrap();
    let asked = bench.whole(&asked, &none).unwrap().expect("it is there");
    let attempt = asked.attempt(&mut bench.chain()).unwrap();
    let conflicted = conflicted(&snapshot, &attempt)
        .unwrap()
        .expect("it conflicts");
    let case = Case {
        snapshot: &snapshot,
        bench: &bench,
        asked: &asked,
        watched: BTreeMap::new(),
    };
    let hurried = case.investigate(&conflicted, Duration::ZERO).unwrap();
    let nothing = Investigation {
        is_cut_short: true,
        ..Investigation::default()
    };
    assert_eq!(hurried, nothing);
    let said = case.investigate(&conflicted, TIME).unwrap();
    assert_eq!((said.base_side.len(), said.prerequisites.len()), (1, 1));
    assert!(!said.is_cut_short);
}

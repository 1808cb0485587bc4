//! Making and opening the mirror, and what happens when it is damaged.

use std::fs;

use picket_merger::{MergeError, Mirror};

use crate::support::*;

#[test]
fn opening_again_keeps_everything() {
    let (upstream, root) = Upstream::new();
    upstream.mirror(&[]);
    let again = upstream.empty_mirror();
    assert_eq!(
        again.branch_tip(&branch("master")).unwrap(),
        Some(sha(root))
    );
}

#[test]
fn a_mirror_that_was_half_made_is_made_anew() {
    let (upstream, _) = Upstream::new();
    let half = upstream.temp.path().join("mirror.git.new");
    fs::create_dir_all(half.join("objects")).unwrap();
    fs::write(half.join("config.lock"), "").unwrap();
    fs::create_dir(upstream.mirror_dir()).unwrap();
    assert!(
        upstream
            .empty_mirror()
            .branch_tip(&branch("master"))
            .is_ok()
    );
    assert!(!half.exists());
}

#[test]
fn a_folder_with_other_things_is_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("thesis.tex"), "years of work").unwrap();
    let error = Mirror::open(temp.path(), "https://github.com/NixOS/nixpkgs").unwrap_err();
    assert!(matches!(error, MergeError::NotAMirror(_)), "{error}");
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn an_address_that_runs_a_command_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let proof = temp.path().join("proof");
    let url = format!("ext::touch {}", proof.display());
    let error = Mirror::open(&temp.path().join("m"), &url).unwrap_err();
    assert!(matches!(error, MergeError::RemoteRefused { .. }), "{error}");
    assert!(!proof.exists());
}

#[test]
fn a_lost_object_is_an_error_that_says_what_to_do() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "release", |edit| {
        edit.put("base", "x");
    });
    upstream.branch("release", base);
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("fix", "x");
    });
    let pr = candidate(1, head);
    let mirror = upstream.mirror(&[&pr]);
    let tree = upstream
        .repo
        .find_commit(base)
        .unwrap()
        .tree_id()
        .to_string();
    let object = upstream
        .mirror_dir()
        .join("objects")
        .join(&tree[..2])
        .join(&tree[2..]);
    fs::remove_file(&object).unwrap();
    let error = try_assess(&mirror, base, &pr).unwrap_err();
    assert!(matches!(error, MergeError::Object(_)), "{error}");
    assert!(error.to_string().contains(&tree), "{error}");
    assert!(
        error.to_string().contains("move the mirror's folder away"),
        "{error}"
    );
    // What a power cut leaves.
    fs::write(&object, [0; 40]).unwrap();
    let error = try_assess(&mirror, base, &pr).unwrap_err();
    assert!(matches!(error, MergeError::Object(_)), "{error}");
}

#[test]
fn clones_work_at_the_same_time() {
    let (upstream, root) = Upstream::new();
    let heads: Vec<_> = (1..=4)
        .map(|n: u64| {
            let head = upstream.commit(&[root], "fix", |edit| {
                edit.put(format!("fix{n}"), "x");
            });
            candidate(n, head)
        })
        .collect();
    let mirror = upstream.mirror(&heads.iter().collect::<Vec<_>>());
    let threads: Vec<_> = heads
        .into_iter()
        .map(|candidate| {
            let mirror = mirror.clone();
            std::thread::spawn(move || {
                let chain = spec(root, vec![pick(&candidate)]);
                let known = [(candidate.pr, candidate.clone())].into();
                let made = assembled(&mirror, &chain, &known);
                assert_eq!(assembled(&mirror, &chain, &known), made);
                made.applied().count()
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 1);
    }
}

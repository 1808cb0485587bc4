//! Making and opening the mirror, and what happens when it is damaged.

use std::fs;

use picket_mirror::{Mirror, MirrorError};

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
    assert!(matches!(error, MirrorError::NotAMirror(_)), "{error}");
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn an_address_that_runs_a_command_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let proof = temp.path().join("proof");
    let url = format!("ext::touch {}", proof.display());
    let error = Mirror::open(&temp.path().join("m"), &url).unwrap_err();
    assert!(matches!(error, MirrorError::Address(_)), "{error}");
    assert!(!proof.exists());
}

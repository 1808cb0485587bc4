//! What history says of a conflict.

mod files;
mod world;

use git2::Oid;
use picket_domain::{
    Candidate, ChangeKind, Details, FileChange, Investigation, Prerequisite, Together,
};

use self::world::{FILE_NAME, World};
use crate::support::*;

/// A list's pull requests, commits and outcomes.
fn told(prerequisites: &[Prerequisite]) -> Vec<(Option<u64>, Vec<Oid>, Together)> {
    let told = prerequisites.iter().map(|it| {
        let commits = it.commits.iter().map(|commit| oid(&commit.sha)).collect();
        assert!(it.commits.iter().all(|commit| commit.pr == it.pr));
        (it.pr.map(|pr| pr.0), commits, it.together.clone())
    });
    told.collect()
}

fn base_side(said: &Investigation) -> Vec<(Oid, Option<u64>)> {
    let commits = said.base_side.iter();
    commits
        .map(|it| (oid(&it.sha), it.pr.map(|pr| pr.0)))
        .collect()
}

fn in_file() -> Vec<String> {
    vec![FILE_NAME.to_owned()]
}

#[test]
fn a_pick_that_applies_has_nothing_to_be_said_of() {
    let mut world = World::new();
    world.release_change("elsewhere", "line 1", "line one");
    let head = world.change(world.master, "fix", "line 6", "line six");
    assert_eq!(world.investigate(head), Investigation::default());
}

#[test]
fn the_one_pull_request_that_is_missing_is_named() {
    let mut world = World::new();
    world.release_change("other lines of the release", "line 1", "line one");
    world.merged_change(40, "line 12", "line twelve");
    let missing = world.merged_change(41, "line 6", "line six");
    world.merged_change(42, "line 9", "line nine");
    let head = world.change(world.master, "fix", "line six", "line 6b");
    let said = world.investigate(head);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(41), vec![missing], Together::Clean)]
    );
    let commit = &said.prerequisites[0].commits[0];
    assert_eq!(
        (
            commit.subject.as_str(),
            commit.author.as_str(),
            commit.path.as_str()
        ),
        ("change 41", "Ada Lovelace", FILE_NAME)
    );
    assert_eq!(base_side(&said), []);
    assert!(!said.is_cut_short);
}

#[test]
fn all_commits_of_the_missing_pull_request_are_picked() {
    let mut world = World::new();
    let first = world.change(world.master, "one", "line 6", "line six");
    let second = world.upstream.commit(&[first], "two", |edit| {
        edit.line("pkgs/nginx.nix", "line 6\n", "line six\n");
    });
    world.merge(41, second);
    let head = world.upstream.commit(&[world.master], "fix", |edit| {
        edit.line(FILE_NAME, "line six\n", "line 6b\n");
        edit.line("pkgs/nginx.nix", "line six\n", "line 6b\n");
    });
    let said = world.investigate(head);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(41), vec![first, second], Together::Clean)]
    );
}

#[test]
fn each_of_a_row_is_told_and_the_last_helps_after_the_first() {
    let mut world = World::new();
    let first = world.merged_change(41, "line 6", "line six");
    let second = world.merged_change(42, "line six", "line VI");
    let head = world.change(world.master, "fix", "line VI", "line 6b");
    let said = world.investigate(head);
    let still = Together::StillConflicts { paths: in_file() };
    assert_eq!(
        told(&said.prerequisites),
        [
            (Some(41), vec![first], still),
            (Some(42), vec![second], Together::CleanAfterEarlier)
        ]
    );
}

#[test]
fn what_does_not_apply_itself_is_said_with_its_files() {
    let mut world = World::new();
    world.release_change("the release's own", "line 6", "line VI");
    let missing = world.merged_change(41, "line 6", "line six");
    let head = world.change(world.master, "fix", "line six", "line 6b");
    let said = world.investigate(head);
    let conflicts = Together::PrerequisiteConflicts { paths: in_file() };
    assert_eq!(
        told(&said.prerequisites),
        [(Some(41), vec![missing], conflicts)]
    );
    assert_eq!(base_side(&said), [(world.release, None)]);
}

#[test]
fn a_squashed_pull_request_is_known_by_its_subject() {
    let mut world = World::new();
    world.master = world.change(world.master, "openssl: six (#43)", "line 6", "line six");
    let head = world.change(world.master, "fix", "line six", "line 6b");
    let said = world.investigate(head);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(43), vec![world.master], Together::Clean)]
    );
}

#[test]
fn a_subject_cannot_put_a_commit_into_a_watched_pull_request() {
    let mut world = World::new();
    let other = candidate(
        43,
        world.change(world.master, "other", "line 12", "line twelve"),
    );
    world.master = world.change(world.master, "openssl: six (#43)", "line 6", "line six");
    let head = world.change(world.master, "fix", "line six", "line 6b");
    let said = world.investigate_watching(head, &[other]);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(43), vec![world.master], Together::Clean)],
        "the commit was tried, and not the other pull request"
    );
}

#[test]
fn a_pull_request_is_found_below_the_merge_of_its_branch() {
    let mut world = World::new();
    let head = world.change(world.master, "one", "line 6", "line six");
    let into = world
        .upstream
        .commit(&[world.master], "on staging", |edit| {
            edit.put("staging", "1");
        });
    let staging = world
        .upstream
        .merge(into, head, "Merge pull request #45 from ada/six");
    world.master = world.upstream.commit(&[world.master], "x", |edit| {
        edit.put("x", "1");
    });
    world.master = world
        .upstream
        .merge(world.master, staging, "Merge branch 'staging'");
    let fix = world.change(world.master, "fix", "line six", "line 6b");
    let said = world.investigate(fix);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(45), vec![head], Together::Clean)]
    );
}

#[test]
fn commits_of_the_base_that_touched_the_lines_are_listed_youngest_first() {
    let mut world = World::new();
    let one = world.change(world.release, "one", "line 6", "line six");
    world.release = world
        .upstream
        .merge(world.release, one, "openssl: six (#51)");
    world.release_change("elsewhere", "line 12", "line twelve");
    let two = world.release_change("two (#52)", "line six", "line VI");
    let head = world.change(world.master, "fix", "line 6", "line 6b");
    let said = world.investigate(head);
    assert_eq!(base_side(&said), [(two, Some(52)), (one, Some(51))]);
    assert_eq!(said.prerequisites, []);
}

#[test]
fn what_the_base_picked_already_is_not_missing() {
    let mut world = World::new();
    let first = world.merged_change(41, "line 6", "line six");
    let line = format!("change 41\n\n(cherry picked from commit {first})\n");
    world.release_change(&line, "line 6", "line six");
    let second = world.merged_change(42, "line six", "line VI");
    let head = world.change(world.master, "fix", "line VI", "line 6b");
    let said = world.investigate(head);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(42), vec![second], Together::Clean)]
    );
    assert_eq!(base_side(&said), [(world.release, None)]);
}

#[test]
fn what_the_base_picked_as_a_merge_is_not_missing() {
    let mut world = World::new();
    world.merged_change(41, "line 6", "line six");
    let merge = world.master;
    world.merged_change(42, "line six", "line VI");
    let line = format!("six\n\n(cherry picked from commit {merge})\n");
    world.release_change(&line, "line 6", "line 6, by hand");
    let head = world.change(world.master, "fix", "line VI", "line 6b");
    let said = world.investigate(head);
    let missing: Vec<_> = said.prerequisites.iter().map(|it| it.pr).collect();
    assert_eq!(missing, [Some(picket_domain::PrNumber(42))]);
}

#[test]
fn what_the_base_has_without_a_line_that_says_so_is_not_missing_either() {
    let mut world = World::new();
    world.merged_change(41, "line 6", "line six");
    world.release_change("the same by hand", "line 6", "line six");
    let second = world.merged_change(42, "line six", "line VI");
    let head = world.change(world.master, "fix", "line VI", "line 6b");
    let said = world.investigate(head);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(42), vec![second], Together::Clean)]
    );
}

#[test]
fn a_pull_requests_own_commits_are_no_prerequisites_of_it() {
    let mut world = World::new();
    let missing = world.merged_change(41, "line 6", "line six");
    let own = world.change(world.master, "own", "line 3", "line three");
    let head = world.upstream.commit(&[own], "fix", |edit| {
        for (from, to) in [
            ("line three", "line 3b"),
            ("line 4", "line 4b"),
            ("line 5", "line 5b"),
            ("line six", "line 6b"),
        ] {
            edit.line(FILE_NAME, &format!("{from}\n"), &format!("{to}\n"));
        }
    });
    let said = world.investigate(head);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(41), vec![missing], Together::Clean)]
    );
    assert_eq!(base_side(&said), []);
}

#[test]
fn a_watched_pull_request_that_history_does_not_name_is_tried() {
    let mut world = World::new();
    let ours = world.release_change("ours", "line 6", "line VI");
    let head = world.change(world.master, "fix", "line 6", "line 6b");
    let changing = |path: &str| {
        let file = FileChange {
            path: path.to_owned(),
            change: ChangeKind::Modified,
            additions: 1,
            deletions: 1,
        };
        Some(Details {
            files: vec![file],
            ..Details::default()
        })
    };
    let back = world.change(world.release, "back", "line VI", "line 6");
    let helps = Candidate {
        base_branch: branch("release"),
        details: changing(FILE_NAME),
        ..candidate(60, back)
    };
    let same = Candidate {
        details: changing(FILE_NAME),
        ..candidate(
            61,
            world.change(world.master, "same", "line 9", "line nine"),
        )
    };
    let elsewhere = Candidate {
        details: changing("pkgs/nginx.nix"),
        ..helps.clone()
    };
    let elsewhere = Candidate {
        pr: picket_domain::PrNumber(59),
        ..elsewhere
    };
    let said = world.investigate_watching(head, &[helps, same, elsewhere]);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(60), vec![back], Together::Clean)]
    );
    assert_eq!(base_side(&said), [(ours, None)]);
}

#[test]
fn a_watched_pull_request_is_known_by_its_commits() {
    let mut world = World::new();
    let first = world.change(world.master, "one", "line 6", "line six");
    world.master = world.upstream.merge(world.master, first, "Merge it");
    let other = listing(&merged(&candidate(46, first), Some(world.master)), &[first]);
    let head = world.change(world.master, "fix", "line six", "line 6b");
    let said = world.investigate_watching(head, &[other]);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(46), vec![first], Together::Clean)]
    );
}

#[test]
fn no_more_than_a_page_is_told_and_that_there_was_more() {
    let mut world = World::new();
    let mut line = "line 6".to_owned();
    for n in 0..25 {
        let next = format!("line six {n}");
        let message = format!("{}\x1b[31m{n}", "long ".repeat(100));
        world.master = world.change(world.master, &message, &line, &next);
        line = next;
    }
    let head = world.change(world.master, "fix", &line, "line 6b");
    let said = world.investigate(head);
    assert_eq!(said.prerequisites.len(), 20);
    assert!(said.is_cut_short);
    for it in &said.prerequisites {
        let subject = &it.commits[0].subject;
        assert_eq!(subject.chars().count(), 200);
        assert!(!subject.chars().any(char::is_control));
    }
    let unknown = |it: &&Prerequisite| it.together == Together::Unknown;
    assert_eq!(said.prerequisites.iter().filter(unknown).count(), 12);
}

//! Conflicts that a person resolves with git, and pushes.

use std::fs;
use std::path::{Path, PathBuf};

use git2::Oid;
use picket_domain::{Candidate, CommitSha, PickOutcome};
use picket_merger::{GitAddress, MergeError, Merger, MirrorError, PushedResolution};

use crate::resolutions::Resolutions;
use crate::support::*;

const PATH: &str = "pkgs/openssl.nix";

/// A pull request of three commits, of which the second and the third conflict with the release.
struct World {
    upstream: Upstream,
    mirror: Merger,
    base: Oid,
    commits: [Oid; 3],
    pr: Candidate,
}

/// A person's clone of the mirror, and the repository that is pushed to.
struct Person {
    clone: PathBuf,
    fork: PathBuf,
}

impl World {
    fn new() -> Self {
        let (upstream, root) = Upstream::new();
        let base = upstream.commit(&[root], "ours", |edit| {
            edit.line(PATH, "line 6", "line VI")
                .line("pkgs/nginx.nix", "line 6", "line VI");
        });
        upstream.branch("release", base);
        let one = upstream.commit(&[root], "one", |edit| {
            edit.put("one", "x");
        });
        let two = upstream.commit(&[one], "two", |edit| {
            edit.line(PATH, "line 6", "line six")
                .line("pkgs/mastodon.nix", "line 2\n", "two\n");
        });
        let three = upstream.commit(&[two], "three", |edit| {
            edit.line("pkgs/nginx.nix", "line 6", "line six")
                .line(PATH, "line 12", "line XII");
        });
        let pr = candidate(7, three);
        let mirror = upstream.mirror(&[&pr]);
        Self {
            upstream,
            mirror,
            base,
            commits: [one, two, three],
            pr,
        }
    }

    fn person(&self, onto: &str) -> Person {
        let at = |name: &str| self.upstream.temp.path().join(name);
        let (clone, fork) = (at("clone"), at("fork.git"));
        let top = self.upstream.temp.path();
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let mirror = path(&self.upstream.mirror_dir());
        git(
            top,
            &["clone", "--quiet", "--no-checkout", &mirror, &path(&clone)],
        );
        git(top, &["init", "--quiet", "--bare", &path(&fork)]);
        git(
            &clone,
            &["fetch", "--quiet", "origin", "+refs/*:refs/all/*"],
        );
        git(&clone, &["checkout", "--quiet", "-b", "by-hand", onto]);
        Person { clone, fork }
    }

    fn read(
        &self,
        person: &Person,
        resolutions: &Resolutions,
    ) -> Result<PushedResolution, MergeError> {
        let base = sha(self.base);
        self.read_onto(person, &base, resolutions)
    }

    fn read_onto(
        &self,
        person: &Person,
        onto: &CommitSha,
        resolutions: &Resolutions,
    ) -> Result<PushedResolution, MergeError> {
        let (remote, branch) = (address(person.fork.to_str().unwrap()), branch("by-hand"));
        let Resolutions { set, contents } = resolutions;
        let base = sha(self.base);
        self.mirror
            .pushed_resolution(&remote, &branch, &base, onto, &self.pr, set, contents)
    }
}

impl Person {
    /// Picks a commit, which conflicts if there is something to resolve: a file and its content.
    fn pick(&self, commit: Oid, resolve: &[(&str, &str)]) {
        let output = try_git(&self.clone, &["cherry-pick", "-x", &commit.to_string()]);
        assert_eq!(output.status.success(), resolve.is_empty(), "{output:?}");
        if resolve.is_empty() {
            return;
        }
        for (path, content) in resolve {
            fs::write(self.clone.join(path), content).unwrap();
        }
        git(&self.clone, &["add", "--all"]);
        git(
            &self.clone,
            &["-c", "core.editor=true", "cherry-pick", "--continue"],
        );
    }

    fn push(&self) -> CommitSha {
        let fork = self.fork.to_str().unwrap();
        git(
            &self.clone,
            &[
                "push",
                "--quiet",
                "--force",
                fork,
                "HEAD:refs/heads/by-hand",
            ],
        );
        CommitSha::parse(git(&self.clone, &["rev-parse", "HEAD"]).trim()).unwrap()
    }

    fn tree(&self, rev: &CommitSha) -> Oid {
        let tree = git(&self.clone, &["rev-parse", &format!("{rev}^{{tree}}")]);
        Oid::from_str(tree.trim()).unwrap()
    }
}

fn openssl(line: &str) -> String {
    text("openssl", 12).replace("line 6", line)
}

fn resolutions(pr: &Candidate, pushed: &[&PushedResolution]) -> Resolutions {
    let files = pushed.iter().flat_map(|it| it.files.clone()).collect();
    let contents = pushed.iter().flat_map(|it| it.contents.clone()).collect();
    Resolutions::of(pr, files, contents)
}

#[test]
fn the_commit_that_resolves_is_read_and_the_pick_becomes_it() {
    let world = World::new();
    let [one, two, _] = world.commits;
    let person = world.person(&world.base.to_string());
    person.pick(one, &[]);
    person.pick(two, &[(PATH, &openssl("line six, VI"))]);
    let rev = person.push();
    let pushed = world.read(&person, &Resolutions::default()).unwrap();
    assert_eq!((&pushed.rev, &pushed.commit), (&rev, &sha(two)));
    let [file] = pushed.files.as_slice() else {
        panic!("one file, not {:?}", pushed.files);
    };
    assert_eq!(file.path, PATH);
    let content = &pushed.contents[&file.result.as_ref().unwrap().content];
    assert_eq!(*content, openssl("line six, VI").into_bytes());

    let half = Candidate {
        head: sha(two),
        ..world.pr.clone()
    };
    let resolved = resolutions(&half, &[&pushed]);
    let outcome = world
        .upstream
        .resolved_outcome(world.base, &half, &resolved);
    let PickOutcome::Picked { commits, .. } = outcome else {
        panic!("not picked: {outcome:?}");
    };
    let repo = world.upstream.mirror_repo();
    let tree = repo.find_commit(oid(&commits[1].commit)).unwrap().tree_id();
    assert_eq!(tree, person.tree(&rev), "what the person made");
}

#[test]
fn conflicts_of_a_whole_pull_request_are_read_one_after_the_other() {
    let world = World::new();
    let [one, two, three] = world.commits;
    let person = world.person(&world.base.to_string());
    person.pick(one, &[]);
    person.pick(two, &[(PATH, &openssl("line six, VI"))]);
    let nginx = text("nginx", 12).replace("line 6", "line VI, six");
    person.pick(three, &[("pkgs/nginx.nix", &nginx)]);
    let tip = person.push();
    let first = world.read(&person, &Resolutions::default()).unwrap();
    assert_eq!(first.commit, sha(two));
    assert_ne!(
        first.rev, tip,
        "the third commit changes the same file once more"
    );
    let second = world
        .read(&person, &resolutions(&world.pr, &[&first]))
        .unwrap();
    assert_eq!((second.commit, &second.rev), (sha(three), &tip));
    let all = resolutions(
        &world.pr,
        &[
            &first,
            &PushedResolution {
                commit: sha(three),
                ..second
            },
        ],
    );
    let outcome = world.upstream.resolved_outcome(world.base, &world.pr, &all);
    let PickOutcome::Picked { commits, .. } = outcome else {
        panic!("not picked: {outcome:?}");
    };
    let repo = world.upstream.mirror_repo();
    let tree = repo.find_commit(oid(&commits[2].commit)).unwrap().tree_id();
    assert_eq!(tree, person.tree(&tip));
    let error = world.read(&person, &all).unwrap_err();
    assert!(
        matches!(error, MergeError::NothingToResolve { .. }),
        "{error}"
    );
}

#[test]
fn what_conflicts_with_a_pick_before_it_is_resolved_on_that() {
    let mut world = World::new();
    let other = world.upstream.commit(&[world.base], "other", |edit| {
        edit.put("other", "x");
    });
    let other = candidate(8, other);
    world.pr.head = sha(world.commits[1]);
    let assembly = world.upstream.assemble(world.base, &[&other, &world.pr]);
    let tip = assembly.tip(&world.pr.head).clone();
    let person = world.person(tip.as_str());
    person.pick(world.commits[0], &[]);
    person.pick(world.commits[1], &[(PATH, "mine\n")]);
    person.push();
    let none = Resolutions::default();
    let pushed = world.read_onto(&person, &tip, &none).unwrap();
    assert_eq!(
        pushed.contents.into_values().collect::<Vec<_>>(),
        [b"mine\n"]
    );
    let error = world.read(&person, &none).unwrap_err();
    assert!(
        matches!(&error, MergeError::NotAResolution { paths, .. } if *paths == ["other"]),
        "{error}"
    );
}

#[test]
fn a_file_can_be_resolved_by_taking_it_out() {
    let world = World::new();
    let [one, two, _] = world.commits;
    let person = world.person(&world.base.to_string());
    person.pick(one, &[]);
    try_git(&person.clone, &["cherry-pick", &two.to_string()]);
    git(&person.clone, &["rm", "--quiet", "--force", PATH]);
    git(
        &person.clone,
        &["commit", "--quiet", "-m", "two, without openssl"],
    );
    person.push();
    let pushed = world.read(&person, &Resolutions::default()).unwrap();
    assert_eq!(pushed.files[0].result, None);
    assert!(pushed.contents.is_empty());
}

#[test]
fn a_commit_that_changes_more_is_refused_and_names_it() {
    let world = World::new();
    let [one, two, _] = world.commits;
    let person = world.person(&world.base.to_string());
    person.pick(one, &[]);
    fs::write(person.clone.join("slipped-in"), "evil").unwrap();
    person.pick(two, &[(PATH, &openssl("line six"))]);
    let rev = person.push();
    let error = world.read(&person, &Resolutions::default()).unwrap_err();
    let MergeError::NotAResolution {
        rev: told, paths, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(
        (told, paths.as_slice()),
        (&rev, ["slipped-in".to_owned()].as_slice())
    );
    let said = error.to_string();
    assert!(
        said.contains("slipped-in") && said.contains(&sha(two).to_string()),
        "{said}"
    );

    let clean_part_missing = world.person_again();
    clean_part_missing.pick(one, &[]);
    let mastodon = text("mastodon", 12);
    clean_part_missing.pick(two, &[(PATH, "x\n"), ("pkgs/mastodon.nix", &mastodon)]);
    clean_part_missing.push();
    let error = world
        .read(&clean_part_missing, &Resolutions::default())
        .unwrap_err();
    assert!(error.to_string().contains("pkgs/mastodon.nix"), "{error}");
}

#[test]
fn a_branch_that_resolves_nothing_is_refused() {
    let world = World::new();
    let person = world.person(&world.base.to_string());
    person.pick(world.commits[0], &[]);
    person.push();
    let error = world.read(&person, &Resolutions::default()).unwrap_err();
    assert!(
        matches!(error, MergeError::NotAResolution { .. }),
        "{error}"
    );
}

#[test]
fn markers_that_are_left_are_refused() {
    let world = World::new();
    let [one, two, _] = world.commits;
    let person = world.person(&world.base.to_string());
    person.pick(one, &[]);
    let left = openssl("<<<<<<< HEAD\nline VI\n=======\nline six\n>>>>>>> two");
    person.pick(two, &[(PATH, &left)]);
    person.push();
    let error = world.read(&person, &Resolutions::default()).unwrap_err();
    assert!(
        matches!(&error, MergeError::MarkersLeft { paths, .. } if *paths == [PATH]),
        "{error}"
    );
}

#[test]
fn a_branch_that_cannot_be_had_is_an_error() {
    let world = World::new();
    let person = world.person(&world.base.to_string());
    let error = world.read(&person, &Resolutions::default()).unwrap_err();
    assert!(
        matches!(error, MergeError::Mirror(MirrorError::NoBranch { .. })),
        "{error}"
    );
}

fn address(text: &str) -> GitAddress {
    GitAddress::parse(text).unwrap()
}

impl World {
    /// The same person, from the start.
    fn person_again(&self) -> Person {
        for name in ["clone", "fork.git"] {
            fs::remove_dir_all(self.upstream.temp.path().join(name)).unwrap();
        }
        self.person(&self.base.to_string())
    }
}

//! An original and its port, where the team approves both.

use git2::Oid;
use picket_domain::{Candidate, ContainedBy, PickOutcome};

use crate::support::*;

const BY_OTHER: PickOutcome = PickOutcome::Contained {
    by: ContainedBy::OtherPick,
};

/// A fix of a development branch, and its port to a release's, with this content.
struct World {
    upstream: Upstream,
    base: Oid,
    original: Candidate,
    port: Candidate,
}

fn world(ported: &str) -> World {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "on the release's branch", |edit| {
        edit.put("elsewhere", "x");
    });
    upstream.branch("release", base);
    let fix = upstream.commit(&[root], "fix", |edit| {
        edit.line("pkgs/openssl.nix", "line 6", "line six");
    });
    let message = format!("fix\n\n(cherry picked from commit {fix})\n");
    let pick = upstream.commit(&[base], &message, |edit| {
        edit.line("pkgs/openssl.nix", "line 6", ported);
    });
    World {
        original: candidate(1, fix),
        port: Candidate {
            base_branch: branch("release"),
            ..candidate(2, pick)
        },
        upstream,
        base,
    }
}

impl World {
    /// What comes of the second of two that are approved.
    fn second(&self, order: [&Candidate; 2]) -> PickOutcome {
        let assembly = self.upstream.assemble(self.base, &order);
        let [first, second] = assembly.picks.as_slice() else {
            panic!("two picks, not {assembly:?}");
        };
        assert!(matches!(first.outcome, PickOutcome::Picked { .. }));
        second.outcome.clone()
    }
}

#[test]
fn whichever_comes_second_is_there_already() {
    let world = world("line six");
    let (original, port) = (&world.original, &world.port);
    assert_eq!(world.second([original, port]), BY_OTHER);
    assert_eq!(world.second([port, original]), BY_OTHER);
}

#[test]
fn a_port_that_was_edited_is_no_copy_and_is_set_aside() {
    let world = world("line 6, the old way");
    let (original, port) = (&world.original, &world.port);
    for order in [[original, port], [port, original]] {
        let second = world.second(order);
        assert!(matches!(second, PickOutcome::Conflict { .. }), "{second:?}");
    }
}

#[test]
fn what_commits_say_that_they_were_picked_from_is_read() {
    let world = world("line six");
    let mirror = world.upstream.mirror(&[&world.original, &world.port]);
    let read = |of: &Candidate| {
        let details = mirror.details(of).unwrap().unwrap();
        let ids = details.commits[0].picked_from.iter();
        ids.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(read(&world.port), [world.original.head.as_str()]);
    assert_eq!(read(&world.original), [""; 0]);
}

//! Snapshots of a real database.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, a failure is best shown where it happens"
)]

use std::sync::Arc;

use picket_domain::{
    Action, Actor, Base, BranchName, Candidate, ChannelName, CommitSha, JobPattern, Login,
    PackageTests, Policy, PrNumber, ReleaseSeq, RetryPolicy, Sha256, Step, Timestamp,
    UpstreamState,
};
use picket_snapshot::Snapshots;
use picket_store::Store;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

fn sha(text: &str) -> CommitSha {
    CommitSha::parse(&Sha256::of(text.as_bytes()).to_string()[..40]).unwrap()
}

fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

fn policy(name: &str) -> Policy {
    Policy {
        channel: channel(name),
        required_approvals: 2,
        mass_rebuild: None,
        required_jobs: vec![JobPattern::parse("*").unwrap()],
        package_tests: PackageTests::Require,
        retry: RetryPolicy {
            attempts: 1,
            transient_wait_seconds: 60,
            transient_attempts: 4,
            give_up_seconds: 3_600,
        },
        base_hold: picket_domain::BaseHold {
            seconds: 86_400,
            then: picket_domain::AfterHold::Drop,
        },
        overtake_seconds: 900,
        push_first: false,
    }
}

fn candidate(pr: u64) -> Candidate {
    Candidate {
        pr: PrNumber(pr),
        title: format!("package{pr}: 1.0 -> 1.1"),
        body: "a long description".into(),
        author: Login::parse("author").unwrap(),
        author_id: None,
        head: sha(&format!("head {pr}")),
        base_branch: BranchName::parse("master").unwrap(),
        url: format!("https://github.com/NixOS/nixpkgs/pull/{pr}"),
        labels: Vec::new(),
        named: Vec::new(),
        upstream: UpstreamState::Open,
        is_draft: false,
        details: None,
        opened_at: NOW,
        updated_at: NOW,
    }
}

fn veto(name: &str, pr: u64) -> Action {
    Action::Veto {
        channel: channel(name),
        pr: PrNumber(pr),
        reason: "no".into(),
    }
}

struct World {
    url: String,
    store: Store,
    snapshots: Arc<Snapshots>,
    _dir: TempDir,
}

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let url = Store::sqlite_url(&dir.path().join("picket.db")).unwrap();
    let store = Store::open(&url).await.unwrap();
    let policies = ["a", "b"].map(policy);
    let snapshots = Snapshots::open(store.clone(), policies, NOW).await.unwrap();
    World {
        url,
        store,
        snapshots: Arc::new(snapshots),
        _dir: dir,
    }
}

fn ada() -> Actor {
    Actor::Person(Login::parse("ada").unwrap())
}

#[tokio::test]
async fn without_a_change_the_snapshot_stays_the_same_one() {
    let world = world().await;
    let first = world.snapshots.latest();
    let refreshed = world.snapshots.refresh(NOW).await.unwrap();
    assert!(Arc::ptr_eq(&first, &refreshed));
}

#[tokio::test]
async fn a_change_by_another_process_is_seen_and_leaves_other_channels_alone() {
    let world = world().await;
    let other = Store::open(&world.url).await.unwrap();
    other.upsert_candidate(&candidate(7)).await.unwrap();
    let before = world.snapshots.refresh(NOW).await.unwrap();
    assert_eq!(
        before.channels()[0].in_state("awaiting_approval"),
        [PrNumber(7)]
    );

    other.append(NOW, ada(), veto("a", 7)).await.unwrap();
    let after = world.snapshots.refresh(NOW).await.unwrap();
    let (a, b) = (&after.channels()[0], &after.channels()[1]);
    assert_eq!(a.status(PrNumber(7)).unwrap().name(), "vetoed");
    assert_eq!(a.counts().collect::<Vec<_>>(), [("vetoed", 1)]);
    assert!(Arc::ptr_eq(b, &before.channels()[1]));
    assert_eq!(
        after.channel(&channel("b")).map(Arc::as_ptr),
        Some(Arc::as_ptr(b))
    );
    let held = &a.facts().candidates[&PrNumber(7)];
    assert_eq!(held.body, "", "descriptions are not held in memory");
}

#[tokio::test]
async fn a_port_is_known_as_one_once_its_description_says_so() {
    let world = world().await;
    let mut port = Candidate {
        base_branch: BranchName::parse("release-26.05").unwrap(),
        ..candidate(8)
    };
    for candidate in [&candidate(7), &port] {
        world.store.upsert_candidate(candidate).await.unwrap();
    }
    let before = world.snapshots.refresh(NOW).await.unwrap();
    assert_eq!(before.channels()[0].ports().ports(PrNumber(7)), []);

    port.body = "Backport of #7 to release-26.05.".into();
    world.store.upsert_candidate(&port).await.unwrap();
    let after = world.snapshots.refresh(NOW).await.unwrap();
    for channel in after.channels() {
        assert_eq!(channel.ports().ports(PrNumber(7)), [PrNumber(8)]);
        assert_eq!(channel.ports().originals(PrNumber(8))[0].pr, PrNumber(7));
    }
    assert_eq!(before.channels()[0].ports().ports(PrNumber(7)), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_refreshes_sees_what_was_written_before() {
    let world = world().await;
    let writing = (1..=20).map(|pr| {
        let (store, snapshots) = (world.store.clone(), Arc::clone(&world.snapshots));
        tokio::spawn(async move {
            store.upsert_candidate(&candidate(pr)).await.unwrap();
            let seen = snapshots.refresh(NOW).await.unwrap();
            assert!(seen.channels()[0].status(PrNumber(pr)).is_some());
        })
    });
    for written in writing.collect::<Vec<_>>() {
        written.await.unwrap();
    }
}

#[tokio::test]
async fn whoever_waits_is_told_of_the_next_change() {
    let world = world().await;
    let edition = world.snapshots.latest().edition();
    let snapshots = Arc::clone(&world.snapshots);
    let waiting = tokio::spawn(async move { snapshots.wait_for_change(edition).await });
    world.store.upsert_candidate(&candidate(7)).await.unwrap();
    world.snapshots.refresh(NOW).await.unwrap();
    let told = waiting.await.unwrap();
    assert!(told.edition() > edition);
    assert_eq!(told.channels()[0].facts().candidates.len(), 1);
}

#[tokio::test]
async fn an_outdated_release_is_planned_for_and_remembered() {
    let world = world().await;
    let seq = Some(ReleaseSeq(3));
    world
        .snapshots
        .on_machine(&channel("b"), |machine| machine.outdated = seq, NOW)
        .await;
    assert_eq!(
        world.snapshots.latest().channels()[1]
            .facts()
            .machine
            .outdated,
        seq
    );
    world.store.upsert_candidate(&candidate(7)).await.unwrap();
    let refreshed = world.snapshots.refresh(NOW).await.unwrap();
    assert_eq!(refreshed.channels()[1].facts().machine.outdated, seq);
}

#[tokio::test]
async fn settled_candidates_are_not_assessed_again() {
    let world = world().await;
    let base = |name: &str| Base {
        rev: sha(name),
        rev_count: 1,
        version: "26.05".into(),
        committed_at: NOW,
        seen_at: NOW,
    };
    let assessed = async || {
        let snapshot = world.snapshots.refresh(NOW).await.unwrap();
        let steps = snapshot.channels()[0].plan().steps.clone();
        let prs = steps.iter().filter_map(|step| match step {
            Step::Assess { pr, .. } => Some(pr.0),
            _ => None,
        });
        prs.collect::<Vec<_>>()
    };
    world
        .store
        .record_base(&channel("a"), &base("one"))
        .await
        .unwrap();
    for pr in [1, 2] {
        world.store.upsert_candidate(&candidate(pr)).await.unwrap();
    }
    let closed = Candidate {
        upstream: UpstreamState::Closed,
        ..candidate(3)
    };
    world.store.upsert_candidate(&closed).await.unwrap();
    assert_eq!(assessed().await, [1, 2]);

    let input = world.snapshots.latest().channels()[0]
        .facts()
        .input(&candidate(1));
    let contained = picket_domain::PickOutcome::Contained {
        by: picket_domain::ContainedBy::Base,
    };
    world
        .store
        .record_assessment(&channel("a"), &sha("one"), &input, &contained)
        .await
        .unwrap();
    world
        .store
        .record_base(&channel("a"), &base("two"))
        .await
        .unwrap();
    assert_eq!(assessed().await, [2]);
    let snapshot = world.snapshots.latest();
    assert_eq!(snapshot.channels()[0].in_state("in_base"), [PrNumber(1)]);
}

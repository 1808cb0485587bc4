//! A channel in which something of everything has happened.

mod candidates;
mod player;

use std::collections::BTreeMap;

use picket_domain::{
    Action, Actor, Base, CommitSha, Form, Lane, PickInput, PrNumber, Release, ReleaseName,
    ReleaseSeq, ReleaseState, ReleasedPick, ResolvedSet, Sha256, StorePath, Timestamp, resolve,
};
use picket_store::{Grounds, Sealing};

use super::upstream::pull_request;
use super::{CHANNEL, Site, channel, login, policy};

pub(crate) use self::candidates::candidate;
use self::candidates::candidates;
use self::player::Player;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

pub(crate) fn sha(text: &str) -> CommitSha {
    CommitSha::parse(&Sha256::of(text.as_bytes()).to_string()[..40]).unwrap()
}

pub(crate) fn base(now: Timestamp) -> Base {
    Base {
        rev: sha("base"),
        rev_count: 715_880,
        version: "26.05".into(),
        committed_at: now.plus_seconds(-31 * HOUR),
        seen_at: now.plus_seconds(-9 * HOUR),
    }
}

/// Records a person's decision.
pub(crate) async fn decide(site: &Site, by: &str, at: Timestamp, action: Action) {
    site.store
        .append(at, Actor::Person(login(by)), action)
        .await
        .unwrap();
}

pub(crate) async fn approve(site: &Site, by: &str, at: Timestamp, pr: u64, head: &CommitSha) {
    let head = head.clone();
    let action = Action::Approve {
        channel: channel(),
        pr: PrNumber(pr),
        head,
        patches: Vec::new(),
        not_shown: Vec::new(),
    };
    decide(site, by, at, action).await;
}

pub(crate) fn drv(name: &str) -> StorePath {
    let hash = "0bgd045z0d4icpbc2yyz4gx48ak44lab";
    StorePath::parse(&format!("/nix/store/{hash}-{name}.drv")).unwrap()
}

pub(crate) const LOG: &str = "unpacking sources\nunpacking source archive /build/libxml2-2.13.9.tar.xz\n\
    patching sources\napplying patch CVE-2026-42401.patch\npatching file xpath.c\n\
    Hunk #1 succeeded at 11842 (offset 12 lines).\nHunk #2 FAILED at 11860.\n\
    1 out of 2 hunks FAILED -- saving rejects to file xpath.c.rej\n\
    error: builder for 'libxml2-2.13.9.drv' failed with exit code 1 <script>alert(1)</script>\n";

/// Fills a site. `now` is the time at which it is going to be looked at.
pub(crate) async fn fill(site: &Site, now: Timestamp) {
    site.lane(Lane::Release, now.plus_seconds(-4));
    let (store, base) = (&site.store, base(now));
    store.record_base(&channel(), &base).await.unwrap();
    let ago = |hours: i64| now.plus_seconds(-hours * HOUR);
    let nginx = pull_request(site.path(), PrNumber(412_350));
    for (mut candidate, assessment) in candidates(now) {
        if candidate.pr == PrNumber(412_350) {
            candidate.head = nginx.clone();
            candidate.details.as_mut().unwrap().commits[0].sha = nginx.clone();
        }
        store.upsert_candidate(&candidate).await.unwrap();
        if let Some(outcome) = assessment {
            let input = PickInput {
                pr: candidate.pr,
                head: candidate.head.clone(),
                resolved: ResolvedSet::default().id(),
            };
            store
                .record_assessment(&channel(), &base.rev, &input, &outcome)
                .await
                .unwrap();
        }
    }
    let head = |pr: u64| sha(&format!("head {pr}"));
    let mut player = Player {
        site,
        now: ago(30),
        contents: BTreeMap::new(),
        unbuildable: 412_401,
        conflicting: 412_390,
        left_building: 412_344,
    };
    release(site, 11, &[412_199], ago(160)).await;
    let pr = PrNumber(412_199);
    store
        .record_superseded(ago(9), &channel(), pr, &base.rev, 6 * DAY + 7 * HOUR)
        .await
        .unwrap();
    approve(site, "ada", ago(33), 412_301, &head(412_301)).await;
    approve(site, "grace", ago(32), 412_301, &head(412_301)).await;
    player.play().await;
    release(site, 12, &[412_301], ago(31)).await;
    player.now = ago(3);
    for (hours, by, pr) in [
        (6, "ada", 412_390),
        (6, "edsger", 412_390),
        (5, "ada", 412_401),
        (5, "grace", 412_401),
        (4, "grace", 412_350),
        (1, "ada", 412_344),
        (1, "grace", 412_344),
    ] {
        let head = if pr == 412_350 {
            nginx.clone()
        } else {
            head(pr)
        };
        approve(site, by, ago(hours), pr, &head).await;
    }
    approve(site, "edsger", ago(2), 412_333, &sha("an earlier head")).await;
    let veto = Action::Veto {
        channel: channel(),
        pr: PrNumber(412_360),
        reason: "Upstream withdrew 9.7; wait for 9.7.1.".into(),
    };
    decide(site, "grace", ago(2), veto).await;
    player.play().await;
}

/// A newer base on which mastodon, which is out, does not apply any more.
pub(crate) async fn newer_base(site: &Site, now: Timestamp) -> Base {
    let newer = Base {
        rev: sha("newer base"),
        rev_count: 715_900,
        seen_at: now.plus_seconds(-HOUR / 2),
        ..base(now)
    };
    site.store.record_base(&channel(), &newer).await.unwrap();
    let mut player = Player {
        site,
        now,
        contents: BTreeMap::new(),
        unbuildable: 412_401,
        conflicting: 412_301,
        left_building: 412_344,
    };
    player.play().await;
    newer
}

pub(crate) async fn release(site: &Site, seq: u64, picks: &[u64], at: Timestamp) {
    let seq = ReleaseSeq(seq);
    let rev = sha(&format!("release {seq}"));
    let mut base = base(at);
    if seq == ReleaseSeq(11) {
        base.rev = sha("earlier base");
        base.rev_count -= 214;
    }
    let facts = site.store.facts(&policy()).await.unwrap();
    let tip = match resolve(&facts, at).assembly {
        Some(assembly) if seq != ReleaseSeq(11) => assembly.tip(&base.rev).clone(),
        _ => sha("an earlier tip"),
    };
    let picks = picks.iter().map(|pr| ReleasedPick {
        pr: PrNumber(*pr),
        head: sha(&format!("head {pr}")),
        form: Form::AsIs,
    });
    let release = Release {
        channel: channel(),
        seq,
        name: ReleaseName::of(&base, seq, &rev).unwrap(),
        base,
        tip,
        rev,
        picks: picks.collect(),
        reserved_at: at.plus_seconds(-90),
        state: ReleaseState::Reserved,
    };
    let (store, channel) = (&site.store, channel());
    store.reserve(&release).await.unwrap();
    let rules = policy().digest();
    store.set_rules(&channel, rules).await.unwrap();
    let newest = store.log_page(None, 1).await.unwrap();
    let grounds = Grounds {
        read_to: newest.first().map_or(0, |entry| entry.seq),
        rules,
        team: facts.team.digest(),
    };
    let sealing = store.seal(&channel, seq, at.plus_seconds(-10), &grounds);
    assert!(matches!(sealing.await.unwrap(), Sealing::Sealed(_)));
    store.publish(&channel, seq, at).await.unwrap();
    super::public::publish(&site.public(), &release.name, seq);
}

/// The path of the channel's pointer on disk, for tests that move it.
pub(crate) fn pointer(site: &Site) -> std::path::PathBuf {
    site.public().root().join("channels").join(CHANNEL)
}

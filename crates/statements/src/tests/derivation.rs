//! From facts to events.

use picket_domain::{Advisory, DismissalKind, UpstreamState};

use super::world::{World, mitigation, sha};

#[test]
fn a_fix_that_is_released_vetoed_and_released_again() {
    let mut world = World::new();
    world.opened(7, "mastodon", "CVE-2026-1001 CVE-2026-1002");
    world.approve(7);
    world.release(1, &[7]);
    world.release(2, &[7]);
    world.veto(7);
    world.release(3, &[]);
    world.release(4, &[]);
    world.release(5, &[7]);
    insta::assert_snapshot!(world.told(), @r"
    mastodon CVE-2026-1001
       1 h detected #7
       2 h affected #7
       3 h fixed from 1 #7
       6 h withdrawn from 3 #7
       8 h fixed from 5 #7
    mastodon CVE-2026-1002
       1 h detected #7
       2 h affected #7
       3 h fixed from 1 #7
       6 h withdrawn from 3 #7
       8 h fixed from 5 #7
    ");
}

#[test]
fn what_was_dismissed_is_not_affected_until_there_is_a_reason_to_look_again() {
    let mut world = World::new();
    for pr in [7, 8, 9, 10, 11] {
        world.opened(pr, &format!("package{pr}"), &format!("CVE-2026-10{pr:02}"));
        let kind = match pr {
            11 => DismissalKind::Rejected,
            _ => DismissalKind::NotAffected,
        };
        world.dismiss(pr, kind);
    }
    world.reopen(8);
    world.change(9, |it| it.head = sha("pushed"));
    world.change(10, |it| {
        it.named.extend(Advisory::find_all("CVE-2026-2222"));
    });
    insta::assert_snapshot!(world.told(), @r"
    package10 CVE-2026-1010
       7 h detected #10
       8 h not_affected, says ada #10
      13 h detected #10
    package10 CVE-2026-2222
       7 h detected #10
    package11 CVE-2026-1011
       9 h detected #11
    package7 CVE-2026-1007
       1 h detected #7
       2 h not_affected, says ada #7
    package8 CVE-2026-1008
       3 h detected #8
       4 h not_affected, says ada #8
      11 h detected #8
    package9 CVE-2026-1009
       5 h detected #9
       6 h not_affected, says ada #9
      12 h detected #9
    ");
}

#[test]
fn what_is_mitigated_first_is_fixed_later_without_a_gap() {
    let mut world = World::new();
    world.opened(7, "openssl", "CVE-2026-1001");
    world.approve(7);
    world.release_in(1, &[(7, mitigation())], true);
    world.release(2, &[7]);
    insta::assert_snapshot!(world.told(), @r"
    openssl CVE-2026-1001
       1 h detected #7
       2 h affected #7
       3 h mitigated (mitigated) from 1 #7
       4 h fixed from 2 #7
    ");
}

#[test]
fn what_the_stable_channel_has_stays_fixed_until_it_loses_it() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.approve(7);
    world.release(1, &[7]);
    world.new_base("with the fix");
    world.superseded(7);
    world.release(2, &[]);
    world.new_base("without it");
    world.returned(7);
    world.release(3, &[7]);
    let told = world.told();
    insta::assert_snapshot!(told, @r"
    curl CVE-2026-1001
       1 h detected #7
       2 h affected #7
       3 h fixed from 1 #7
       6 h fixed in the base #7
       8 h withdrawn from 2 #7
       9 h fixed from 3 #7
    ");
    // The entry may be written a moment after the release.
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.release(1, &[7]);
    world.new_base("with the fix");
    world.release(2, &[]);
    world.superseded(7);
    assert!(!world.told().contains("withdrawn"), "{}", world.told());
}

#[test]
fn a_release_that_was_given_up_fixed_nothing() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.approve(7);
    world.release_in(1, &[(7, picket_domain::Form::AsIs)], false);
    insta::assert_snapshot!(world.told(), @r"
    curl CVE-2026-1001
       1 h detected #7
       2 h affected #7
    ");
}

#[test]
fn one_fix_of_several_is_enough_and_a_new_head_is_no_gap() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.opened(8, "curl", "CVE-2026-1001");
    world.dismiss(8, DismissalKind::NotAffected);
    world.approve(7);
    world.release(1, &[7]);
    world.change(7, |it| it.head = sha("another head"));
    world.release(2, &[7]);
    world.release(3, &[7, 8]);
    world.release(4, &[8]);
    insta::assert_snapshot!(world.told(), @r"
    curl CVE-2026-1001
       1 h detected #7
       3 h not_affected, says ada #8
       5 h fixed from 1 #7
       7 h fixed from 2 #7
       9 h fixed from 3 #8
    ");
}

#[test]
fn that_the_base_contains_what_nobody_approved_says_nothing() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.contained(7);
    world.release(1, &[]);
    assert!(!world.told().contains("fixed"), "{}", world.told());
    world.approve(7);
    insta::assert_snapshot!(world.told(), @r"
    curl CVE-2026-1001
       1 h detected #7
       3 h fixed in the base #7
    ");
    // Of a release on another base, that base says nothing.
    world.new_base("another");
    world.release(2, &[]);
    assert!(!world.told().contains("fixed"), "{}", world.told());
}

#[test]
fn that_a_newer_base_has_a_fix_says_nothing_of_a_release_on_an_older_one() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.release(1, &[7]);
    let older = world.new_base("with the fix");
    world.superseded(7);
    world.veto(7);
    world.back_to(older);
    world.release(2, &[]);
    insta::assert_snapshot!(world.told(), @r"
    curl CVE-2026-1001
       1 h detected #7
       2 h fixed from 1 #7
       6 h withdrawn from 2 #7
    ");
}

#[test]
fn packages_are_those_of_own_files_and_those_with_another_version() {
    let mut world = World::new();
    world.opened(7, "curl", "CVE-2026-1001");
    world.versions(7, "python313Packages.pycurl", "1", "2");
    world.opened(8, "xx", "CVE-2026-1002");
    world.change(8, |it| it.details = None);
    world.opened(9, "hidden", "");
    world.change(9, |it| it.upstream = UpstreamState::Closed);
    insta::assert_snapshot!(world.told(), @r"
    curl CVE-2026-1001
       1 h detected #7
    python313Packages.pycurl CVE-2026-1001
       1 h detected #7
    what #8 changes CVE-2026-1002
       2 h detected #8
    ");
}

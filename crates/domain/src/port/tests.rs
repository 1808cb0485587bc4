//! Each way of saying it, and what looks like one.

use super::*;
use crate::fixtures::candidate;
use crate::id::BranchName;

fn port(title: &str, body: &str) -> Candidate {
    Candidate {
        title: title.to_owned(),
        body: body.to_owned(),
        base_branch: BranchName::parse("release-26.05").unwrap(),
        ..candidate(900_000, "port")
    }
}

fn of(candidate: &Candidate) -> Vec<(u64, PortEvidence)> {
    let said = port_of(candidate);
    said.iter().map(|it| (it.pr.0, it.how)).collect()
}

fn described(body: &str) -> Vec<u64> {
    let said = of(&port("nginx: 1.28.0 -> 1.28.1", body));
    said.iter().map(|(pr, _)| *pr).collect()
}

fn titled(title: &str) -> Vec<u64> {
    let said = of(&port(title, "Fixes a hole."));
    said.iter().map(|(pr, _)| *pr).collect()
}

const BY_BOT: &str = "Bot-based backport to `release-26.05`, triggered by a label in #412350.\n\n\
    * [ ] Before merging, ensure that this backport is [acceptable for the release](https://x).\n  \
    * Even as a non-committer, if you find that it is not acceptable, leave a comment.\n";

#[test]
fn a_bot_is_believed_and_told_from_a_person_who_writes_like_one() {
    let mut by = port("[Backport release-26.05] nginx: 1.28.0 -> 1.28.1", BY_BOT);
    assert_eq!(of(&by), [(412_350, PortEvidence::Description)]);
    for bot in BOTS {
        by.author = Login::parse(bot).unwrap();
        assert_eq!(of(&by), [(412_350, PortEvidence::Bot)]);
    }
    by.body = "Backport of #412350 to `release-26.05`.".into();
    assert_eq!(of(&by), [(412_350, PortEvidence::Bot)]);
    by.author = Login::parse("nixpkgs-ci-bot").unwrap();
    assert_eq!(of(&by), [(412_350, PortEvidence::Description)]);
}

#[test]
fn people_say_it_in_many_ways() {
    for body in [
        "Backport of #412350",
        "backport of #412350.",
        "Backports #412350 which fixes [CVE-2026-27794](https://x)",
        "This is a backport of #412350, with the conflict resolved.",
        "This is the manual backport of PR #412350 to 26.05.",
        "Manual backport of #412350 to `release-26.05`. Contains security fixes.",
        "Manual backport to release-26.05, for #412350.",
        "Backport of #412350 to release 26.05\\\nmore",
        "## Description\n\nBackport of https://github.com/NixOS/nixpkgs/pull/412350\n",
        "Backport of [#412350](https://github.com/NixOS/nixpkgs/pull/412350) by ada",
        "Backports updates from #412350",
        "Reason: keep it up to date.\r\n\r\nBackport PR #412350\r\n",
        "It fixes a hole. Backport of NixOS/nixpkgs#412350.",
        "A fix (backport of #412350) for the branch.",
        "Cherry-picked from #412350 without the tests",
        "Backport of #412350 (the first commit only)",
        "Backport of #412350 - it conflicted.",
        "Clean cherry-pick of #412350 to the release branch.",
    ] {
        assert_eq!(described(body), [412_350], "{body}");
    }
    for body in [
        "Manual backport of #412350, #412351 to `release-26.05`.",
        "Backports to `release-26.05` of: #412350 #412351",
        "Backports patches from #412350 and #412351 to release-26.05.",
        "Backport #412350 & #412351 to 26.05.",
        "Backport of #412350. Backport of #412351, but smaller.",
    ] {
        assert_eq!(described(body), [412_350, 412_351], "{body}");
    }
}

#[test]
fn titles_say_it_too() {
    for title in [
        "[Backport release-26.05] Backport 412350 to release 26.05",
        "Backport 412350 to release 26.05",
        "[26.05] nginx: backport of #412350",
        "[26.05] nginx: 1.28.0 -> 1.28.1 (backport #412350)",
        "[backport #412350] nginx: 1.28.0 -> 1.28.1",
    ] {
        assert_eq!(titled(title), [412_350], "{title}");
    }
    let both = port("backport #412350", "Backport of #412350 and #412351");
    let how = [
        (412_350, PortEvidence::Title),
        (412_351, PortEvidence::Description),
    ];
    assert_eq!(of(&both), how, "the first word for each counts");
    for title in [
        "[Backport release-26.05] nginx: 1.28.0 -> 1.28.1",
        "[26.05] nginx: fix #412350",
        "nginx: 1.28.0 -> 1.28.1 (#412350)",
        "nginx: backport patch 412350 from master",
        "[Backport release-25.11] Backport 412350 to release 25.11",
        "Revert \"[Backport release-26.05] nginx (backport of #412350)\"",
    ] {
        assert_eq!(titled(title), [] as [u64; 0], "{title}");
    }
}

#[test]
fn what_merely_mentions_a_number_claims_nothing() {
    for body in [
        "See #412350.",
        "Fixes #412350",
        "Reverts #412350",
        "This reverts the backport of #412350.",
        "Backport of #412350 to come",
        "Backport of #412350 to release-26.05 to follow",
        "Backport of #412350 was reverted",
        "Backport of #412350 for later",
        "Backports fix for #412350",
        "Backported in #412350",
        "Backport in #412350",
        "Backport to 25.11: #412350",
        "Backport to release-26.05 in #412350",
        "Backport of #412350 to release-25.11",
        "No backport of #412350",
        "Needs a backport of #412350",
        "Depends on: backport of #412350",
        "- Backport of #412350",
        "- [ ] Backport of #412350",
        "1. Backport of #412350",
        "> Bot-based backport to `release-26.05`, triggered by a label in #412350.",
        "```\nBackport of #412350\n```",
        "    Backport of #412350",
        "<!-- Backport of #412350 -->",
        "<!--\nBackport of #412350\n-->",
        "Backport of `#412350`",
        "`Backport of #412350`",
        "Backport of openssl/openssl#412350",
        "Backport of https://github.com/openssl/openssl/pull/412350",
        "Backport of 412350",
        "Backport of",
        "Backport",
        "",
    ] {
        assert_eq!(described(body), [] as [u64; 0], "{body}");
    }
}

#[test]
fn only_what_goes_to_a_release_is_a_port_and_never_of_itself() {
    let mut it = port("backport #412350", "Backport of #412350");
    it.base_branch = BranchName::parse("staging-next-26.05").unwrap();
    assert_eq!(of(&it).len(), 1);
    for branch in ["master", "staging-next", "nixos-unstable"] {
        it.base_branch = BranchName::parse(branch).unwrap();
        assert_eq!(of(&it), [], "{branch}");
    }
    let itself = port("[26.05] nginx", "Backport of #900000 and #900000");
    assert_eq!(of(&itself), []);
}

#[test]
fn hostile_texts_are_read_in_no_time_and_claim_nothing() {
    let numbers = |n: u64| (1..=n).map(|it| format!("#{it} ")).collect::<String>();
    assert_eq!(
        described(&format!("Backports of {}", numbers(16))).len(),
        16
    );
    assert_eq!(
        described(&format!("Backports of {}", numbers(17))),
        [] as [u64; 0]
    );
    for long in [
        "(backport of ".repeat(200_000),
        "backport. ".repeat(200_000),
        "this is a ".repeat(200_000),
        format!("Backport of {}", numbers(200_000)),
        format!("{}\nBackport of #412350", "x".repeat(64 * 1024)),
        "Backport of #1 to to to ".repeat(200_000),
        "\u{202e}#\u{0}".repeat(200_000),
    ] {
        assert_eq!(described(&long), [] as [u64; 0], "{}", &long[..40]);
    }
}

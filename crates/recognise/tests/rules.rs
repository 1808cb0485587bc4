//! What counts, what does not, and in which words it is told.

use std::time::{Duration, Instant};

use picket_recognise::{ENOUGH, Reason, Recognition, SECURITY_LABEL, Subject, recognise};

fn of_title(title: &str) -> Recognition {
    recognise(&Subject {
        title,
        base: "master",
        ..Subject::default()
    })
}

fn of_body(body: &str) -> Recognition {
    recognise(&Subject {
        title: "a: 1.0 -> 2.0",
        body,
        base: "master",
        ..Subject::default()
    })
}

fn told(recognition: &Recognition) -> Vec<String> {
    recognition
        .reasons
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_reason_is_told_with_its_place() {
    let subject = Subject {
        title: "[Backport release-26.05] openssl: 3.0.7 -> 3.0.8",
        body: "Fixes several vulnerabilities, see https://openssl.org/news/secadv/20230207.txt.",
        base: "release-26.05",
        paths: vec!["pkgs/a/CVE-2026-12345.patch"],
        labels: vec!["10.rebuild-linux: 501+", SECURITY_LABEL],
        commits: vec!["openssl: 3.0.7 -> 3.0.8\n\nIncludes XSA-464, says CVE-46415."],
        added_lines: vec!["    name = \"GHSA-2ffj-w4mj-pg37.patch\";"],
    };
    let expected = [
        "label: labelled as a security fix",
        "title: updates openssl, whose updates are nearly always security fixes, on a release branch",
        "commit message: names XSA-464",
        "commit message: names CVE-46415, without its year",
        "path: names CVE-2026-12345",
        "added line: names GHSA-2ffj-w4mj-pg37",
        "description: says \"Fixes several vulnerabilities\", and that it is fixed",
        "description: links an announcement of vulnerabilities, \
         https://openssl.org/news/secadv/20230207.txt",
    ];
    assert_eq!(told(&recognise(&subject)), expected);
}

#[test]
fn reasons_can_be_kept() {
    let recognition = of_title("Revert \"a: fix CVE-2026-12345 (security)\"");
    let kept = serde_json::to_string(&recognition.reasons).unwrap();
    let read: Vec<Reason> = serde_json::from_str(&kept).unwrap();
    assert_eq!(read, recognition.reasons);
    assert!(!recognition.is_security());
    let place_and_kind =
        r#"{"evidence":{"kind":"advisory","id":"CVE-2026-12345"},"place":"title"}"#;
    assert!(kept.contains(place_and_kind), "{kept}");
}

#[test]
fn nothing_known_is_no_security_fix() {
    assert_eq!(recognise(&Subject::default()), Recognition::default());
}

#[test]
fn many_ways_to_say_it_are_understood() {
    for body in [
        "cve-2026-12345",
        "CVE\u{2011}2026\u{2011}12345",
        "fixes CVE 2026 12345",
        "Contains important security and bug fixes.",
        "This is a security-relevant patch: it prevents an auth bypass.",
        "Fixes a few vulns.",
        "Fixes [a bunch of CVEs](https://example.org/changelog)",
        "fix use-after-free when parsing crafted files",
        "Addresses an RCE in the parser",
        "Backports the fix for a heap-buffer-overflow that attackers can exploit",
        "https://nodejs.org/en/blog/vulnerability/july-2021-security-releases/",
        "https://w1.fi/security/2022-1/side-channel-update-2.txt",
        "Updates and fixes as part of roundup 66.",
        "Applies the mitigation that upstream tells of.",
        "Fixes several vunerabilities.",
        "The password doesn\u{2019}t leak into the store anymore.",
        "Fixes what this advisory tells of.",
        "This version is no longer vulnerable.",
    ] {
        let recognition = of_body(body);
        assert!(
            recognition.is_security(),
            "{body}: {:?}",
            told(&recognition)
        );
    }
    for title in [
        "foo: 1.2 -> 1.3 [security]",
        "(19.09) foo: 1.2 -> 1.3, fixes CVE-2019-14544",
        "Security fix: update foo",
        "kernel updates for 2026-06-01",
        "Firefox 84.0.2",
        "linuxKernel.kernels.linux_6_12: 6.12.91 -> 6.12.92",
        "samba: 4.10.8 -> 4.10.10 - security",
        "Update tor to 0.2.4.22 and tor browser to 3.6.2",
        "curl: 7.50.0 -> 7.50.1",
    ] {
        let recognition = of_title(title);
        assert!(
            recognition.is_security(),
            "{title}: {:?}",
            told(&recognition)
        );
    }
}

#[test]
fn what_only_sounds_alike_is_none() {
    for body in [
        "CVE-2026-12345 does not affect us: not affected, as we do not build that part.",
        "This introduces CVE-2026-12345, sadly.",
        "No security fixes in this release.",
        "Just a bugfix release.",
        "adds the option `security.wrappers.foo`, see nixos/security/wrappers",
        "https://github.com/NixOS/nixpkgs/tree/master/nixos/modules/security",
        "<!-- Is this a security fix? CVE-2026-12345 -->",
        "A vulnerability scanner.",
        "improves the security analysis grade of `systemd-analyze security`",
        "The last version no longer receives security updates.",
        "an MS-DOS emulator; runs dos games",
        "began to crash with\n```\n*** buffer overflow detected ***\n```",
        "CVEs present in both versions:\n- CVE-2026-12345",
        "Adds an option to turn mitigations off.",
        "Fixes a leak of memory when tabs are closed.",
        "With this, future security updates can be ported.",
        "See https://tracker.security.nixos.org for what is known.",
    ] {
        let recognition = of_body(body);
        assert!(
            !recognition.is_security(),
            "{body}: {:?}",
            told(&recognition)
        );
    }
    for title in [
        "xss-lock: 0.3 -> 0.4",
        "security-tools: 1.0 -> 1.1",
        "python3Packages.libsecurity: 1.0 -> 2.0",
        "exploitdb: 2025-05-10 -> 2025-06-21",
        "foo: init at 1.0 (a security tool)",
        "foo: mark as insecure, CVE-2026-12345",
        "python2: remove, it has too many CVEs",
        "Revert \"openssl: fix CVE-2026-12345\"",
        "nixos/nginx: harden against vulnerabilities",
        "openssl: add enableFIPS feature",
        "chromium: update script",
        "pkgs/README.md: tell how vulnerabilities are fixed",
        "vaultwarden: update to 1.21.0",
    ] {
        let recognition = of_title(title);
        assert!(
            !recognition.is_security(),
            "{title}: {:?}",
            told(&recognition)
        );
    }
}

#[test]
fn a_sentence_that_denies_does_not_take_the_others_words() {
    let recognition = of_body("XSA-496 does not affect us. XSA-495 is fixed by this patch.");
    assert!(recognition.is_security());
    let told = told(&recognition).join("\n");
    assert!(
        told.contains("XSA-495") && !told.contains("names XSA-496"),
        "{told}"
    );
}

#[test]
fn the_branch_tells_how_likely_an_update_is_a_fix() {
    let strength = |base| {
        let title = "mastodon: 4.2.4 -> 4.2.5";
        let subject = Subject {
            title,
            base,
            ..Subject::default()
        };
        recognise(&subject).strength()
    };
    assert!(strength("master") < ENOUGH && ENOUGH <= strength("release-25.11"));
    assert_eq!(strength("release-25.11"), strength("staging-25.11"));
}

#[test]
fn reverting_a_revert_brings_the_fix() {
    let again = "Revert \"Revert \"openssl: fix CVE-2026-12345\"\"";
    assert!(of_title(again).is_security());
}

#[test]
fn to_take_back_what_was_tampered_with_is_a_fix() {
    let of = |body| {
        let title = "Revert \"xz: 5.4.6 -> 5.6.1\"";
        let base = "master";
        let subject = Subject {
            title,
            body,
            base,
            ..Subject::default()
        };
        recognise(&subject).is_security()
    };
    assert!(of("The upstream tarball has a backdoor."));
    assert!(!of(
        "It does not build, and it does not fix CVE-2026-12345."
    ));
}

#[test]
fn tests_alone_fix_nothing() {
    let subject = |paths: &'static [&'static str]| Subject {
        title: "nixos/tests/foo: check the fix of a vulnerability",
        paths: paths.to_vec(),
        ..Subject::default()
    };
    assert!(recognise(&subject(&[])).is_security());
    assert!(!recognise(&subject(&["nixos/tests/foo.nix"])).is_security());
    let both = &["nixos/tests/foo.nix", "pkgs/by-name/fo/foo/package.nix"];
    assert!(recognise(&subject(both)).is_security());
}

/// Whoever writes them may mean harm.
#[test]
fn hostile_texts_take_no_time_and_no_space() {
    let started = Instant::now();
    for piece in [
        "CVE-2024-{",
        "CVE-",
        "<!--",
        "[",
        "(",
        "> ",
        "https://",
        "\u{2011}",
        ". ",
        "-> ",
        "security ",
        "CVE-2024-12345 ",
        "a: 1 -> 2, ",
        "Revert \"",
        "\u{1f600}",
        "\\",
        "_",
    ] {
        let text = piece.repeat(16_384 / piece.len());
        let subject = Subject {
            title: &text,
            body: &text,
            commits: vec![&text],
            paths: vec![&text],
            added_lines: vec![&text],
            ..Subject::default()
        };
        let recognition = recognise(&subject);
        assert!(recognition.reasons.len() < 200, "{piece}");
        let told = told(&recognition);
        assert!(
            told.iter().all(|it| it.chars().count() < 400),
            "{piece}: {told:?}"
        );
    }
    let many: String = (10_000..20_000).map(|n| format!("CVE-2024-{n} ")).collect();
    assert!(of_body(&many).reasons.len() < 200);
    assert!(started.elapsed() < Duration::from_secs(20));
}

use super::*;

#[test]
fn commit_ids_are_forty_lower_case_hex_digits() {
    assert!(CommitSha::parse(&"a1".repeat(20)).is_ok());
    assert!(CommitSha::parse(&"A1".repeat(20)).is_err());
    assert!(CommitSha::parse("a1").is_err());
    assert!(CommitSha::parse(&"g1".repeat(20)).is_err());
}

#[test]
fn names_cannot_leave_their_folder() {
    for bad in [
        "", "..", "../x", "a/b", ".hidden", "a..b", "x y", "-x", "Upper",
    ] {
        assert!(ChannelName::parse(bad).is_err(), "{bad:?}");
    }
    assert!(ChannelName::parse("nixos-26.05-sec").is_ok());
    assert!(ReleaseName::parse("nixos-26.05.1.2.abc+dirty").is_err());
}

#[test]
fn branch_names_follow_gits_rules() {
    for bad in [
        "", "-f", "a..b", "a b", "x.lock", "a~1", "a:b", "refs//x", "@{u", "/x", "x/",
    ] {
        assert!(BranchName::parse(bad).is_err(), "{bad:?}");
    }
    assert!(BranchName::parse("backport-12-to-release-26.05").is_ok());
}

#[test]
fn logins_ignore_case() {
    assert_eq!(
        Login::parse("Ada-L").unwrap(),
        Login::parse("ada-l").unwrap()
    );
    assert!(Login::parse("renovate[bot]").is_ok());
    assert!(Login::parse("a b").is_err());
}

#[test]
fn logins_of_old_accounts_are_taken() {
    for good in [
        "-ACE-",
        "a--b",
        "x-",
        "octo_corp",
        "_",
        "dependabot[bot]",
        "-",
    ] {
        assert!(Login::parse(good).is_ok(), "{good:?}");
    }
    let long = "x".repeat(LOGIN_MAX + 1);
    for bad in ["", "[bot]", "a/../b", "a.b", "a\n", "é", "<b>", &long] {
        assert!(Login::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn an_error_shows_a_bounded_part_of_the_text() {
    let error = CommitSha::parse(&"x".repeat(10_000)).unwrap_err();
    assert!(error.to_string().len() < 200);
}

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

#[test]
fn names_of_packages_tests_are_no_jobs_and_no_packages() {
    let path = JobName::parse("redis.passthru.tests.basic").unwrap();
    let test = JobName::of_package_test(&path);
    assert_eq!(test.as_str(), "test:redis.passthru.tests.basic");
    assert!(test.is_package_test() && test.is_beside());
    assert!(!test.is_package() && !test.is_carried());
    for job in ["tests.redis", "test", "\"test:redis\".basic", "pkgs.redis"] {
        assert!(!JobName::parse(job).unwrap().is_package_test(), "{job}");
    }
}

#[test]
fn a_packages_test_keeps_a_name_of_its_own_where_the_path_is_long() {
    let long = |last: char| {
        let path = JobName::parse(&format!("{}{last}", "a".repeat(511))).unwrap();
        JobName::of_package_test(&path)
    };
    assert!(long('a').is_package_test() && long('a').as_str().len() <= 512);
    assert_ne!(long('a'), long('b'));
}

#[test]
fn a_package_is_found_by_its_jobs_name() {
    let redis = JobName::of_package(&JobName::parse("redis").unwrap());
    assert_eq!(redis.package(), Some("redis"));
    assert_eq!(JobName::parse("redis").unwrap().package(), None);
}

//! The configuration file: what is taken, and what its errors say.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use picket::config::{
    Allowances, Comments, Config, KEYS, MirrorSetting, Retention, SignIn, Signing,
};
use picket_bucket::{BucketTarget, Patience, Target};
use picket_domain::{
    AccountId, AfterHold, BaseHold, Certainty, Login, MassRebuild, Named, PackageTests, RetryPolicy,
};
use picket_evidence::Targets;
use picket_publisher::{KeyName, SecretKey};
use tempfile::TempDir;

/// Every key that the file may hold, each with a value that is taken.
const FULL: &str = r#"
data_dir = "state"
database_url = "postgres://picket@localhost/picket"

[web]
listen = "127.0.0.1:8080"
base_url = "https://sec.example.org"

[web.github_oauth]
client_id = "Iv1.0123456789abcdef"
client_secret_file = "secret"
web = "https://github.example.org"

[team]
members = ["ada", "grace"]

[github]
repository = "NixOS/nixpkgs"
api = "https://api.github.example.org"
label = "1.severity: security"
unlabelled = false
token_file = "secret"
webhook_secret_file = "secret"

[upstream]
git = "https://github.com/NixOS/nixpkgs.git"
reference = "nixpkgs.git"

[signing]
key_files = ["key"]
latest_hours = 48

[nix]
bin_dir = "bin"
environment = { NIX_REMOTE = "daemon" }
options = { cores = "2" }
restrict_evaluation = true
build_seconds = 3600
silent_seconds = 600
evaluate_unsandboxed = true

[evidence]
kev_file = "kev.json"
osv = ["advisories.jsonl", "advisories"]
epss_file = "epss.csv.gz"

[reconcile]
interval_seconds = 30

[[channel]]
name = "nixos-26.05-sec"
follows = { branch = "nixos-26.05", url = "https://channels.nixos.org/nixos-26.05" }
required_approvals = 2
required_jobs = ["tests.*"]
build_attempts = 2
retry_seconds = 60
push_to = "ssh://git@github.com/example/nixpkgs.git"
push_first = true
transient_attempts = 3
give_up_hours = 5
overtake_minutes = 10
rebuild_limit = 200
scope = ["mastodon", "firefox*"]
package_tests = "build"
mass_rebuild_approvals = 2
base_hold_hours = 12
base_hold_then = "drop"

[channel.jobs]
file = "nixos/release-small.nix"
attributes = ["nixpkgs"]
arguments = { system = "x86_64-linux" }

[channel.upstream_cache]
url = "https://cache.nixos.org"
store_paths = "https://channels.nixos.org/nixos-26.05/store-paths.xz"
public_keys = ["cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="]

[impact]
certainty = "exact"
seconds = 20

[limits]
evaluation_seconds = 900
evaluation_memory_mib = 8192
evaluation_job_seconds = 300
evaluation_workers = 3
evaluation_disk_mib = 128
evaluations = 2

[retention]
releases = 10
days = 60
cache_days = 20
log_days = 45
evaluation_days = 15
minimum_free_gib = 20
every_seconds = 600

[team.targets]
exploited_hours = 12
critical_hours = 24
high_hours = 72
medium_hours = 336
low_hours = 720

[github.comments]
enabled = true
token_file = "comment-token"
stable_seconds = 90

[[mirror]]
to = "s3://channel/nixos"
endpoint = "https://s3.example.org"
region = "eu-central-1"
credentials_file = "bucket-credentials"
conditional_writes = false
every_seconds = 120

[[mirror]]
to = "copy"
"#;

/// A folder with the files that the configuration names.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["secret", "comment-token"] {
        std::fs::write(folder.path().join(name), "s3cret\n").expect("it can be written");
    }
    let name = KeyName::parse("sec.example.org-1").expect("a key's name");
    let key = SecretKey::generate(name).expect("the system has randomness");
    key.write_file(&folder.path().join("key"))
        .expect("it can be written");
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).expect("it can be made");
    for program in ["nix", "nix-daemon", "nix-instantiate"] {
        symlink("/bin/sh", bin.join(program)).expect("it can be made");
    }
    make_clone(&folder.path().join("nixpkgs.git"));
    folder
}

/// A repository that upstream's objects may be taken from.
fn make_clone(path: &Path) {
    let mut git = Command::new("git");
    let made = git.args(["init", "--quiet", "--bare"]).arg(path).status();
    assert!(made.expect("git is installed").success());
}

fn parse_in(folder: &TempDir, text: &str) -> Result<Config, String> {
    let file = folder.path().join("picket.toml");
    let config = Config::parse(&file, text, Allowances::default());
    config.map_err(|error| {
        error
            .to_string()
            .replace(&folder.path().display().to_string(), "<folder>")
    })
}

fn parse(text: &str) -> Result<Config, String> {
    parse_in(&folder(), text)
}

/// The error for the full file with one line changed.
fn error(line: &str, instead: &str) -> String {
    assert!(FULL.contains(line), "{line:?} is not in the file");
    parse(&FULL.replace(line, instead)).expect_err("this must be refused")
}

#[test]
fn every_key_is_taken() {
    let folder = folder();
    let config = parse_in(&folder, FULL).unwrap();
    assert_eq!(config.data_dir, folder.path().join("state"));
    let token = folder.path().join("secret");
    assert_eq!(config.github.token_file, Some(token));
    assert!(!config.github.unlabelled);
    let comments = Comments {
        token_file: folder.path().join("comment-token"),
        stable_seconds: 90,
    };
    assert_eq!(config.github.comments, Some(comments));
    let at = |name: &str| folder.path().join(name);
    assert_eq!(config.evidence.kev, Some(at("kev.json")));
    let osv = [at("advisories.jsonl"), at("advisories")];
    assert_eq!(config.evidence.osv, osv);
    assert_eq!(config.evidence.epss, Some(at("epss.csv.gz")));
    let targets = Targets {
        exploited: Some(12),
        critical: Some(24),
        high: Some(72),
        medium: Some(336),
        low: Some(720),
    };
    assert_eq!(config.targets, targets);
    assert!(matches!(config.web.sign_in, SignIn::GitHub { .. }));
    let channel = &config.channels[0];
    assert_eq!(channel.policy.required_approvals, 2);
    let policy = &channel.policy;
    assert!(policy.push_first);
    assert_eq!(policy.base_hold.then, AfterHold::Drop);
    assert_eq!(policy.package_tests, PackageTests::Build);
    let mass = MassRebuild {
        over: 200,
        approvals: 2,
    };
    assert_eq!(policy.mass_rebuild, Some(mass));
    let impact = config.impact.unwrap();
    assert_eq!(impact.certainty, Certainty::Exact);
    assert_eq!(impact.budget.as_secs(), 20);
    let retry = policy.retry;
    assert_eq!(
        (retry.transient_attempts, retry.give_up_seconds),
        (3, 5 * 3_600)
    );
    assert_eq!(config.limits.evaluation.seconds, 900);
    assert_eq!(config.limits.evaluation.memory_bytes, Some(8192 << 20));
    assert_eq!(config.latest_seconds, 48 * 3_600);
    assert_eq!(config.retention.minimum_free_gib, 20);
    assert_eq!(config.retention.every_seconds, 600);
    let bucket = Target::Bucket(BucketTarget {
        bucket: "channel".to_owned(),
        prefix: "nixos".to_owned(),
        endpoint: Some("https://s3.example.org".parse().unwrap()),
        region: Some("eu-central-1".to_owned()),
        credentials_file: Some(at("bucket-credentials")),
        conditional_writes: false,
        patience: Patience::default(),
    });
    let mirror = |target, every_seconds| MirrorSetting {
        target,
        every_seconds,
    };
    let folder = mirror(Target::Folder(at("copy")), 300);
    assert_eq!(config.mirrors, [mirror(bucket, 120), folder]);
}

#[test]
fn a_mirror_that_cannot_be_one_is_refused() {
    for (line, instead, problem) in [
        (
            "to = \"copy\"",
            "to = \"https://bucket.example.org\"",
            "over https",
        ),
        (
            "to = \"copy\"",
            "to = \"s3://channel/nixos\"",
            "there twice",
        ),
        (
            "to = \"copy\"",
            "to = \"copy\"\nregion = \"x\"",
            "a folder has no endpoint",
        ),
        ("every_seconds = 120", "every_seconds = 0", "0 would"),
        (
            "https://s3.example.org",
            "https://a:b@s3.example.org",
            "a user or a password",
        ),
    ] {
        let error = error(line, instead);
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_file_without_the_newer_keys_is_as_good_as_before() {
    let (before, _) = FULL.split_once("[impact]").unwrap();
    let begin = before.find("push_first").unwrap();
    let end = before.find("[channel.jobs]").unwrap();
    let before = format!("{}{}", &before[..begin], &before[end..]);
    let config = parse(&before.replace("latest_hours = 48\n", "")).unwrap();
    let channel = &config.channels[0];
    let policy = &channel.policy;
    assert!(!policy.push_first);
    assert_eq!(policy.base_hold, BaseHold::default());
    assert_eq!(policy.retry, RetryPolicy::default());
    assert_eq!(policy.overtake_seconds, 15 * 60);
    assert_eq!(policy.mass_rebuild, None);
    assert_eq!(policy.package_tests, PackageTests::Require);
    assert_eq!(config.impact.unwrap().certainty, Certainty::Estimate);
    assert!(config.targets.is_empty());
    assert_eq!(config.github.comments, None, "nothing is written upstream");
    assert_eq!(config.limits.evaluation.at_once, 1);
    let kept = Retention {
        releases: 50,
        days: 90,
        cache_days: 30,
        log_days: 90,
        evaluation_days: 30,
        minimum_free_gib: 1,
        every_seconds: 3_600,
    };
    assert_eq!(config.retention, kept);
    assert_eq!(config.latest_seconds, 72 * 3_600);
}

/// Clients' addresses are made by adding to this one.
#[test]
fn the_servers_address_may_have_the_path_of_a_reverse_proxy() {
    for (written, taken) in [
        ("", "/"),
        ("/", "/"),
        ("/picket", "/picket"),
        ("/tools/picket/", "/tools/picket"),
    ] {
        let address = format!("//sec.example.org{written}");
        let config = parse(&FULL.replace("//sec.example.org", &address)).unwrap();
        assert_eq!(config.web.base_url.path(), taken, "{written}");
    }
}

#[test]
fn a_configuration_does_not_show_its_secrets() {
    let folder = folder();
    let key = std::fs::read_to_string(folder.path().join("key")).unwrap();
    let (_, key) = key.trim().split_once(':').unwrap();
    let text = FULL
        .replace("postgres://picket@", "postgres://picket:dbpass@")
        .replace(
            "https://github.com/NixOS",
            "https://x:gitpass@github.com/NixOS",
        )
        .replace("NIX_REMOTE = \"daemon\"", "NIX_CONFIG = \"nixpass\"")
        .replace("cores = \"2\"", "access-tokens = \"optpass\"");
    let shown = format!("{:?}", parse_in(&folder, &text).unwrap());
    let demo = demo_text(&text).replace("lovelace", "demopass");
    let file = folder.path().join("picket.toml");
    let allow = Allowances { demo_sign_in: true };
    let shown = format!("{shown}{:?}", Config::parse(&file, &demo, allow).unwrap());
    for secret in [
        "s3cret",
        "dbpass",
        "gitpass",
        "nixpass",
        "optpass",
        "demopass",
        &key[..20],
    ] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert!(shown.contains("NIX_CONFIG"), "{shown}");
    let refused = error("ssh://git@", "ssh://git:sshpass@");
    assert!(refused.contains("ssh://***@"), "{refused}");
    assert!(!refused.contains("sshpass"), "{refused}");
}

/// The text with sign-in by passphrase in place of GitHub's.
fn demo_text(text: &str) -> String {
    let (oauth_at, team_at) = (text.find("[web.github_oauth]"), text.find("[team]"));
    let oauth_at = oauth_at.expect("it has this section");
    let team_at = team_at.expect("and this one");
    let people = "[web.demo_sign_in]\nada = \"lovelace\"\n\n";
    format!("{}{people}{}", &text[..oauth_at], &text[team_at..])
}

/// The error for secrets of this text.
fn secret_error(secret: &[u8]) -> String {
    let folder = folder();
    std::fs::write(folder.path().join("secret"), secret).expect("it can be written");
    parse_in(&folder, FULL).expect_err("this must be refused")
}

#[test]
fn a_secrets_file_holds_one_line() {
    for (secret, flaw) in [
        (&b"\n"[..], "it is empty"),
        (b"a\nb\n", "it has more than one line"),
        (b"\xef\xbb\xbfghp", "it begins with a byte order mark"),
        (b"a b", "it holds white space"),
        (b"\xff", "cannot read it"),
    ] {
        let error = secret_error(secret);
        assert!(
            error.contains(&format!("<folder>/secret: {flaw}")),
            "{error}"
        );
    }
}

/// What was said to be good once, and then refused by `picket serve`, or failed at its work.
#[test]
fn what_could_not_work_is_refused() {
    for (line, instead, problem) in [
        (
            "data_dir = \"state\"",
            "data_dir = \"key/x\"",
            "<folder>/key is no folder",
        ),
        (
            "postgres://picket@localhost/picket",
            "sqlite://",
            "is no database URL",
        ),
        (
            "postgres://picket@localhost/picket",
            "sqlite:///dev/null/x.db",
            "is no folder",
        ),
        (
            "//sec.example.org",
            "//sec.example.org/a//b",
            "has the path /a//b",
        ),
        (
            "//sec.example.org",
            "//sec.example.org/cache/x",
            "begins as a page of Picket's own, /cache",
        ),
        (
            "//sec.example.org",
            "//sec.example.org/nixos-26.05-sec",
            "has the name that the path of web.base_url begins with",
        ),
        (
            "//sec.example.org",
            "//sec.example.org?x",
            "has a part after ?",
        ),
        (
            "//sec.example.org",
            "//sec.example.org#x",
            "has a part after #",
        ),
        (
            "//sec.example.org",
            "//a:b@sec.example.org",
            "has a user or a password",
        ),
        ("Iv1.0123456789abcdef", "", "is no client id"),
        (
            "[\"ada\", \"grace\"]",
            "[\"ada\", \"Ada\"]",
            "2 people must approve, and the team has 1",
        ),
        (
            "[\"ada\", \"grace\"]",
            "[\"ada\", \"gr ace\"]",
            "is not a GitHub login",
        ),
        (
            "\"NixOS/nixpkgs\"",
            "\"NixOS/..\"",
            "is no GitHub repository",
        ),
        (
            "1.severity: security",
            "",
            "no pull requests can be filtered",
        ),
        (
            "1.severity: security",
            "a,b",
            "no pull requests can be filtered",
        ),
        (
            "https://github.com/NixOS",
            "file://host/NixOS",
            "is refused as the address",
        ),
        (
            "https://github.com/NixOS",
            "--upload-pack=x/NixOS",
            "is refused as the address",
        ),
        (
            "https://github.com/NixOS",
            "https://-x/NixOS",
            "is refused as the address",
        ),
        (
            "reference = \"nixpkgs.git\"",
            "reference = \"bin\"",
            "<folder>/bin",
        ),
        (
            "[\"key\"]",
            "[\"key\", \"key\"]",
            "there is another key sec.example.org-1",
        ),
        (
            "bin_dir = \"bin\"",
            "bin_dir = \"/nowhere\"",
            "there is no program /nowhere/nix",
        ),
        (
            "NIX_REMOTE = \"daemon\"",
            "NIX_STORE_DIR = \"store\"",
            "NIX_STORE_DIR is not absolute",
        ),
        ("cores = \"2\"", "--cores = \"2\"", "is no setting of Nix"),
        (
            "attributes = [\"nixpkgs\"]",
            "attributes = [\"a..b\"]",
            "is not an attribute path",
        ),
        ("evaluations = 2", "evaluations = 0", "0 would let"),
        ("\"drop\"", "\"stay\"", "unknown variant `stay`"),
        (
            "package_tests = \"build\"",
            "package_tests = \"none\"",
            "unknown variant `none`",
        ),
    ] {
        let error = error(line, instead);
        assert!(error.contains(problem), "{instead}: {error}");
        assert!(
            error.starts_with("<folder>/picket.toml:"),
            "{instead}: {error}"
        );
        assert!(error.contains("to mend it: "), "{instead}: {error}");
    }
}

#[test]
fn relative_repositories_are_relative_to_the_file() {
    let folder = folder();
    let text = FULL.replace("https://github.com/NixOS/nixpkgs.git", "up.git");
    let config = parse_in(&folder, &text).unwrap();
    let expected = folder.path().join("up.git").display().to_string();
    assert_eq!(config.upstream.git.plain(), expected);
}

/// A channel that pushes to where channels follow makes its own next base.
#[test]
fn no_channel_follows_what_picket_makes() {
    let own = |push_to: &str| {
        let text = FULL
            .replace("\"nixos-26.05-sec\"", "\"nixos-26.05\"")
            .replace("ssh://git@github.com/example/nixpkgs.git", push_to);
        parse(&text)
    };
    for same in [
        "https://github.com/NixOS/nixpkgs.git",
        "https://token@GitHub.com/nixos/nixpkgs/",
        "ssh://git@github.com:22/NixOS/nixpkgs",
    ] {
        let error = own(same).expect_err(same);
        assert!(error.contains("which a channel follows"), "{error}");
    }
    assert!(own("ssh://git@github.com/example/nixpkgs.git").is_ok());

    let folder = folder();
    symlink("nixpkgs.git", folder.path().join("link")).unwrap();
    let text = FULL
        .replace("\"nixos-26.05-sec\"", "\"nixos-26.05\"")
        .replace("https://github.com/NixOS/nixpkgs.git", "link")
        .replace("ssh://git@github.com/example/nixpkgs.git", "nixpkgs.git");
    let error = parse_in(&folder, &text).expect_err("the same folder");
    assert!(error.contains("which a channel follows"), "{error}");

    let url = "https://channels.nixos.org/nixos-26.05\" }";
    let ours = "https://sec.example.org/nixos-26.05-sec\" }";
    let error = crate::error(url, ours);
    assert!(error.contains("follows itself"), "{error}");
    let below = |name: &str| {
        let ours = format!("https://sec.example.org/picket/{name}\" }}");
        let text = FULL.replace(url, &ours);
        parse(&text.replace("//sec.example.org\"", "//sec.example.org/picket\""))
    };
    let error = below("nixos-26.05-sec").expect_err("it follows itself");
    assert!(error.contains("follows itself"), "{error}");
    assert!(below("nixos-26.05").is_ok());
}

#[test]
fn the_list_of_keys_is_the_files() {
    let table: toml::Table = FULL.parse().unwrap();
    let mut found = BTreeSet::from(["web.demo_sign_in", "signing.server"].map(str::to_owned));
    collect_keys("", &toml::Value::Table(table), &mut found);
    let listed: BTreeSet<_> = KEYS.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(listed, found);
}

/// Keys of nested tables, dotted; tables of free names count as one key.
fn collect_keys(path: &str, value: &toml::Value, found: &mut BTreeSet<String>) {
    let free = ["nix.environment", "nix.options", "channel.jobs.arguments"];
    match value {
        toml::Value::Table(table) if !free.contains(&path) => {
            for (key, value) in table {
                let dot = if path.is_empty() { "" } else { "." };
                collect_keys(&format!("{path}{dot}{key}"), value, found);
            }
        }
        toml::Value::Array(values) if values.iter().all(toml::Value::is_table) => {
            values
                .iter()
                .for_each(|value| collect_keys(path, value, found));
        }
        _ => {
            found.insert(path.to_owned());
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("/nowhere/picket.toml"), Allowances::default());
    insta::assert_snapshot!(error.unwrap_err(), @"
    /nowhere/picket.toml: cannot read it: No such file or directory (os error 2)
      to mend it: name an existing configuration file with --config
    ");
}

#[test]
fn errors_name_file_line_and_remedy() {
    insta::assert_snapshot!(error("interval_seconds = 30", "interval = 30"), @"
    <folder>/picket.toml:48: unknown field `interval`, expected `interval_seconds`
      to mend it: `picket check-config --help` lists every key and what it is for
    ");
    insta::assert_snapshot!(error("required_approvals = 2", "required_approvals = 0"), @"
    <folder>/picket.toml:53: 0 would let everything through
      to mend it: write 1 or more
    ");
    insta::assert_snapshot!(error("name = \"nixos-26.05-sec\"", "name = \"queue\""), @r#"
    <folder>/picket.toml:51: "queue" is a page of the web UI
      to mend it: write a name as nixos-26.05-sec
    "#);
    insta::assert_snapshot!(error("key_files = [\"key\"]", "key_files = [\"none\"]"), @"
    <folder>/picket.toml:30: the key file <folder>/none: No such file or directory (os error 2)
      to mend it: make a key with `picket keygen NAME --out FILE` and name FILE here
    ");
    for hours in [23, 721] {
        let shorter = format!("latest_hours = {hours}");
        let says =
            format!("{hours} hours are too few or too many\n  to mend it: write a number from 24");
        let said = error("latest_hours = 48", &shorter);
        assert!(said.contains(&says), "{said}");
    }
    insta::assert_snapshot!(error("file = \"nixos/release-small.nix\"", "file = \"../x.nix\""), @r#"
    <folder>/picket.toml:70: the configured job set is wrong: its file must be a path relative to the tree's root, without `..`: ../x.nix
      to mend it: write a path relative to the tree's root, as nixos/release-small.nix
    "#);
    insta::assert_snapshot!(error("\"firefox*\"", "\"*\""), @"
    <folder>/picket.toml:63: every pull request would be a candidate
      to mend it: write names of packages, as mastodon or firefox*
    ");
    insta::assert_snapshot!(error("https://cache.nixos.org\"", "cache.nixos.org\""), @"
    <folder>/picket.toml:75: relative URL without a base
      to mend it: write an address as https://example.org
    ");
    insta::assert_snapshot!(error("repository = \"NixOS/nixpkgs\"", "repository = \"nixpkgs\""), @r#"
    <folder>/picket.toml:18: "nixpkgs" is no GitHub repository
      to mend it: write OWNER/NAME, as NixOS/nixpkgs
    "#);
    insta::assert_snapshot!(error("ssh://git@github.com/example", "git@github.com:example"), @r#"
    <folder>/picket.toml:57: "git@github.com:example/nixpkgs.git" is refused as the address of a git repository: write an https, http, ssh or file URL, or an absolute path
      to mend it: write https://HOST/PATH, ssh://USER@HOST/PATH, or a path
    "#);
    insta::assert_snapshot!(error("https://github.com/NixOS/nixpkgs.git", "ext::sh -c true"), @r#"
    <folder>/picket.toml:26: "ext::sh -c true" is refused as the address of a git repository: it is too long or holds white space
      to mend it: write https://HOST/PATH, ssh://USER@HOST/PATH, or a path
    "#);
    insta::assert_snapshot!(error("postgres://picket@", "mysql://picket@"), @r#"
    <folder>/picket.toml:3: "mysql" is no database URL: use sqlite:///absolute/path/picket.db or postgres://user@host/database
      to mend it: write sqlite:///path/to/picket.db or postgres://user@host/database
    "#);
}

#[test]
fn comments_are_written_where_that_is_said_and_can_be() {
    let off = parse(&FULL.replace("enabled = true", "enabled = false")).unwrap();
    assert_eq!(off.github.comments, None);
    let own = "token_file = \"comment-token\"\n";
    let shared = parse(&FULL.replace(own, "")).unwrap().github;
    assert_eq!(
        shared.comments.unwrap().token_file,
        shared.token_file.unwrap()
    );
    let none = FULL
        .replace(own, "")
        .replace("token_file = \"secret\"\nwebhook", "webhook");
    insta::assert_snapshot!(parse(&none).unwrap_err(), @"
    <folder>/picket.toml:107: comments take a token that may write them
      to mend it: set github.comments.token_file, or github.token_file
    ");
    insta::assert_snapshot!(error("//sec.example.org", "//127.0.0.1:8080"), @"
    <folder>/picket.toml:108: comments would lead to https://127.0.0.1:8080/, which nobody else can reach
      to mend it: set web.base_url to the address that others use
    ");
    insta::assert_snapshot!(error("token_file = \"comment-token\"", "token_file = \"none\""), @"
    <folder>/picket.toml:109: <folder>/none: cannot read it: No such file or directory (os error 2)
      to mend it: write the secret alone into the file, on one line, readable to Picket's user alone
    ");
    insta::assert_snapshot!(error("stable_seconds = 90", "stable_seconds = 0"), @"
    <folder>/picket.toml:110: 0 would let everything through
      to mend it: write 1 or more
    ");
}

#[test]
fn what_is_graver_has_no_more_time() {
    insta::assert_snapshot!(error("high_hours = 72", "high_hours = 0"), @"
    <folder>/picket.toml:103: nothing is out within 0 hours
      to mend it: write 1 or more hours, or leave the key out: then there is no target
    ");
    insta::assert_snapshot!(error("medium_hours = 336", "medium_hours = 48"), @"
    <folder>/picket.toml:104: medium_hours is 48, and high_hours, for what is graver, 72
      to mend it: give what is graver no more hours than what is less so
    ");
    let between = "medium_hours = 336\nlow_hours = 720";
    insta::assert_snapshot!(error(between, "low_hours = 48"), @"
    <folder>/picket.toml:104: low_hours is 48, and high_hours, for what is graver, 72
      to mend it: give what is graver no more hours than what is less so
    ");
    assert!(parse(&FULL.replace("high_hours = 72", "high_hours = 24")).is_ok());
    assert!(parse(&FULL.replace("exploited_hours = 12\n", "")).is_ok());
}

#[test]
fn sign_in_by_passphrase_is_for_demos_on_loopback() {
    let demo = demo_text(FULL);
    let without = demo.replace("[web.demo_sign_in]\nada = \"lovelace\"\n\n", "");
    insta::assert_snapshot!(parse(&without).unwrap_err(), @"
    <folder>/picket.toml:6: says nothing of how people sign in
      to mend it: add [web.github_oauth] with client_id and client_secret_file
    ");
    insta::assert_snapshot!(parse(&demo).unwrap_err(), @"
    <folder>/picket.toml:9: sign-in by passphrase was not allowed
      to mend it: start with --allow-demo-sign-in if this is a demo, or use [web.github_oauth]
    ");

    let folder = folder();
    let file = folder.path().join("picket.toml");
    let allow = Allowances { demo_sign_in: true };
    assert!(Config::parse(&file, &demo, allow).is_ok());
    let open = demo.replace("127.0.0.1:8080", "0.0.0.0:8080");
    let error = Config::parse(&file, &open, allow).unwrap_err().to_string();
    assert!(error.contains("is for loopback alone"), "{error}");
}

#[test]
fn a_member_is_a_login_or_a_login_and_an_account() {
    let team = |members: &str| {
        let members = format!("members = {members}");
        FULL.replace("members = [\"ada\", \"grace\"]", &members)
    };
    let parsed = parse(&team(r#"["Ada", { login = "grace", id = 42 }, "ada"]"#));
    let named = |login: &str, id: Option<u64>| Named {
        login: Login::parse(login).unwrap(),
        id: id.map(AccountId),
    };
    assert_eq!(
        parsed.unwrap().team,
        [named("ada", None), named("grace", Some(42))]
    );

    let wrong = |members: &str| parse(&team(members)).unwrap_err();
    insta::assert_snapshot!(wrong(r#"["ada", { name = "grace", id = 42 }]"#), @r#"
    <folder>/picket.toml:15: neither a GitHub login nor { login = "ada", id = 42 }
      to mend it: `picket check-config --help` lists every key and what it is for
    "#);
    insta::assert_snapshot!(wrong(r#"["ada", { login = "gra ce", id = 42 }]"#), @r#"
    <folder>/picket.toml:15: "gra ce" is not a GitHub login
      to mend it: write a GitHub login
    "#);
    insta::assert_snapshot!(wrong(r#"["ada", { login = "grace", id = 0 }]"#), @"
    <folder>/picket.toml:15: 0 is no number of an account
      to mend it: write the `id` that https://api.github.com/users/LOGIN tells
    ");
    insta::assert_snapshot!(wrong(r#"["ada", "grace", { login = "grace", id = 42 }]"#), @"
    <folder>/picket.toml:15: grace stands here twice, with and without a number or with two
      to mend it: name everybody once
    ");
    insta::assert_snapshot!(
        wrong(r#"[{ login = "ada", id = 42 }, { login = "grace", id = 42 }]"#),
        @"
    <folder>/picket.toml:15: ada and grace have the same account
      to mend it: name everybody once
    "
    );
    let folder = folder();
    let (file, allow) = (
        folder.path().join("picket.toml"),
        Allowances { demo_sign_in: true },
    );
    let demo = demo_text(&team(r#"["ada", { login = "grace", id = 42 }]"#));
    let error = Config::parse(&file, &demo, allow).unwrap_err().to_string();
    assert!(
        error.contains("people sign in by passphrase here"),
        "{error}"
    );
}

#[test]
fn either_this_process_signs_or_another_one() {
    let own = "key_files = [\"key\"]";
    let folder = folder();
    let text = FULL.replace(own, "server = \"signer/socket\"");
    let config = parse_in(&folder, &text).unwrap();
    let Signing::Server(socket) = config.signing else {
        panic!("{:?}", config.signing);
    };
    assert_eq!(socket, folder.path().join("signer/socket"));
    let Signing::Keys(keys) = parse(FULL).unwrap().signing else {
        panic!("it has key_files");
    };
    assert_eq!(keys.len(), 1);
    let both = format!("{own}\nserver = \"/run/picket-signer/socket\"");
    insta::assert_snapshot!(error(own, &both), @"
    <folder>/picket.toml:29: has both a server and key_files: where another process signs, this one has no key
      to mend it: set server to the socket of `picket sign-server`, or key_files to keys that this process holds itself
    ");
    insta::assert_snapshot!(error(own, ""), @"
    <folder>/picket.toml:29: says nothing of who signs: releases must be signed
      to mend it: set server to the socket of `picket sign-server`, or key_files to keys that this process holds itself
    ");
    let long = format!("server = \"/{}\"", "x".repeat(107));
    insta::assert_snapshot!(error(own, &long), @"
    <folder>/picket.toml:30: is longer than 107 bytes, which no socket's address is
      to mend it: write a shorter path, as /run/picket-signer/socket
    ");
}

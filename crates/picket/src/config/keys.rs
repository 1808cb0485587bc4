//! What each key is for: the source of the help text and of the documentation's table.

/// Every key that the file may hold, with what it is for, in the file's order.
///
/// The documentation's table is made from this, and a test tells when the two, or the types in `raw`, differ.
pub const KEYS: &[(&str, &str)] = &[
    (
        "data_dir",
        "Where Picket keeps its database, git mirror, build state and public files.",
    ),
    (
        "database_url",
        "`sqlite:///path` or `postgres://..`; default: a file in `data_dir`.",
    ),
    (
        "web.listen",
        "Address and port to listen on, as `127.0.0.1:8080`.",
    ),
    (
        "web.base_url",
        "The address that clients use: every redirect and subscription names it. It may have a path, \
         that of a reverse proxy.",
    ),
    (
        "web.github_oauth.client_id",
        "The GitHub OAuth app that people sign in with.",
    ),
    (
        "web.github_oauth.client_secret_file",
        "File that holds the OAuth app's secret.",
    ),
    (
        "web.github_oauth.web",
        "GitHub's web address; default `https://github.com`.",
    ),
    (
        "web.demo_sign_in",
        "People and passphrases, for a demo on loopback instead of GitHub.",
    ),
    (
        "team.members",
        "Those who may approve, veto and nominate: GitHub logins, or `{ login = \"ada\", id = 42 }` with the account's \
         number, as `https://api.github.com/users/ada` tells it.",
    ),
    (
        "team.targets.exploited_hours",
        "How many hours after its pull request was opened a fix of what is known to be exploited is to be out, however it is \
         rated; default: as it is rated.",
    ),
    (
        "team.targets.critical_hours",
        "The same for what is rated critical; default no target.",
    ),
    (
        "team.targets.high_hours",
        "The same for what is rated high; default no target.",
    ),
    (
        "team.targets.medium_hours",
        "The same for what is rated medium; default no target.",
    ),
    (
        "team.targets.low_hours",
        "The same for what is rated low; default no target.",
    ),
    (
        "github.repository",
        "The watched repository, as `NixOS/nixpkgs`.",
    ),
    (
        "github.api",
        "GitHub's API; default `https://api.github.com`.",
    ),
    (
        "github.label",
        "The label of security fixes; default `1.severity: security`.",
    ),
    (
        "github.unlabelled",
        "Whether pull requests without the label are shown too, where what they say of themselves makes them security fixes; default true.",
    ),
    (
        "github.token_file",
        "File that holds a token to read with; without it GitHub allows 60 requests an hour.",
    ),
    (
        "github.webhook_secret_file",
        "File with the secret that GitHub signs its deliveries to `/webhooks/github` with; without it none are taken.",
    ),
    (
        "github.comments.enabled",
        "Whether pull requests are told what became of them, in one comment each that is edited as things change; default false.",
    ),
    (
        "github.comments.token_file",
        "File that holds a token of an account that may comment in `github.repository`; default `github.token_file`.",
    ),
    (
        "github.comments.stable_seconds",
        "For how many seconds a comment is to say the same before it is written; default 60.",
    ),
    (
        "upstream.git",
        "Where upstream's commits are fetched: a URL or path for git.",
    ),
    (
        "upstream.reference",
        "A full clone on this machine whose objects are used and not fetched; it must stay, and lose none.",
    ),
    (
        "signing.server",
        "The socket of `picket sign-server`, a process of its own that has the keys: this one has none then.",
    ),
    (
        "signing.key_files",
        "Instead of it: secret keys made by `picket keygen`, which this process holds itself; several while one replaces another.",
    ),
    (
        "signing.latest_hours",
        "For how many hours it holds what is stated of a channel's current release (`latest.json`), 24 to 720; default 72. It \
         is stated anew after a quarter of that, and after 12 hours at the latest. So long a mirror that stands still goes unnoticed, \
         and so long the server may be down before `picket verify` takes it for one.",
    ),
    (
        "nix.bin_dir",
        "Folder of the Nix commands; default: those in PATH.",
    ),
    (
        "nix.environment",
        "Environment of the Nix commands, as for a store of one's own.",
    ),
    (
        "nix.options",
        "Settings for the Nix commands, as `--option NAME VALUE`.",
    ),
    (
        "nix.restrict_evaluation",
        "Whether evaluation sees only the tree that is evaluated; default true.",
    ),
    (
        "nix.evaluate_unsandboxed",
        "Whether what nobody has approved is evaluated on a machine that has neither bubblewrap nor Landlock; default false.",
    ),
    (
        "nix.build_seconds",
        "How long one build may take; default 36000.",
    ),
    (
        "nix.silent_seconds",
        "How long one build may print nothing; default 3600.",
    ),
    (
        "reconcile.interval_seconds",
        "Longest time between two looks at GitHub and upstream; default 60.",
    ),
    (
        "evidence.kev_file",
        "CISA's catalogue of exploited vulnerabilities, as JSON: what it names is shown as exploited, and comes first. Read again when it is replaced.",
    ),
    (
        "evidence.osv",
        "Advisories in OSV form: a list of files (`.json` of one, `.jsonl` of one a line) and folders of such, as of GitHub's \
         database or nixpkgs' tracker. What they say is shown, and orders the queue by severity. Read again when one is replaced.",
    ),
    (
        "evidence.epss_file",
        "FIRST's EPSS scores of a day, as CSV, plain or packed with gzip: shown, and of what is equally severe the likelier \
         comes first. Read again when it is replaced.",
    ),
    (
        "impact.certainty",
        "How well it is found out what each candidate changes, before anybody approves it: `none`, `estimate` (seconds), \
         or `exact` (an estimate first, and then an evaluation of everything); default `estimate`.",
    ),
    (
        "impact.seconds",
        "About how long one estimate may take; default 30.",
    ),
    (
        "limits.evaluation_seconds",
        "How long one evaluation may take; default 1800.",
    ),
    (
        "limits.evaluation_job_seconds",
        "How long one job of it may take; default 600.",
    ),
    (
        "limits.evaluation_memory_mib",
        "How much memory all evaluations may use together, in MiB; default half of the machine's.",
    ),
    (
        "limits.evaluation_workers",
        "How many workers one evaluation has; default one for each core.",
    ),
    (
        "limits.evaluation_disk_mib",
        "How much one job may write to the store while it is evaluated, in MiB; an evaluation may write 64 times as much; default 256.",
    ),
    (
        "limits.evaluations",
        "How many evaluations run at once, over all channels; default 1. What overtakes a slow build \
         waits for an evaluation under way; with 2, each of them has half of the memory to itself.",
    ),
    (
        "retention.releases",
        "How many releases of each channel are kept at least; default 50.",
    ),
    (
        "retention.days",
        "How many days every release is kept; default 90.",
    ),
    (
        "retention.cache_days",
        "How many days a cached path stays after the last release that needs it; default 30.",
    ),
    (
        "retention.log_days",
        "How many days build logs are kept; default 90.",
    ),
    (
        "retention.evaluation_days",
        "How many days evaluations are kept; default 30.",
    ),
    (
        "retention.minimum_free_gib",
        "Below so much free disk space, in GiB, nothing new is begun; default 1.",
    ),
    (
        "retention.every_seconds",
        "How often what is not needed is removed and the mirror put in order; default 3600.",
    ),
    (
        "mirror.to",
        "A copy of the public folder that is kept up to date: `s3://BUCKET/PREFIX`, or a folder; `[[mirror]]`, once for \
         each.",
    ),
    (
        "mirror.endpoint",
        "The address of the bucket's server, where that is not Amazon's; default what `AWS_ENDPOINT_URL` says.",
    ),
    (
        "mirror.region",
        "The bucket's region; default what `AWS_REGION` says, or else `us-east-1`.",
    ),
    (
        "mirror.credentials_file",
        "File in the form of `~/.aws/credentials`, read for each run; default the environment's `AWS_ACCESS_KEY_ID` and \
         `AWS_SECRET_ACCESS_KEY`.",
    ),
    (
        "mirror.conditional_writes",
        "Whether the server knows `If-Match` and `If-None-Match` on what is written, as Amazon's does, so that two \
         services cannot share a mirror by mistake; default true.",
    ),
    (
        "mirror.every_seconds",
        "How often it is looked at, beside once after each release; default 300.",
    ),
    ("channel.name", "The channel's name, as in its address."),
    (
        "channel.follows.branch",
        "The stable channel's branch in `upstream.git`.",
    ),
    (
        "channel.follows.url",
        "The stable channel's address; its `git-revision` is followed instead of the branch's tip.",
    ),
    (
        "channel.required_approvals",
        "How many people other than the author must approve; default 2.",
    ),
    (
        "channel.mass_rebuild_approvals",
        "How many people must approve a candidate that rebuilds more derivations than `rebuild_limit`, or of which that is \
         not known yet; default `required_approvals`.",
    ),
    (
        "channel.required_jobs",
        "Patterns of the jobs that a release must not break; default all.",
    ),
    (
        "channel.build_attempts",
        "How often a failing build is tried before its pick is set aside; default 2.",
    ),
    (
        "channel.retry_seconds",
        "Wait after a failure by the machine's fault, doubling; default 60.",
    ),
    (
        "channel.transient_attempts",
        "How often a build that fails by the machine's fault is tried before it is given up for now; default 4.",
    ),
    (
        "channel.give_up_hours",
        "How long it is given up before it is tried again; default 6.",
    ),
    (
        "channel.rebuild_limit",
        "How many packages that a change touches are built and required beside the jobs, the nearest to \
         the change first; 0 leaves all of them to clients; default 500.",
    ),
    (
        "channel.scope",
        "Packages that the channel is about, as `[\"mastodon\", \"firefox*\"]`: each pull request whose title names one is \
         shown, security fix or not, and they are built first where a change touches more than `rebuild_limit`.",
    ),
    (
        "channel.package_tests",
        "What becomes of the tests that those packages name (`passthru.tests`; 200 at most): `require` (a release must \
         not break them, the default), `build` (they are built and hold nothing up) or `off`. NixOS tests need a machine \
         with `kvm`: without one, `require` sets every fix to a package aside that has such a test.",
    ),
    (
        "channel.overtake_minutes",
        "A pick whose build takes longer than this may be overtaken by others; default 15.",
    ),
    (
        "channel.base_hold_hours",
        "How long the channel stays on its base where the next one would take a released fix away; default 24.",
    ),
    (
        "channel.base_hold_then",
        "What comes after that: `hold` (stay until somebody decides, the default) or `drop` (go on without the fix).",
    ),
    (
        "channel.push_to",
        "Git remote that gets the channel's branch and tags, and that members may push resolutions of conflicts to.",
    ),
    (
        "channel.push_first",
        "Whether a release waits for the push before clients get it; default false.",
    ),
    (
        "channel.jobs.file",
        "The job set's file in the tree, as `nixos/release-small.nix`.",
    ),
    (
        "channel.jobs.attributes",
        "Attributes of the job set to build; default all.",
    ),
    (
        "channel.jobs.arguments",
        "Arguments for the job set's function.",
    ),
    (
        "channel.upstream_cache.url",
        "The binary cache that has what this channel does not change.",
    ),
    (
        "channel.upstream_cache.store_paths",
        "Address of a `store-paths.xz` that lists what that cache has.",
    ),
    (
        "channel.upstream_cache.public_keys",
        "The keys that that cache signs with.",
    ),
];

//! Security fixes, as they are written.

use anyhow::Result;
use git2::{Oid, Repository, Sort};

use super::branches::{branch_tip, set_branch};
use super::commit::{ADA, BRAM, CHIARA, DMITRI, EVE, Edit, Person, bump};
use super::line::Line;

/// A branch with a security fix, ready to be made a pull request against `master`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The branch, in the same repository.
    pub branch: String,
    /// The commit that it is at.
    pub head: String,
    /// Its commits, oldest first.
    pub commits: Vec<String>,
    /// A title for the pull request.
    pub title: String,
    /// A description, naming the advisory.
    pub body: String,
    /// Its author's login.
    pub author: String,
    /// The attribute that it is about: `mastodon`.
    pub attribute: String,
}

/// A commit's message and what it changes.
type Change = (&'static str, fn() -> Vec<Edit>);

/// A fix, as it is written.
pub(super) struct Scenario {
    pub(super) branch: &'static str,
    title: &'static str,
    body: &'static str,
    attribute: &'static str,
    person: Person,
    commits: &'static [Change],
}

/// Where it is kept which commit a fix's branch began at.
fn begin_of(branch: &str) -> String {
    format!("refs/picket/begin/{branch}")
}

impl Scenario {
    /// Writes the fix's commits upon another, and its branch. Returns its head.
    pub(super) fn write(&self, repository: &Repository, upon: Oid) -> Result<Oid> {
        let mut line = Line::from(repository, upon);
        for (message, edits) in self.commits {
            line.commit(self.person, message, &edits())?;
        }
        repository.reference(&begin_of(self.branch), upon, true, "picket-testkit")?;
        set_branch(repository, self.branch, line.tip())?;
        Ok(line.tip())
    }

    /// The fix, as its branch is now.
    pub(super) fn fix(&self, repository: &Repository) -> Result<Fix> {
        let head = branch_tip(repository, self.branch)?;
        let mut walk = repository.revwalk()?;
        walk.push(head)?;
        walk.hide_ref(&begin_of(self.branch))?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        let commits: Result<Vec<Oid>, git2::Error> = walk.collect();
        Ok(Fix {
            branch: self.branch.to_owned(),
            head: head.to_string(),
            commits: commits?.iter().map(Oid::to_string).collect(),
            title: self.title.to_owned(),
            body: self.body.to_owned(),
            author: self.person.login.to_owned(),
            attribute: self.attribute.to_owned(),
        })
    }
}

pub(super) const MASTODON: Scenario = Scenario {
    branch: "mastodon-4.3.8",
    title: "mastodon: 4.3.7 -> 4.3.8",
    body: "Fixes CVE-2026-31402: an unauthenticated request can read private posts.\n\n\
           https://github.com/mastodon/mastodon/releases/tag/v4.3.8",
    attribute: "mastodon",
    person: EVE,
    commits: &[("mastodon: 4.3.7 -> 4.3.8\n\nFixes CVE-2026-31402\n", || {
        vec![bump(
            "pkgs/servers/mastodon/source.nix",
            "mastodon",
            "4.3.7",
            "4.3.8",
        )]
    })],
};

pub(super) const OPENSSL: Scenario = Scenario {
    branch: "openssl-3.4.2",
    title: "openssl: 3.4.1 -> 3.4.2",
    body: "Fixes CVE-2026-20771 (high): a heap overflow in the parsing of certificates.\n\n\
           https://openssl-library.org/news/secadv/20260518.txt",
    attribute: "openssl",
    person: ADA,
    commits: &[("openssl: 3.4.1 -> 3.4.2\n\nFixes CVE-2026-20771\n", || {
        vec![bump(
            "pkgs/development/libraries/openssl/default.nix",
            "openssl",
            "3.4.1",
            "3.4.2",
        )]
    })],
};

pub(super) const NGINX: Scenario = Scenario {
    branch: "nginx-1.28.1",
    title: "nginx: 1.28.0 -> 1.28.1, nginxMainline: 1.27.5 -> 1.29.0",
    body: "Fixes CVE-2026-28813: a crafted request can crash a worker.",
    attribute: "nginx",
    person: DMITRI,
    commits: &[
        (
            "nginxStable: 1.28.0 -> 1.28.1\n\nFixes CVE-2026-28813\n",
            || {
                vec![bump(
                    "pkgs/servers/http/nginx/stable.nix",
                    "nginx",
                    "1.28.0",
                    "1.28.1",
                )]
            },
        ),
        (
            "nginxMainline: 1.27.5 -> 1.29.0\n\nFixes CVE-2026-28813\n",
            || {
                vec![bump(
                    "pkgs/servers/http/nginx/mainline.nix",
                    "nginx",
                    "1.27.5",
                    "1.29.0",
                )]
            },
        ),
    ],
};

pub(super) const CURL: Scenario = Scenario {
    branch: "curl-cve-2026-30551",
    title: "curl: patch CVE-2026-30551",
    body: "Fixes CVE-2026-30551: credentials are sent to the wrong host after a redirect.\n\n\
           The patch is upstream's; there is no release with it yet.",
    attribute: "curl",
    person: CHIARA,
    commits: &[("curl: patch CVE-2026-30551\n", || {
        vec![
            Edit::Write {
                path: "pkgs/by-name/cu/curl/CVE-2026-30551.patch",
                text: CURL_PATCH.to_owned(),
            },
            Edit::Replace {
                path: "pkgs/by-name/cu/curl/package.nix",
                from: "  outputs = [",
                to: "  patches = [ ./CVE-2026-30551.patch ];\n\n  outputs = [",
            },
        ]
    })],
};

const CURL_PATCH: &str = "\
--- a/program.in
+++ b/program.in
@@ -1,5 +1,6 @@
 #!%shell%
 # %program%, of %package%
+# CVE-2026-30551: credentials stay with the host that they are for
 identity='%identity%'
 needed='%needed%'
 tools='%tools%'
";

pub(super) const REDIS_FILE: &str = "pkgs/by-name/re/redis/package.nix";

/// `master` has another major version than the stable branches.
pub(super) const REDIS: Scenario = Scenario {
    branch: "redis-8.0.2",
    title: "redis: 8.0.1 -> 8.0.2",
    body: "Fixes CVE-2026-27202: a Lua script can run code in the server.",
    attribute: "redis",
    person: BRAM,
    commits: &[("redis: 8.0.1 -> 8.0.2\n\nFixes CVE-2026-27202\n", || {
        vec![bump(REDIS_FILE, "redis", "8.0.1", "8.0.2")]
    })],
};

pub(super) const UNBOUND: Scenario = Scenario {
    branch: "unbound-1.23.1",
    title: "unbound: 1.23.0 -> 1.23.1",
    body: "Fixes CVE-2026-25994: cache poisoning.",
    attribute: "unbound",
    person: EVE,
    commits: &[(
        "unbound: 1.23.0 -> 1.23.1\n\nFixes CVE-2026-25994\n",
        || {
            vec![Edit::BumpWithWrongHash {
                path: "pkgs/by-name/un/unbound/package.nix",
                source: "unbound",
                from: "1.23.0".to_owned(),
                to: "1.23.1".to_owned(),
            }]
        },
    )],
};

pub(super) const OPENSSH: Scenario = Scenario {
    branch: "openssh-regression-test",
    title: "openssh: 10.0p1 -> 10.0p2",
    body: "Fixes CVE-2026-26465, and runs the regression test of the fix.",
    attribute: "openssh",
    person: CHIARA,
    commits: &[(
        "openssh: 10.0p1 -> 10.0p2\n\nFixes CVE-2026-26465\n",
        || {
            vec![
                bump(
                    "pkgs/tools/networking/openssh/default.nix",
                    "openssh",
                    "10.0p1",
                    "10.0p2",
                ),
                Edit::Replace {
                    path: "pkgs/tools/networking/openssh/default.nix",
                    from: "  doCheck = true;\n",
                    to: "  doCheck = true;\n  postCheck = ''\n    echo \"running regress/agent-forwarding.sh\"\n    \
                     build/bin/sshd --version | grep 'agent forwarding: off'\n  '';\n",
                },
            ]
        },
    )],
};

/// Backported when the history begins: [`super::history`] picks it.
pub(super) const SUDO: Scenario = Scenario {
    branch: "sudo-1.9.17",
    title: "sudo: 1.9.16p2 -> 1.9.17",
    body: "Fixes CVE-2026-24463: local privilege escalation by --host.",
    attribute: "sudo",
    person: EVE,
    commits: &[("sudo: 1.9.16p2 -> 1.9.17\n\nFixes CVE-2026-24463\n", || {
        vec![bump(
            "pkgs/by-name/su/sudo/package.nix",
            "sudo",
            "1.9.16p2",
            "1.9.17",
        )]
    })],
};

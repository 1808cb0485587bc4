//! What demo and tests need from the system, and how it is installed where it is missing.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run_command;

/// A program that must be there, and the Debian package that has it.
pub(crate) struct Prerequisite {
    program: &'static str,
    package: &'static str,
    what_for: &'static str,
}

/// What the demo needs.
pub(crate) const DEMO: &[Prerequisite] = &[
    Prerequisite {
        program: "git",
        package: "git",
        what_for: "fetches and pushes",
    },
    Prerequisite {
        program: "nix-build",
        package: "nix-bin",
        what_for: "evaluates and builds",
    },
    Prerequisite {
        program: "bwrap",
        package: "bubblewrap",
        what_for: "keeps evaluations apart from the machine",
    },
    Prerequisite {
        program: "busybox",
        package: "busybox-static",
        what_for: "the demo packages' build tools",
    },
];

/// What the tests need beyond that.
pub(crate) const TEST: &[Prerequisite] = &[
    Prerequisite {
        program: "postgres",
        package: "postgresql",
        what_for: "the store's tests",
    },
    Prerequisite {
        program: "chromium",
        package: "chromium",
        what_for: "the browser test",
    },
    Prerequisite {
        program: "chromedriver",
        package: "chromium-driver",
        what_for: "the browser test",
    },
    Prerequisite {
        program: "sshd",
        package: "openssh-server",
        what_for: "a builder on another machine",
    },
    Prerequisite {
        program: "debootstrap",
        package: "debootstrap",
        what_for: "newer Nix clients",
    },
    Prerequisite {
        program: "xz",
        package: "xz-utils",
        what_for: "the tarballs' tests",
    },
    Prerequisite {
        program: "zstd",
        package: "zstd",
        what_for: "the tarballs' tests",
    },
    Prerequisite {
        program: "nginx",
        package: "nginx-light",
        what_for: "the test of deploy/nginx",
    },
    Prerequisite {
        program: "openssl",
        package: "openssl",
        what_for: "the tests of deploy/",
    },
    Prerequisite {
        program: "curl",
        package: "curl",
        what_for: "the tests of deploy/",
    },
    Prerequisite {
        program: "jq",
        package: "jq",
        what_for: "the test of the subscribers' check",
    },
];

/// What the bench of serving files needs.
pub(crate) const SERVE: &[Prerequisite] = &[
    Prerequisite {
        program: "wrk",
        package: "wrk",
        what_for: "the load",
    },
    Prerequisite {
        program: "nginx",
        package: "nginx-light",
        what_for: "what it is compared with",
    },
];

/// Installs what is missing, and says what it does.
pub(crate) fn ensure(prerequisites: &[Prerequisite]) -> Result<()> {
    let missing: Vec<_> = prerequisites
        .iter()
        .filter(|it| !is_installed(it.program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for Prerequisite {
        program,
        package,
        what_for,
    } in &missing
    {
        eprintln!("missing: {program} ({what_for}); installing Debian's {package}");
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this system has no apt-get: install the programs above by its own means");
    }
    let packages: Vec<_> = missing.iter().map(|it| it.package).collect();
    apt_get(&["update"])?;
    apt_get(
        &[
            &["install", "--yes", "--no-install-recommends"],
            packages.as_slice(),
        ]
        .concat(),
    )
    .context("could not install what is missing")
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = if is_root()? {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("apt-get");
        sudo
    };
    run_command(
        command
            .arg("-qq")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn is_root() -> Result<bool> {
    let id = Command::new("id")
        .arg("-u")
        .output()
        .context("cannot run id")?;
    Ok(id.stdout == b"0\n")
}

/// PostgreSQL's server programs are not in PATH on Debian.
fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    in_path || (program == "postgres" && has_postgresql_server())
}

fn has_postgresql_server() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    versions
        .map(|version| version.path().join("bin/postgres"))
        .any(|server| server.is_file())
}

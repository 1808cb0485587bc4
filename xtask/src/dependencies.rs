//! The dependency check: every crate comes from the registry, under a licence that we can ship.

use anyhow::{Context, Result, bail};
use cargo_metadata::{MetadataCommand, Package};
use spdx::{Expression, LicenseReq};

/// Licences that may be linked into a program under MIT OR Apache-2.0.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Checks all packages of the lock file, and prints what it found.
pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new()
        .other_options(["--locked".to_owned()])
        .exec()?;
    let mut problems = Vec::new();
    for package in &metadata.packages {
        if let Err(error) = check_licence(package) {
            problems.push(format!("{} {}: {error:#}", package.name, package.version));
        }
        let is_foreign = package
            .source
            .as_ref()
            .is_some_and(|source| !source.is_crates_io());
        if is_foreign {
            problems.push(format!("{}: does not come from the registry", package.name));
        }
    }
    if !problems.is_empty() {
        bail!(
            "{} dependencies cannot be used:\n  {}",
            problems.len(),
            problems.join("\n  ")
        );
    }
    println!(
        "{} packages: all from the registry, all licences allowed",
        metadata.packages.len()
    );
    Ok(())
}

fn check_licence(package: &Package) -> Result<()> {
    let licence = package.license.as_deref().context("names no licence")?;
    let expression = Expression::parse_mode(licence, spdx::ParseMode::LAX)
        .map_err(|error| anyhow::anyhow!("{licence:?} is no licence expression: {error}"))?;
    if expression.evaluate(is_allowed) {
        Ok(())
    } else {
        bail!("licence {licence} is not allowed")
    }
}

fn is_allowed(requirement: &LicenseReq) -> bool {
    requirement
        .license
        .id()
        .is_some_and(|id| ALLOWED.contains(&id.name))
}

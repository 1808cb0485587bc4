//! How Nix is called, and what it may use.

use std::path::{Path, PathBuf};

use picket_builder::{Limits, NixConfig};
use rustix::fs::{Access, access};
use toml::Spanned;

use super::paths::Paths;
use super::value::{Checked, at_least_one};
use crate::config::error::Problem;
use crate::config::{Retention, raw};

/// The programs of Nix that Picket starts.
const PROGRAMS: [&str; 3] = ["nix", "nix-daemon", "nix-instantiate"];
/// More evaluations at a time than any machine has memory for.
const EVALUATIONS_MAX: u32 = 256;

pub(super) fn limits(raw: &raw::Nix, evaluation: &raw::Limits) -> Checked<Limits> {
    let default = Limits::default();
    let restricted = raw.restrict_evaluation;
    Ok(Limits {
        build_seconds: raw.build_seconds.map_or(default.build_seconds, Into::into),
        silent_seconds: raw
            .silent_seconds
            .map_or(default.silent_seconds, Into::into),
        evaluation: picket_evaluator::Limits {
            restricted: restricted.unwrap_or(default.evaluation.restricted),
            unsandboxed: raw.evaluate_unsandboxed.unwrap_or(false),
            ..evaluation_limits(evaluation)?
        },
        ..default
    })
}

fn evaluation_limits(raw: &raw::Limits) -> Checked<picket_evaluator::Limits> {
    let given = |key: &Option<Spanned<u32>>| -> Checked<Option<u32>> {
        key.as_ref().map(|it| at_least_one(Some(it), 1)).transpose()
    };
    let memory = given(&raw.evaluation_memory_mib)?;
    let workers = given(&raw.evaluation_workers)?;
    Ok(picket_evaluator::Limits {
        seconds: at_least_one(raw.evaluation_seconds.as_ref(), 1800)?.into(),
        job_seconds: at_least_one(raw.evaluation_job_seconds.as_ref(), 600)?.into(),
        memory_bytes: memory.map(|mib| u64::from(mib) << 20),
        workers: workers.map(|workers| workers as usize),
        job_disk_bytes: u64::from(at_least_one(raw.evaluation_disk_mib.as_ref(), 256)?) << 20,
        at_once: evaluations(raw.evaluations.as_ref())?,
        ..picket_evaluator::Limits::default()
    })
}

/// Each gets its part of the memory.
fn evaluations(raw: Option<&Spanned<u32>>) -> Checked<usize> {
    let count = at_least_one(raw, 1)?;
    match raw.filter(|_| count > EVALUATIONS_MAX) {
        None => Ok(count as usize),
        Some(value) => Err(Problem::new(
            value.span(),
            format!("each of {count} evaluations at a time would have next to no memory"),
            "write as many as fit, with 4 GiB or more for each",
        )),
    }
}

pub(super) fn retention(raw: &raw::Retention) -> Checked<Retention> {
    Ok(Retention {
        releases: at_least_one(raw.releases.as_ref(), 50)?,
        days: raw.days.unwrap_or(90),
        cache_days: raw.cache_days.unwrap_or(30),
        log_days: raw.log_days.unwrap_or(90),
        evaluation_days: raw.evaluation_days.unwrap_or(30),
        minimum_free_gib: raw.minimum_free_gib.unwrap_or(1),
        every_seconds: at_least_one(raw.every_seconds.as_ref(), 3_600)?,
    })
}

pub(super) fn nix(raw: raw::Nix, paths: &Paths) -> Checked<NixConfig> {
    let bin_dir = raw.bin_dir.map(|dir| bin_dir(&dir, paths)).transpose()?;
    let environment = raw.environment.into_iter().map(|(name, value)| {
        variable(&name, &value)?;
        Ok((name, value.into_inner()))
    });
    let options = raw.options.into_iter().map(|(name, value)| {
        option(&name, &value)?;
        Ok((name, value.into_inner()))
    });
    Ok(NixConfig {
        bin_dir,
        environment: environment.collect::<Checked<_>>()?,
        options: options.collect::<Checked<_>>()?,
    })
}

fn bin_dir(raw: &Spanned<PathBuf>, paths: &Paths) -> Checked<PathBuf> {
    let dir = paths.absolute(raw)?;
    let is_program = |file: &Path| file.is_file() && access(file, Access::EXEC_OK).is_ok();
    match PROGRAMS.iter().find(|name| !is_program(&dir.join(name))) {
        None => Ok(dir),
        Some(name) => Err(Problem::new(
            raw.span(),
            format!("there is no program {}", dir.join(name).display()),
            "name the folder of the Nix commands, or leave nix.bin_dir out for those in PATH",
        )),
    }
}

fn variable(name: &str, value: &Spanned<String>) -> Checked<()> {
    let refuse = |text: String, remedy: &str| Err(Problem::new(value.span(), text, remedy));
    if name.is_empty() || name.contains(['=', '\0']) || value.as_ref().contains('\0') {
        let text = format!("{name:?} cannot be set to this in an environment");
        return refuse(text, "write a name without `=`, and no NUL characters");
    }
    let is_folder = name.starts_with("NIX_") && name.ends_with("_DIR");
    if is_folder && !value.as_ref().starts_with('/') {
        return refuse(
            format!("{name} is not absolute"),
            "write the folder's whole path",
        );
    }
    Ok(())
}

fn option(name: &str, value: &Spanned<String>) -> Checked<()> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let is_name = !name.is_empty() && !name.starts_with('-') && name.bytes().all(is_plain);
    if is_name && !value.as_ref().contains('\0') {
        return Ok(());
    }
    Err(Problem::new(
        value.span(),
        format!("{name:?} is no setting of Nix, or its value holds a NUL character"),
        "write settings as nix.conf has them, as cores = \"2\"",
    ))
}

//! `picket tarball`

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use picket_domain::CommitSha;
use picket_lab::replay::resolve_revision;
use picket_publisher::{CacheSettings, TreeArchives, WrittenArchive};
use serde_json::json;

use super::clone;
use crate::cli::Tarball;

pub(crate) fn run(arguments: &Tarball) -> anyhow::Result<ExitCode> {
    let name = &arguments.name;
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
        bail!("--name is no name of a folder: {name:?}");
    }
    let began = Instant::now();
    let merger = clone::open(&arguments.repo)?;
    let rev = resolve_revision(&arguments.repo, &arguments.rev)?.to_string();
    let rev = CommitSha::parse(&rev)?;
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let files = scratch.path().join("tree");
    merger.export(&rev, &files)?;
    let exported = began.elapsed();
    eprintln!(
        "wrote the tree of {} in {:.1} s",
        rev.short(),
        exported.as_secs_f64()
    );
    let default = CacheSettings::default();
    let settings = CacheSettings {
        xz_preset: arguments.preset,
        threads: arguments.threads.unwrap_or(default.threads),
        ..default
    };
    let suffix = format!(".{}", rev.short());
    let archives = TreeArchives {
        files: &files,
        top: name,
        rev: &rev,
        version_suffix: arguments.version_suffix.as_deref().unwrap_or(&suffix),
        keep: arguments.keep.as_deref(),
    };
    let written = archives.write(&arguments.out, &settings)?;
    let seconds = began.elapsed().as_secs_f64();
    for WrittenArchive { path, digest } in &written {
        println!(
            "{}  {} bytes, sha256 {}",
            path.display(),
            digest.size,
            digest.sha256
        );
    }
    eprintln!("packed in {:.1} s", seconds - exported.as_secs_f64());
    if arguments.json {
        let files = written.map(|it| {
            json!({
                "path": it.path,
                "size": it.digest.size,
                "sha256": it.digest.sha256.to_string(),
            })
        });
        let line = json!({"rev": rev.as_str(), "files": files, "seconds": seconds});
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

//! The same by Nix's own commands.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use picket_evaluator::{JobSet, Jobs};
use picket_testkit::nix::NixStore;
use serde_json::json;

use crate::seconds;

/// One `nix-env -qaP --drv-path` over the names that do not fail: the first one that does would end
/// it. Seconds, and how many names it found.
pub(crate) fn nix_env(
    store: &NixStore,
    tree: &Path,
    dir: &Path,
    jobs: &Jobs,
) -> Result<(f64, usize)> {
    let good = jobs.iter().filter(|(_, job)| job.is_ok());
    let names: Vec<_> = good.map(|(name, _)| name.to_string()).collect();
    fs::write(dir.join("names.json"), json!(names).to_string())?;
    let expression = format!(
        "let all = import {} {{ config = {{ }}; }};\n\
         in builtins.listToAttrs (map (name: {{ inherit name; value = all.${{name}}; }})\n\
         (builtins.fromJSON (builtins.readFile {}/names.json)))\n",
        tree.display(),
        dir.display()
    );
    let file = dir.join("plain.nix");
    fs::write(&file, expression)?;
    let file = file.display().to_string();
    let begun = Instant::now();
    let said = store.run("nix-env", ["-qaP", "--drv-path", "-f", &file])?;
    Ok((seconds(begun.elapsed()), said.lines().count()))
}

/// One `nix-instantiate` for each job that does not fail. Seconds, and how many there were.
pub(crate) fn one_by_one(
    store: &NixStore,
    tree: &Path,
    set: &JobSet,
    jobs: &Jobs,
) -> Result<(f64, usize)> {
    let file = tree.join(&set.file).display().to_string();
    let mut arguments = Vec::new();
    for (name, value) in &set.arguments {
        let quoted = serde_json::to_string(&value.to_string())?;
        let code = format!("builtins.fromJSON {}", quoted.replace('$', "\\$"));
        arguments.extend(["--arg".to_owned(), name.clone(), code]);
    }
    let begun = Instant::now();
    let mut count = 0;
    for (name, _) in jobs.iter().filter(|(_, job)| job.is_ok()) {
        let mut command = vec![file.clone(), "-A".to_owned(), name.to_string()];
        command.extend(arguments.iter().cloned());
        store
            .run("nix-instantiate", command)
            .context("nix-instantiate")?;
        count += 1;
    }
    Ok((seconds(begun.elapsed()), count))
}

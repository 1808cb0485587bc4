//! `picket mirror` by hand: what it says, to whom it says no.

use std::fs;
use std::path::Path;

use anyhow::Result;
use picket_tests::{Ran, run};
use serde_json::Value;

/// What it wrote, with the folder's name taken out.
fn mirror(folder: &Path, arguments: &[&str]) -> Result<Ran> {
    let arguments = arguments
        .iter()
        .map(|it| it.replace("DIR", &folder.display().to_string()));
    let arguments: Vec<_> = arguments.collect();
    let mut ran = run(["mirror"]
        .into_iter()
        .chain(arguments.iter().map(String::as_str)))?;
    let name = folder.display().to_string();
    ran.stdout = ran.stdout.replace(&name, "DIR");
    ran.stderr = ran.stderr.replace(&name, "DIR");
    Ok(ran)
}

#[test]
fn a_folder_is_copied_by_hand() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let public = folder.path().join("public");
    fs::create_dir_all(public.join("releases"))?;
    fs::create_dir(public.join("cache"))?;
    fs::write(
        public.join("cache/nix-cache-info"),
        "StoreDir: /nix/store\n",
    )?;
    fs::write(public.join("cache/.lock"), "")?;
    let to = ["--from", "DIR/public", "--to", "DIR/copy"];
    let with = |more: &[&'static str]| [&to[..], more].concat();

    let ran = mirror(folder.path(), &with(&["--dry-run"]))?;
    insta::assert_snapshot!(ran.stdout, @"DIR/copy: would write 1 file of 21 B, would remove 0, 0 were there");
    assert!(!folder.path().join("copy/cache").exists());
    let ran = mirror(folder.path(), &to)?;
    insta::assert_snapshot!(ran.stdout, @"DIR/copy: wrote 1 file of 21 B, removed 0, 0 were there");
    assert!(
        ran.stderr.ends_with("DIR/copy: 1 file to write, 0 MiB\n"),
        "{ran:?}"
    );
    let ran = mirror(folder.path(), &to)?;
    insta::assert_snapshot!(ran.stdout, @"DIR/copy: up to date, 1 file of 21 B in all");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let ran = mirror(folder.path(), &with(&["--json"]))?;
    let said: Value = serde_json::from_str(&ran.stdout)?;
    assert_eq!(said["report"]["objects"], 1);
    assert!(!folder.path().join("copy/cache/.lock").exists());
    Ok(())
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::create_dir_all(folder.path().join("public/releases"))?;
    let mut said = String::new();
    for arguments in [
        &[
            "--from",
            "DIR/public",
            "--to",
            "s3://picket",
            "--credentials-file",
            "DIR/no",
        ][..],
        &["--from", "DIR", "--to", "DIR/copy"],
        &["--from", "DIR/none", "--to", "DIR/copy"],
        &["--from", "DIR/public", "--to", "DIR/copy", "--region", "x"],
        &["--config", "DIR/picket.toml"],
    ] {
        let ran = mirror(folder.path(), arguments)?;
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
        said.push_str(&ran.stderr);
    }
    insta::assert_snapshot!(said, @"
    error: the credentials file DIR/no: there is no such file
    error: DIR/copy and the public folder DIR lie in each other: choose another folder
    error: DIR/none is no public folder: it has no folder called releases. Of a Picket it is the folder public in its data_dir
    error: DIR/copy is a folder: what is for buckets has no meaning there; write s3://BUCKET/PREFIX
    error: DIR/picket.toml: cannot read it: No such file or directory (os error 2)
      to mend it: name an existing configuration file with --config
    ");
    for arguments in [
        &["--to", "DIR/copy"][..],
        &["--from", "DIR/public"],
        &["--from", "DIR", "--to", "ftp://x/y"],
    ] {
        let ran = mirror(folder.path(), arguments)?;
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
    Ok(())
}

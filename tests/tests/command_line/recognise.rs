//! `picket recognise`: answers a line each, and figures where lines are labelled.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use picket_tests::run;
use serde_json::{Value, json};

/// Real pull requests in short, of which the last two are labelled wrongly, as people may.
const LABELLED: &str = r#"
{"number": 61827, "title": "openssl: cve-2019-1543", "body": null, "base": "master", "security": true, "author": {"login": "x"}}
{"number": 80431, "title": "firefox: 73.0 -> 73.0.1", "body": "Just a bugfix release for the latest version.", "base": "master", "security": false}
{"number": 17525, "title": "Revert \"curl: 7.50.0 -> 7.50.1\"", "base": "master", "files": ["pkgs/tools/networking/curl/default.nix"], "security": true}
{"number": 124713, "title": "getdata: add security patch from Debian", "body": "Fixes #124626 \ud83d", "base": "master", "security": false}
"#;

fn file(dir: &tempfile::TempDir, text: &str) -> Result<String> {
    let path = dir.path().join("pull-requests.jsonl");
    std::fs::write(&path, text)?;
    Ok(path
        .to_str()
        .context("a temporary path is UTF-8")?
        .to_owned())
}

fn answers(stdout: &str) -> Result<Vec<Value>> {
    let lines = stdout.lines().map(serde_json::from_str);
    Ok(lines.collect::<Result<_, _>>()?)
}

#[test]
fn what_is_recognised_is_told_with_its_reasons_and_figures() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let ran = run(["recognise", "--list", &file(&dir, LABELLED)?])?;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.stdout, @r#"
    #61827 openssl: cve-2019-1543
        title: names CVE-2019-1543
    #124713 getdata: add security patch from Debian
        title: says "security patch"
    missed #17525 Revert "curl: 7.50.0 -> 7.50.1"
        title: updates curl, whose updates are nearly always security fixes
        title: against it, takes a change back
    wrong #124713 getdata: add security patch from Debian
        title: says "security patch"
    2 of 4 pull requests are security fixes
    of 4 labelled ones: precision 50.0 % (1 of 2), recall 50.0 % (1 of 2)
    "#);
    Ok(())
}

#[test]
fn without_labels_there_are_no_figures() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let line = r#"{"number": 7, "title": "a: \u001b[31m fix CVE-2026-1234"}"#;
    let ran = run(["recognise", &file(&dir, line)?])?;
    ensure!(ran.code == Some(0), "{}", ran.stderr);
    let expected = "#7 a: \u{fffd}[31m fix CVE-2026-1234\n    title: names CVE-2026-1234\n\
                    1 of 1 pull requests are security fixes\n";
    assert_eq!(ran.stdout, expected);
    Ok(())
}

#[test]
fn each_line_has_an_answer_of_its_own() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let ran = run(["recognise", "--json", &file(&dir, LABELLED)?])?;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let answers = answers(&ran.stdout)?;
    assert_eq!(answers.len(), 4);
    let expected = json!({
        "number": 61827,
        "security": true,
        "reasons": ["title: names CVE-2019-1543"],
    });
    assert_eq!(answers[0], expected);
    assert_eq!(answers[1]["security"], false);
    Ok(())
}

#[test]
fn a_line_that_cannot_be_read_is_told_and_the_rest_is_answered() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let text = "{\"number\": 1, \"title\": \"a: fix CVE-2026-1234\"}\n\n{\"number\": \"2\"}\nnonsense\n\
                {\"number\": 3, \"title\": \"b: 1 -> 2\", \"body\": null, \"files\": null}";
    let ran = run(["recognise", "--json", &file(&dir, text)?])?;
    assert_eq!(ran.code, Some(1));
    let errors: Vec<_> = ran.stderr.lines().collect();
    ensure!(
        errors.len() == 2
            && errors[0].starts_with("error: line 3: ")
            && errors[1].starts_with("error: line 4: "),
        "{}",
        ran.stderr
    );
    let numbers: Vec<_> = answers(&ran.stdout)?
        .iter()
        .map(|it| it["number"].clone())
        .collect();
    assert_eq!(numbers, [1, 3]);
    Ok(())
}

#[test]
fn a_hyphen_is_standard_input() -> Result<()> {
    let mut child = Command::new(picket_tests::program())
        .args(["recognise", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("standard input")?;
    input.write_all(LABELLED.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(output.status.success());
    assert_eq!(answers(&String::from_utf8(output.stdout)?)?.len(), 4);
    Ok(())
}

#[test]
fn a_file_that_is_not_there_is_an_error() -> Result<()> {
    let ran = run(["recognise", "/nowhere"])?;
    ensure!(
        ran.code == Some(1) && ran.stderr.contains("/nowhere"),
        "{}",
        ran.stderr
    );
    Ok(())
}

//! The fake GitHub's answers against GitHub's own description of its API.
//!
//! The description comes from the npm package `@octokit/openapi`, in one exact version, through
//! the `npm` on this machine. Where npm or its registry cannot be had, the test says so and passes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail, ensure};
use jsonschema::Validator;
use picket_testkit::github::{CommitSpec, FileSpec, FileStatus, GitHub, PullRequestSpec};
use serde_json::{Map, Value, json};

const PACKAGE: &str = "@octokit/openapi@23.0.2";
const DESCRIPTION: &str = "package/generated/api.github.com.json";

/// Endpoint of the description, path to ask the fake for.
const ANSWERS: &[(&str, &str)] = &[
    ("/user", "/user"),
    ("/rate_limit", "/rate_limit"),
    ("/repos/{owner}/{repo}", "/repos/o/r"),
    ("/repos/{owner}/{repo}/pulls", "/repos/o/r/pulls?state=all"),
    (
        "/repos/{owner}/{repo}/pulls/{pull_number}",
        "/repos/o/r/pulls/1",
    ),
    (
        "/repos/{owner}/{repo}/pulls/{pull_number}",
        "/repos/o/r/pulls/2",
    ),
    (
        "/repos/{owner}/{repo}/pulls/{pull_number}/commits",
        "/repos/o/r/pulls/1/commits",
    ),
    (
        "/repos/{owner}/{repo}/pulls/{pull_number}/files",
        "/repos/o/r/pulls/1/files",
    ),
    (
        "/repos/{owner}/{repo}/issues",
        "/repos/o/r/issues?state=all",
    ),
    (
        "/repos/{owner}/{repo}/issues/{issue_number}",
        "/repos/o/r/issues/3",
    ),
    (
        "/repos/{owner}/{repo}/issues/{issue_number}/comments",
        "/repos/o/r/issues/1/comments",
    ),
];

#[tokio::test]
async fn answers_are_as_github_describes_them() -> Result<()> {
    let Some(description) = description()? else {
        return Ok(());
    };
    let github = world().await?;
    let token = github.add_token("ada");
    for (endpoint, path) in ANSWERS {
        let validator = validator(description, endpoint, "get", "200")?;
        let (status, body) = ask(&github, &token, path).await?;
        ensure!(status == 200, "{path} answered {status}: {body}");
        check(&validator, path, &body)?;
        ensure!(
            body != json!([]),
            "{path} has no row, so nothing was checked"
        );
    }
    let not_found = validator(
        description,
        "/repos/{owner}/{repo}/issues/{issue_number}",
        "get",
        "404",
    )?;
    let (status, body) = ask(&github, &token, "/repos/o/r/issues/99").await?;
    ensure!(status == 404, "{status}");
    check(&not_found, "404", &body)?;
    posted_comment(description, &github, &token).await
}

#[tokio::test]
async fn the_comparison_finds_what_is_wrong() -> Result<()> {
    let Some(description) = description()? else {
        return Ok(());
    };
    let github = world().await?;
    let token = github.add_token("ada");
    let validator = validator(description, "/repos/{owner}/{repo}/pulls", "get", "200")?;
    let (_, good) = ask(&github, &token, "/repos/o/r/pulls?state=all").await?;
    type Damage = fn(&mut Value);
    let damages: [(&str, Damage); 4] = [
        ("a missing field", |row| row["_links"] = json!({})),
        ("a wrong type", |row| row["number"] = json!("1")),
        ("a null where none may be", |row| row["title"] = Value::Null),
        ("a made-up field", |row| row["is_security"] = json!(true)),
    ];
    for (name, damage) in damages {
        let mut bad = good.clone();
        damage(&mut bad[0]);
        ensure!(!validator.is_valid(&bad), "{name} was not found");
    }
    Ok(())
}

async fn world() -> Result<GitHub> {
    let github = GitHub::start("o", "r").await?;
    let renamed = FileSpec {
        status: FileStatus::Renamed {
            from: "before".into(),
        },
        ..FileSpec::modified("after")
    };
    let spec = PullRequestSpec {
        body: Some("fixes CVE-2026-1234".into()),
        labels: vec![
            "1.severity: security".into(),
            "10.rebuild-linux: 1-10".into(),
        ],
        commits: vec![
            CommitSpec::new("a", "first"),
            CommitSpec::new("b", "second"),
        ],
        files: vec![FileSpec::modified("a b.nix"), renamed],
        ..Default::default()
    };
    github.open_pull_request(spec)?;
    let merged = github.open_pull_request(PullRequestSpec::default())?;
    github.merge(merged, &"ab".repeat(20))?;
    github.delete_author(merged)?;
    github.open_issue("an issue", "grace", &["bug"])?;
    github.comment(1, "grace", "hello")?;
    Ok(github)
}

async fn posted_comment(description: &Value, github: &GitHub, token: &str) -> Result<()> {
    let endpoint = "/repos/{owner}/{repo}/issues/{issue_number}/comments";
    let validator = validator(description, endpoint, "post", "201")?;
    let url = format!("{}/repos/o/r/issues/1/comments", github.url());
    let request = reqwest::Client::new().post(url).bearer_auth(token);
    let response = request.json(&json!({ "body": "hi" })).send().await?;
    ensure!(response.status() == 201, "{}", response.status());
    let posted: Value = response.json().await?;
    check(&validator, "posted comment", &posted)?;
    edited_comment(description, github, token, &posted["id"]).await
}

async fn edited_comment(
    description: &Value,
    github: &GitHub,
    token: &str,
    id: &Value,
) -> Result<()> {
    let endpoint = "/repos/{owner}/{repo}/issues/comments/{comment_id}";
    let edit = async |token: &str, id: &Value| {
        let url = format!("{}/repos/o/r/issues/comments/{id}", github.url());
        let request = reqwest::Client::new().patch(url).bearer_auth(token);
        let response = request.json(&json!({ "body": "hi again" })).send().await?;
        anyhow::Ok((response.status().as_u16(), response.json::<Value>().await?))
    };
    let (status, body) = edit(token, id).await?;
    ensure!(
        status == 200 && body["body"] == "hi again",
        "{status} {body}"
    );
    let edited = validator(description, endpoint, "patch", "200")?;
    check(&edited, "edited comment", &body)?;
    let other = github.add_token("grace");
    ensure!(edit(&other, id).await?.0 == 403, "it is somebody else's");
    github.delete_comment(id.as_u64().context("an id is a number")?)?;
    ensure!(edit(token, id).await?.0 == 404, "it is gone");
    github.lock(1)?;
    let url = format!("{}/repos/o/r/issues/1/comments", github.url());
    let request = reqwest::Client::new().post(url).bearer_auth(token);
    let response = request.json(&json!({ "body": "hi" })).send().await?;
    ensure!(response.status() == 403, "{}", response.status());
    let forbidden = "/repos/{owner}/{repo}/issues/{issue_number}/comments";
    let forbidden = validator(description, forbidden, "post", "403")?;
    check(&forbidden, "locked", &response.json().await?)
}

async fn ask(github: &GitHub, token: &str, path: &str) -> Result<(u16, Value)> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{}{path}", github.url());
    let request = reqwest::Client::new().get(url).bearer_auth(token);
    let response = request.send().await?;
    Ok((response.status().as_u16(), response.json().await?))
}

fn check(validator: &Validator, what: &str, body: &Value) -> Result<()> {
    let errors: Vec<_> = validator
        .iter_errors(body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    ensure!(errors.is_empty(), "{what}:\n{}", errors.join("\n"));
    Ok(())
}

/// The description, or `None` with a printed reason where it cannot be had on this machine.
fn description() -> Result<Option<&'static Value>> {
    static READ: LazyLock<Result<Option<Value>>> = LazyLock::new(read_description);
    match &*READ {
        Ok(description) => Ok(description.as_ref()),
        Err(error) => bail!("{error:#}"),
    }
}

fn read_description() -> Result<Option<Value>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("github-openapi-23.0.2");
    let file = folder.join("api.github.com.json");
    if !file.exists() {
        std::fs::create_dir_all(&folder)?;
        let scratch = tempfile::tempdir_in(&folder)?;
        match download(scratch.path()) {
            // Renamed into place: test runs at the same time see all of it or nothing.
            Ok(unpacked) => std::fs::rename(unpacked, &file)?,
            Err(reason) => {
                println!("skipped: {PACKAGE} cannot be had: {reason:#}");
                return Ok(None);
            }
        }
    }
    let text = std::fs::read(&file)?;
    Ok(Some(serde_json::from_slice(&text)?))
}

fn download(folder: &Path) -> Result<PathBuf> {
    run(Command::new("npm")
        .args(["pack", "--silent", "--fetch-retries=1", PACKAGE])
        .current_dir(folder))?;
    let archive = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|it| it == "tgz"))
        .context("npm pack wrote no archive")?;
    run(Command::new("tar")
        .arg("-xzf")
        .arg(archive)
        .arg(DESCRIPTION)
        .current_dir(folder))?;
    Ok(folder.join(DESCRIPTION))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("{} cannot be run", command.get_program().display()))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{} failed: {}",
            command.get_program().display(),
            stderr.trim()
        );
    }
    Ok(())
}

/// A validator for one answer of one endpoint.
fn validator(description: &Value, endpoint: &str, method: &str, status: &str) -> Result<Validator> {
    let mut answer = &description["paths"][endpoint][method]["responses"][status];
    if let Some(reference) = answer["$ref"].as_str() {
        answer = look_up(description, reference)?;
    }
    let schema = &answer["content"]["application/json"]["schema"];
    ensure!(
        schema.is_object(),
        "{method} {endpoint} {status} has no schema"
    );
    let mut components = Map::new();
    collect(description, schema, &mut components)?;
    let mut root = translate(schema);
    root["components"] = json!({ "schemas": components });
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&root)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(validator)
}

fn look_up<'a>(description: &'a Value, reference: &str) -> Result<&'a Value> {
    let pointer = reference.strip_prefix('#').context("a foreign reference")?;
    let found = description.pointer(pointer);
    found.with_context(|| format!("{reference} is not there"))
}

/// Adds every schema that `schema` leads to: the whole description is far too large to compile.
fn collect(description: &Value, schema: &Value, into: &mut Map<String, Value>) -> Result<()> {
    match schema {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let name = reference.rsplit('/').next().unwrap_or_default();
                if !into.contains_key(name) {
                    let found = look_up(description, reference)?;
                    into.insert(name.to_owned(), translate(found));
                    collect(description, found, into)?;
                }
            }
            fields
                .values()
                .try_for_each(|field| collect(description, field, into))
        }
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| collect(description, item, into)),
        _ => Ok(()),
    }
}

/// From OpenAPI 3.0 to JSON Schema: `nullable` becomes a type of its own. Objects are closed, so
/// that a made-up field is found.
fn translate(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut fields: Map<_, _> = fields
                .iter()
                // An example may look like a schema.
                .filter(|(name, _)| !["example", "examples", "discriminator"].contains(&&***name))
                .map(|(name, field)| (name.clone(), translate(field)))
                .collect();
            close(&mut fields);
            let is_nullable = fields.remove("nullable") == Some(Value::Bool(true));
            let schema = Value::Object(fields);
            if is_nullable {
                json!({ "anyOf": [{ "type": "null" }, schema] })
            } else {
                schema
            }
        }
        Value::Array(items) => items.iter().map(translate).collect(),
        other => other.clone(),
    }
}

fn close(fields: &mut Map<String, Value>) {
    let has_properties = fields.get("properties").is_some_and(Value::is_object);
    let is_object = fields.get("type") == Some(&json!("object"));
    if is_object && has_properties && !fields.contains_key("additionalProperties") {
        fields.insert("additionalProperties".into(), json!(false));
    }
}

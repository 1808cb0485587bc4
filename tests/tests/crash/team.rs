//! What people do while the server dies and comes back.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use picket_demo::Person;
use picket_domain::PrNumber;
use picket_tests::Stage;
use tokio::task::JoinHandle;

/// How long an approval may take to be taken.
const PATIENCE: Duration = Duration::from_secs(120);
const TRY_EVERY: Duration = Duration::from_millis(20);

/// A head of a pull request that is to be approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) pr: PrNumber,
    pub(crate) head: String,
}

impl Wish {
    /// The pull request as it is now.
    pub(crate) fn of(stage: &Stage, pr: PrNumber) -> Result<Self> {
        let head = stage.world.github.head(pr.0)?;
        Ok(Self { pr, head })
    }
}

/// Approves, however often the server dies meanwhile.
pub(crate) async fn approve(person: &Person, wishes: &[Wish]) -> Result<()> {
    let start = Instant::now();
    for wish in wishes {
        while !has_approved(person, wish).await {
            let head = &wish.head;
            ensure!(start.elapsed() < PATIENCE, "{head} cannot be approved");
            tokio::time::sleep(TRY_EVERY).await;
        }
    }
    Ok(())
}

/// Whether the page says so, which is the only thing that counts; if not, tries.
async fn has_approved(person: &Person, Wish { pr, head }: &Wish) -> bool {
    match person.candidate_page(*pr).await {
        Ok(page) if page.contains(head) && !page.contains("/approve\"") => true,
        Ok(page) if page.contains(head) => {
            // The server may die before it answers, and yet have recorded it.
            let _ = person.approve(*pr).await;
            false
        }
        Ok(_) | Err(_) => false,
    }
}

/// The same, beside whatever comes next.
pub(crate) fn approve_meanwhile(person: Person, wishes: Vec<Wish>) -> JoinHandle<Result<Person>> {
    tokio::spawn(async move {
        approve(&person, &wishes).await?;
        Ok(person)
    })
}

/// The author of the mastodon fix pushes once more: another derivation, which must be built.
pub(crate) fn push_again(stage: &Stage, fix: PrNumber, round: u32) -> Result<Wish> {
    const FILE: &str = "pkgs/servers/mastodon/default.nix";
    let head = stage.world.github.head(fix.0)?;
    let text = git(stage, &["show", &format!("{head}:{FILE}")], "")?;
    const BEGIN: &str = "  pname = \"mastodon\";\n";
    let (before, after) = text.split_once(BEGIN).context("it has a name")?;
    let after = match after.split_once('\n') {
        Some((line, rest)) if line.starts_with("  round = ") => rest,
        _ => after,
    };
    let changed = format!("{before}{BEGIN}  round = \"{round}\";\n{after}");
    let message = format!("mastodon: round {round}\n");
    let now = 1_790_000_000 + i64::from(round) * 60;
    let stream = format!(
        "commit refs/heads/round\n\
         committer Eve <eve@example.org> {now} +0000\n\
         data {}\n{message}from {head}\n\
         M 100644 inline {FILE}\ndata {}\n{changed}\n",
        message.len(),
        changed.len(),
    );
    git(stage, &["fast-import", "--quiet", "--force"], &stream)?;
    let pushed = git(stage, &["rev-parse", "refs/heads/round"], "")?;
    stage.world.github.push(fix.0, pushed.trim())?;
    Wish::of(stage, fix)
}

/// Runs git in upstream's repository, which is also where Picket pushes to.
pub(crate) fn git(stage: &Stage, arguments: &[&str], stdin: &str) -> Result<String> {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(stage.world.nixpkgs.path())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut pipe = child.stdin.take().context("standard input is a pipe")?;
    pipe.write_all(stdin.as_bytes())?;
    drop(pipe);
    let ended = child.wait_with_output()?;
    let problem = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "git {arguments:?}: {problem}");
    Ok(String::from_utf8(ended.stdout)?)
}

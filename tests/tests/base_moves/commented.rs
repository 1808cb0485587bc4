//! A pull request is told what became of it, where that is switched on, and nowhere else.

use std::fs;

use anyhow::{Context, Result, ensure};
use picket_testkit::github::{Fault, FaultKind};
use picket_tests::{Stage, eventually};

use crate::{MASTODON, candidate};

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_is_told_once_what_became_of_it() -> Result<()> {
    let mut stage = Stage::open().await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    // That which looks for something to write would have looked by now.
    let metrics = stage.text("metrics").await?;
    ensure!(!metrics.contains("lane=\"comment\""), "{metrics}");
    let asked = stage.world.github.take_requests().into_iter();
    let mut about_comments = asked.filter(|it| it.path.contains("/comments"));
    ensure!(about_comments.next().is_none(), "it is off by default");

    stage.picket.take().context("it runs")?.stop()?;
    switch_on(&stage)?;
    stage.start()?;
    let told = until_told(&stage).await?;
    let comments = stage.world.github.comments(MASTODON.0);
    ensure!(comments.len() == 1, "{comments:?}");
    let comment = &comments[0];
    ensure!(comment.author == "picket-bot", "{comment:?}");
    let begin = format!(
        "<!-- picket:{} -->",
        stage.world.web.as_str().trim_end_matches('/')
    );
    ensure!(comment.body.starts_with(&begin), "{comment:?}");
    ensure!(
        comment.body.contains("**released** in `nixos-"),
        "{comment:?}"
    );
    ensure!(
        told.ends_with(&format!("#issuecomment-{}", comment.id)),
        "{told}"
    );
    let page = stage.text(&format!("candidates/{MASTODON}")).await?;
    ensure!(
        page.contains("It was told there what became of it"),
        "{page}"
    );

    stage.picket.take().context("it runs")?.kill()?;
    stage.start()?;
    until_told(&stage).await?;
    eventually("what is written is counted", async || {
        let metrics = stage.text("metrics").await.ok()?;
        let line = "picket_github_comments{state=\"written\"} 1";
        metrics.contains(line).then_some(())
    })
    .await?;
    ensure!(
        stage.world.github.comments(MASTODON.0) == comments,
        "it is as it was"
    );
    Ok(())
}

/// In the one moment in which GitHub has the comment and the database does not know of it.
#[tokio::test(flavor = "multi_thread")]
async fn killed_before_it_was_told_of_its_comment_it_posts_no_other() -> Result<()> {
    let mut stage = Stage::make().await?;
    switch_on(&stage)?;
    let unanswered = Fault::on("/comments", 1, FaultKind::Unanswered).of("POST");
    stage.world.github.inject(unanswered);
    stage.start()?;
    stage.approve(MASTODON).await?;
    let comments = || stage.world.github.comments(MASTODON.0);
    eventually("it is posted", async || {
        (!comments().is_empty()).then_some(())
    })
    .await?;
    let before = comments();
    stage.picket.take().context("it runs")?.kill()?;
    stage.start()?;
    // It looks for the comment when lists have caught up: after two minutes.
    until_told(&stage).await?;
    ensure!(
        stage.world.github.comments(MASTODON.0) == before,
        "{before:?}"
    );
    let requests = stage.world.github.requests().into_iter();
    let posts = requests.filter(|it| it.method == "POST" && it.path.contains("/comments"));
    ensure!(posts.count() == 1, "it is posted once");
    Ok(())
}

fn switch_on(stage: &Stage) -> Result<()> {
    let file = stage.dir().join("comment-token");
    fs::write(&file, stage.world.github.add_token("picket-bot"))?;
    let config = fs::read_to_string(&stage.world.config_file)?;
    let on = format!(
        "[github.comments]\nenabled = true\ntoken_file = {file:?}\nstable_seconds = 1\n\n[upstream]"
    );
    let config = config.replacen("[upstream]", &on, 1);
    ensure!(config.contains(&on), "{config}");
    Ok(fs::write(&stage.world.config_file, config)?)
}

/// The comment's address, as the API has it.
async fn until_told(stage: &Stage) -> Result<String> {
    eventually("it is told", async || {
        let json = candidate(stage, MASTODON).await.ok()?;
        json["upstream"]["comment"]["url"]
            .as_str()
            .map(str::to_owned)
    })
    .await
}

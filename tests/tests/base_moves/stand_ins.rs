//! What stands in for a fix: shipped, switched off, refused, and gone when the fix arrives.

use anyhow::{Context, Result};
use picket_demo::CHANNEL;
use picket_domain::PrNumber;
use picket_tests::{Machine, Stage, eventually};
use serde_json::Value;

use crate::{MASTODON, candidate, current, head_in, publish_stable, until_release};

const OPENSSL: PrNumber = PrNumber(4245);
const NGINX: PrNumber = PrNumber(4247);

#[tokio::test(flavor = "multi_thread")]
async fn a_graft_reaches_servers_without_a_rebuild_and_leaves_by_itself() -> Result<()> {
    let stage = Stage::open().await?;
    let fix = stage.world.nixpkgs.fix_openssl()?;
    graft_as_the_page_suggests(&stage).await?;
    until_form(&stage, OPENSSL, "graft").await?;
    stage.approve(OPENSSL).await?;
    stage.until_pick(OPENSSL, "released").await?;
    assert_eq!(stand_in(&current(&stage).await?, OPENSSL), "graft");
    let page = stage.text(&format!("channels/{CHANNEL}")).await?;
    assert!(page.contains("Grafted"), "{page}");

    let machine = stage.machine("server")?;
    machine.subscribe(stage.channel_url()?.as_str())?;
    let names = replaced(&machine, "")?;
    let expected = ["", "-bin", "-dev"]
        .map(|output| format!("openssl-3.4.1{output} -> openssl-3.4.2{output}"));
    assert_eq!(names, expected);
    assert_eq!(replaced(&machine, GRAFTS_OFF)?, [""; 0]);

    let system = build(&machine, "")?;
    let says = |system: &str| machine.run(&format!("{system}/sw/bin/ssh"), &["--version"]);
    assert!(says(&system)?.contains("openssl 3.4.2"));
    // What needs the library was rewritten here, and the library itself came from the channel.
    let built = machine.store.built()?;
    assert!(
        built.iter().any(|name| name.starts_with("openssh-")),
        "{built:?}"
    );
    assert!(
        !built.iter().any(|name| name.starts_with("openssl-")),
        "{built:?}"
    );
    let plain = build(&machine, GRAFTS_OFF)?;
    assert!(says(&plain)?.contains("openssl 3.4.1"));

    let nixpkgs = &stage.world.nixpkgs;
    stage.world.github.merge(OPENSSL.0, &nixpkgs.merge(&fix)?)?;
    until_it_is_gone(
        &stage,
        &machine,
        &nixpkgs.backport_to_stable(&fix)?,
        OPENSSL,
    )
    .await?;
    assert_eq!(
        machine.eval("(import <nixos> { }).openssl.version")?,
        "3.4.2"
    );
    assert_eq!(replaced(&machine, "")?, [""; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mitigation_is_on_until_it_is_switched_off_or_the_fix_arrives() -> Result<()> {
    let stage = Stage::open().await?;
    let fix = stage.world.nixpkgs.fix_nginx()?;
    mitigate(
        &stage,
        NGINX,
        "{ boot.blacklistedKernelModules = [ \"algif_aead\" ]; }",
    )
    .await?;
    stage.until_pick(NGINX, "released").await?;
    assert_eq!(stand_in(&current(&stage).await?, NGINX), "mitigation");
    let page = stage.text(&format!("channels/{CHANNEL}")).await?;
    assert!(page.contains("Mitigated"), "{page}");

    let machine = stage.machine("server")?;
    machine.subscribe(stage.channel_url()?.as_str())?;
    let blocked = |settings: &str| -> Result<String> {
        let system = build(&machine, settings)?;
        machine.run("cat", &[&format!("{system}/etc/modprobe.d/nixos.conf")])
    };
    assert_eq!(blocked("")?, "blacklist algif_aead");
    let off = "security.channel.mitigations.\"cve-2026-28813\".enable = false;";
    assert_eq!(blocked(off)?, "");

    let nixpkgs = &stage.world.nixpkgs;
    stage.world.github.merge(NGINX.0, &nixpkgs.merge(&fix)?)?;
    until_it_is_gone(&stage, &machine, &nixpkgs.backport_to_stable(&fix)?, NGINX).await?;
    assert_eq!(blocked("")?, "");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_fit_is_set_aside_with_the_reason_and_holds_nothing_up() -> Result<()> {
    let stage = Stage::open().await?;
    let longer = "{ old = writeText \"zlib-1\" \"\"; new = writeText \"zlib-1a\" \"\"; }";
    let fields = [("form", "graft"), ("text", longer)];
    until_form(&stage, OPENSSL, "as_is").await?;
    stage.person(0).await?.choose_form(OPENSSL, &fields).await?;
    until_form(&stage, OPENSSL, "graft").await?;
    stage.approve(OPENSSL).await?;
    mitigate(&stage, NGINX, "{ boot.noSuchThing = true; }").await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    for (pr, reason) in [
        (
            OPENSSL,
            "the names zlib-1 and zlib-1a are not of equal length",
        ),
        (NGINX, "The option `boot.noSuchThing&#39; does not exist"),
    ] {
        stage.until_pick(pr, "build_failed").await?;
        eventually(&format!("#{pr}'s page says why"), async || {
            let page = stage.text(&format!("candidates/{pr}")).await.ok()?;
            page.contains(reason).then_some(())
        })
        .await?;
    }
    let manifest = current(&stage).await?;
    assert!(head_in(&manifest, MASTODON).is_some(), "{manifest}");
    assert_eq!(head_in(&manifest, OPENSSL), None);
    Ok(())
}

const GRAFTS_OFF: &str = "security.channel.grafts.enable = false;";

/// Takes the graft that the page suggests, as it stands there.
async fn graft_as_the_page_suggests(stage: &Stage) -> Result<()> {
    until_form(stage, OPENSSL, "as_is").await?;
    // Its files say which folder it is about.
    eventually("its files are read", async || {
        let candidate = candidate(stage, OPENSSL).await.ok()?;
        candidate["files"].is_number().then_some(())
    })
    .await?;
    let person = stage.person(0).await?;
    let page = person.form_page(OPENSSL).await?;
    let between = |begin: &str, end: &str| {
        let (_, rest) = page.split_once(begin)?;
        Some(rest.split_once(end)?.0.to_owned())
    };
    let folder = between("autocomplete=\"off\" value=\"", "\"").context("a folder")?;
    assert_eq!(folder, "pkgs/development/libraries/openssl");
    let text = between("wrap=\"off\">\n", "</textarea>").context("a text")?;
    assert!(
        text.contains("new = (callPackage graft { }).openssl_3;"),
        "{text}"
    );
    let fields = [("form", "graft"), ("folder", &*folder), ("text", &*text)];
    person.choose_form(OPENSSL, &fields).await
}

/// Has a pull request mitigated, and approves it so.
async fn mitigate(stage: &Stage, pr: PrNumber, settings: &str) -> Result<()> {
    let fields = [
        ("form", "mitigation"),
        ("name", "cve-2026-28813"),
        ("text", settings),
    ];
    until_form(stage, pr, "as_is").await?;
    stage.person(0).await?.choose_form(pr, &fields).await?;
    until_form(stage, pr, "mitigation").await?;
    stage.approve(pr).await
}

async fn until_form(stage: &Stage, pr: PrNumber, form: &str) -> Result<()> {
    eventually(&format!("#{pr} is assessed as a {form}"), async || {
        let json = candidate(stage, pr).await.ok()?;
        (json["form"] == form && json["assessment"] == "picked").then_some(())
    })
    .await
}

fn stand_in(manifest: &Value, pr: PrNumber) -> &str {
    let mut picks = manifest["picks"].as_array().into_iter().flatten();
    let pick = picks.find(|pick| pick["pr"] == pr.0);
    pick.and_then(|pick| pick["stand_in"].as_str())
        .unwrap_or_default()
}

/// A configuration of NixOS with openssh, on the machine's channel.
fn system(settings: &str) -> String {
    format!(
        "(import <nixos/nixos> {{ configuration = {{ pkgs, ... }}: {{ \
         environment.systemPackages = [ pkgs.openssh ]; {settings} }}; }}).config"
    )
}

/// The names of what the machine's system replaces, and by what, sorted.
fn replaced(machine: &Machine, settings: &str) -> Result<Vec<String>> {
    let name = "path: builtins.substring 33 (-1) (baseNameOf (toString path))";
    let text = machine.eval(&format!(
        "let name = {name}; in builtins.concatStringsSep \"\\n\" (map \
         (one: \"${{name one.oldDependency}} -> ${{name one.newDependency}}\") \
         {}.system.replaceDependencies.replacements)",
        system(settings)
    ))?;
    let mut names: Vec<_> = text.lines().map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

/// Builds the machine's system; returns its path.
fn build(machine: &Machine, settings: &str) -> Result<String> {
    let system = format!("{}.system.build.toplevel", system(settings));
    machine.run("nix-build", &["--no-out-link", "--expr", &system])
}

/// The base gets the fix: the next release goes without what stood in for it, and its files.
async fn until_it_is_gone(
    stage: &Stage,
    machine: &Machine,
    fixed: &str,
    pr: PrNumber,
) -> Result<()> {
    publish_stable(stage, fixed)?;
    let moved = until_release(stage, "it follows the base", |it| it["base_rev"] == *fixed).await?;
    assert_eq!(head_in(&moved, pr), None);
    stage.until_pick(pr, "superseded").await?;
    machine.update()?;
    let there = "toString (builtins.pathExists (<nixos> + \"/nixos/modules/security\"))";
    assert_eq!(machine.eval(there)?, "");
    Ok(())
}

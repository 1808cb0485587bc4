//! Mirrors that `picket serve` keeps up to date, and real clients that know nothing else.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use picket_publisher::PublicDir;
use picket_testkit::nix::NixConf;
use picket_tests::{Stage, eventually, run};
use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::mirror_site::{before_bucket, before_folder};
use crate::nginx::{channel_name, gets_the_fix};
use crate::{MASTODON, s3};

/// Where the stage's Picket has mirrors: a folder, a bucket, and a folder that cannot be made.
struct Places {
    folder: String,
    address: String,
    blocked: std::path::PathBuf,
}

impl Places {
    async fn add_to(stage: &Stage) -> Result<Self> {
        let buckets = stage.dir().join("buckets");
        fs::create_dir_all(buckets.join("picket"))?;
        let address = s3::serve(&buckets).await?.to_string();
        let credentials = stage.dir().join("credentials");
        let (id, secret) = (s3::KEY_ID, s3::SECRET);
        let text = format!("[default]\naws_access_key_id={id}\naws_secret_access_key={secret}\n");
        fs::write(&credentials, text)?;
        let folder = stage.dir().join("mirror").display().to_string();
        let blocked = stage.dir().join("blocked");
        fs::write(&blocked, "a file, and no folder")?;
        let mut config = fs::read_to_string(&stage.world.config_file)?;
        config.push_str(&format!(
            "
[[mirror]]
to = {folder:?}
every_seconds = 1

[[mirror]]
to = \"s3://picket/nixos\"
endpoint = \"http://{address}\"
credentials_file = {credentials:?}
every_seconds = 1

[[mirror]]
to = \"{blocked}/mirror\"
every_seconds = 1
",
            blocked = blocked.display(),
        ));
        fs::write(&stage.world.config_file, config)?;
        Ok(Self {
            folder,
            address,
            blocked,
        })
    }

    fn blocked(&self) -> String {
        format!("{}/mirror", self.blocked.display())
    }
}

async fn health(stage: &Stage) -> Option<Value> {
    let text = stage.get("healthz").await.ok()?.text().await.ok()?;
    serde_json::from_str(&text).ok()
}

/// Until the mirrors have the release that is current here.
async fn until_there(stage: &Stage, places: &Places) -> Result<()> {
    let channel = channel_name(stage)?;
    let here = PublicDir::new(stage.dir().join("data/public"));
    let channel = channel.parse()?;
    let current = here.current(&channel)?.context("there is a release")?;
    eventually("the folder is up to date", async || {
        let there = PublicDir::new(&places.folder).current(&channel).ok()?;
        (there.as_ref() == Some(&current)).then_some(())
    })
    .await?;
    let pointer = stage
        .dir()
        .join("buckets/picket/nixos/channels")
        .join(channel.as_str());
    eventually("the bucket is up to date", async || {
        let there = fs::read_to_string(&pointer).ok()?;
        there.contains(current.as_str()).then_some(())
    })
    .await?;
    // What is stated comes after it.
    eventually("the mirrors are found up to date", async || {
        let health = health(stage).await?;
        let mirrors = health["mirrors"].as_array()?;
        let current = |it: &&Value| it["age_seconds"].is_number();
        (mirrors.iter().filter(current).count() == 2).then_some(())
    })
    .await
}

/// One that cannot be written is seen, tells that once, and holds up neither a release nor the others.
async fn an_outage_is_seen(stage: &Stage, places: &Places) -> Result<()> {
    let name = places.blocked();
    let picket = stage.picket.as_ref().context("Picket runs")?;
    let step = format!("bringing the mirror {name} up to date");
    picket.wait_for(|line| line.message().starts_with(&format!("{step} failed")))?;
    let seen = eventually("it failed three times", async || {
        let health = health(stage).await?;
        let mut mirrors = health["mirrors"].as_array()?.iter();
        let blocked = mirrors.find(|it| it["mirror"] == name.as_str())?;
        (blocked["failures"].as_u64()? >= 3).then(|| health.clone())
    })
    .await?;
    let troubles = seen["troubles"].as_array().context("a list")?;
    ensure!(
        troubles.iter().any(|it| it["step"] == step.as_str()),
        "{seen}"
    );
    let metrics = stage.text("metrics").await?;
    let label = format!("{{mirror=\"{name}\"}}");
    ensure!(
        metrics.contains(&format!("picket_mirror_failures_total{label} ")),
        "{metrics}"
    );
    ensure!(
        !metrics.contains(&format!("picket_mirror_age_seconds{label} ")),
        "{metrics}"
    );
    for name in [places.folder.as_str(), "s3://picket/nixos"] {
        let label = format!("{{mirror=\"{name}\"}}");
        ensure!(
            metrics.contains(&format!("picket_mirror_age_seconds{label} ")),
            "{metrics}"
        );
        ensure!(
            metrics.contains(&format!("picket_mirror_failures_total{label} 0\n")),
            "{metrics}"
        );
    }
    fs::remove_file(&places.blocked)?;
    let recovered = format!("the mirror {name} is up to date again");
    loop {
        let line = picket.wait_for(|line| line.message().contains(&name))?;
        if line.message() == recovered {
            return Ok(());
        }
        ensure!(
            !line.message().contains("failed"),
            "it is told again: {line:?}"
        );
    }
}

fn verifies(stage: &Stage, url: &str) -> Result<()> {
    let key = stage.world.public_key.to_string();
    let ran = run(["verify", url, "--public-key", &key, "--require-latest"])?;
    ensure!(ran.code == Some(0), "{url}: {ran:?}");
    ensure!(ran.stdout.ends_with("nothing is wrong\n"), "{ran:?}");
    Ok(())
}

/// From nothing but a mirror, and the official cache for what is not Picket's.
fn a_machine_gets_the_fix(stage: &Stage, name: &str, base: &str, cache: &str) -> Result<()> {
    let machine = stage.machine(name)?;
    let key = stage.world.public_key.to_string();
    let official = stage.world.official.cache_url();
    machine.store.configure(&NixConf::substituting(
        &[&official, cache],
        &[stage.world.official.public_key(), &key],
    ))?;
    gets_the_fix(&machine, &format!("{base}/{}", channel_name(stage)?))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// As Picket's own, but for the address.
async fn redirects_are_those_of_picket(stage: &Stage, bucket: &str, folder: &str) -> Result<()> {
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let channel = channel_name(stage)?;
    let picket = stage.world.web.as_str().trim_end_matches('/');
    for file in [
        "",
        "/",
        "/nixexprs.tar.xz",
        "/nixexprs.tar.zst",
        "/git-revision",
        "/release.json.sig",
    ] {
        let ours = client
            .get(format!("{picket}/{channel}{file}"))
            .send()
            .await?;
        assert_eq!(ours.status(), StatusCode::FOUND, "{file}");
        for base in [bucket, folder] {
            let theirs = client.get(format!("{base}/{channel}{file}")).send().await?;
            assert_eq!(theirs.status(), StatusCode::FOUND, "{base} {file}");
            for name in ["location", "link", "cache-control"] {
                let ours = header(ours.headers(), name).map(|it| it.replace(picket, base));
                if name == "link" && base == folder {
                    // No file system tells it.
                    assert_eq!(header(theirs.headers(), name), None);
                    continue;
                }
                assert_eq!(
                    header(theirs.headers(), name),
                    ours.as_deref(),
                    "{base} {file}"
                );
            }
        }
    }
    Ok(())
}

/// Files with the headers of Picket, and what is not there.
async fn files_are_those_of_picket(stage: &Stage, bases: [&str; 2]) -> Result<()> {
    let channel = channel_name(stage)?;
    let public = PublicDir::new(stage.dir().join("data/public"));
    let release = public.current(&channel.parse()?)?.context("a release")?;
    let release = format!("releases/{channel}/{release}");
    let nars = public.root().join("cache/nar");
    let nar = fs::read_dir(nars)?.next().context("a NAR")??.file_name();
    let nar = format!("cache/nar/{}", nar.to_string_lossy());
    let client = Client::new();
    for path in [
        release.as_str(),
        &format!("{release}/"),
        &format!("{release}/nixexprs.tar.xz"),
        &format!("{release}/release.json"),
        &format!("{channel}/latest.json"),
        &format!("{channel}/latest.json.sig"),
        "cache/nix-cache-info",
        &nar,
        &format!("cache/{}.narinfo", "0".repeat(32)),
        &format!("{release}/other"),
        "picket-mirror.json",
        "channels/x",
        "nothing-x",
    ] {
        let ours = stage.get(path).await?;
        let (status, headers) = (ours.status(), ours.headers().clone());
        let bytes = ours.bytes().await?;
        for base in bases {
            let theirs = client.get(format!("{base}/{path}")).send().await?;
            assert_eq!(theirs.status(), status, "{base}/{path}");
            if !status.is_success() {
                continue;
            }
            for name in [
                "content-type",
                "cache-control",
                "content-encoding",
                "x-content-type-options",
            ] {
                assert_eq!(
                    header(theirs.headers(), name),
                    header(&headers, name),
                    "{base}/{path}"
                );
            }
            assert_eq!(theirs.bytes().await?, bytes, "{base}/{path}");
        }
    }
    // Only nginx itself asks for it.
    let pointer = client
        .get(format!("{}/.picket-pointer", bases[0]))
        .send()
        .await?;
    assert_eq!(pointer.status(), StatusCode::FORBIDDEN);
    let part = client.get(format!("{}/{nar}", bases[0]));
    let part = part.header("range", "bytes=2-5").send().await?;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    let written = client
        .put(format!("{}/{nar}", bases[0]))
        .body("x")
        .send()
        .await?;
    ensure!(written.status().is_client_error(), "{written:?}");
    Ok(())
}

/// From the approval to the installed fix, with nothing but mirrors left in the end.
#[tokio::test(flavor = "multi_thread")]
async fn mirrors_follow_the_channel_and_serve_it_without_picket() -> Result<()> {
    let mut stage = Stage::make().await?;
    let places = Places::add_to(&stage).await?;
    stage.start()?;
    stage.until("picket answers", |_| true).await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    until_there(&stage, &places).await?;
    an_outage_is_seen(&stage, &places).await?;

    let channel = channel_name(&stage)?;
    let (bucket, folder) = (
        before_bucket(&places.address)?,
        before_folder(&places.folder)?,
    );
    eventually("nginx answers", async || {
        let all = [&bucket.base, &folder.base].map(|base| reqwest::get(base.clone()));
        let [one, other] = all;
        one.await.ok().and(other.await.ok()).map(drop)
    })
    .await?;
    verifies(&stage, &format!("file://{}/{channel}", places.folder))?;
    for base in [&bucket.base, &folder.base] {
        verifies(&stage, &format!("{base}/{channel}"))?;
    }
    redirects_are_those_of_picket(&stage, &bucket.base, &folder.base).await?;
    files_are_those_of_picket(&stage, [&bucket.base, &folder.base]).await?;
    by_hand(&stage)?;

    stage.picket.take().context("Picket runs")?.stop()?;
    let cache = format!("{}/cache", bucket.base);
    a_machine_gets_the_fix(&stage, "of-the-bucket", &bucket.base, &cache)?;
    let files = format!("file://{}/cache", places.folder);
    a_machine_gets_the_fix(&stage, "of-the-folder", &folder.base, &files)
}

/// The same by hand, beside the service.
fn by_hand(stage: &Stage) -> Result<()> {
    let config = stage.world.config_file.display().to_string();
    let ran = run([
        "mirror",
        "--config",
        &config,
        "--to",
        "s3://picket/nixos",
        "--json",
    ])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    let said: Value = serde_json::from_str(&ran.stdout)?;
    assert_eq!(
        (&said["report"]["written"], &said["report"]["removed"]),
        (&0.into(), &0.into())
    );
    ensure!(!format!("{ran:?}").contains(s3::SECRET));
    let to = stage.dir().join("by-hand");
    let from = stage.dir().join("data/public").display().to_string();
    let ran = run(["mirror", "--from", &from, "--to", &to.display().to_string()])?;
    ensure!(ran.code == Some(0), "{ran:?}");
    ensure!(ran.stdout.contains(": led "), "{ran:?}");
    is_copy(&to, Path::new(&from))
}

fn is_copy(to: &Path, from: &Path) -> Result<()> {
    for name in fs::read_dir(from.join("cache/nar"))? {
        let name = name?.file_name();
        let (here, there) = (
            from.join("cache/nar").join(&name),
            to.join("cache/nar").join(&name),
        );
        ensure!(fs::read(here)? == fs::read(there)?, "{name:?}");
    }
    Ok(())
}

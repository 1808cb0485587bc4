//! A client that looks at the channel all the time.
//!
//! It follows the channel's redirect and reads the release folder that it leads to, with the
//! narinfos and NARs that the release needs. That the server is down is no fault; an answer that
//! is not whole is one, and so is a release that is older than one seen before, or than the one that
//! the channel states to be current.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use picket_domain::{PrNumber, ReleaseSeq, Sha256};
use picket_publisher::{
    CacheFile, Latest, LatestFile, Manifest, PublicKey, ReleaseFile, Signature,
};
use reqwest::StatusCode;
use tokio::task::JoinHandle;
use url::Url;

/// Between two looks; what was seen is kept for one look alone.
const PAUSE: Duration = Duration::from_millis(10);
/// No answer takes longer to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client saw in all its looks.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// How many looks found a whole release.
    pub(crate) whole: u64,
    /// How many found no server, or one that died under them.
    pub(crate) down: u64,
    /// The releases, in the order in which they came.
    pub(crate) releases: Vec<ReleaseSeq>,
    /// Those that were stated to be current.
    pub(crate) stated: BTreeSet<ReleaseSeq>,
}

/// The pull requests that no release may have from a number on: they were vetoed before it was
/// sealed.
type Forbidden = Arc<Mutex<BTreeMap<PrNumber, ReleaseSeq>>>;

/// A client at work.
pub(crate) struct Client {
    forbidden: Forbidden,
    stop: Arc<AtomicBool>,
    fault: Arc<OnceLock<String>>,
    looking: JoinHandle<Seen>,
}

impl Client {
    /// Looks at a channel from now on.
    pub(crate) fn watch(channel: Url, key: PublicKey) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
        let (stop, fault) = (Arc::new(AtomicBool::new(false)), Arc::new(OnceLock::new()));
        let (told, found) = (Arc::clone(&stop), Arc::clone(&fault));
        let forbidden = Forbidden::default();
        let vetoed = Arc::clone(&forbidden);
        let looking = tokio::spawn(async move {
            let mut seen = Seen::default();
            while !told.load(Ordering::Relaxed) {
                let look = Look {
                    http: &http,
                    channel: &channel,
                    key: &key,
                    forbidden: &vetoed,
                };
                if let Err(error) = look.once(&mut seen).await {
                    found.get_or_init(|| format!("{error:#}"));
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            seen
        });
        Ok(Self {
            forbidden,
            stop,
            fault,
            looking,
        })
    }

    /// No release from this number on may have the pull request, until further notice.
    pub(crate) fn forbid(&self, pr: PrNumber, from: ReleaseSeq) {
        self.forbidden().insert(pr, from);
    }

    /// It may be in releases again.
    pub(crate) fn allow(&self, pr: PrNumber) {
        self.forbidden().remove(&pr);
    }

    fn forbidden(&self) -> MutexGuard<'_, BTreeMap<PrNumber, ReleaseSeq>> {
        self.forbidden
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What it saw that no client may see.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }

    /// Ends; what it saw.
    pub(crate) async fn stop(self) -> Result<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        let seen = self.looking.await?;
        match self.fault.get() {
            Some(fault) => bail!("a client saw what it must not: {fault}"),
            None => Ok(seen),
        }
    }
}

/// One look.
struct Look<'a> {
    http: &'a reqwest::Client,
    channel: &'a Url,
    key: &'a PublicKey,
    forbidden: &'a Forbidden,
}

/// The answer was cut off, or there was none.
struct Down;

impl Look<'_> {
    async fn once(&self, seen: &mut Seen) -> Result<()> {
        let Ok(stated) = self.stated().await? else {
            seen.down += 1;
            return Ok(());
        };
        let Ok((status, folder, _)) = self.get(self.channel.clone()).await else {
            seen.down += 1;
            return Ok(());
        };
        if status == StatusCode::NOT_FOUND && seen.releases.is_empty() {
            return Ok(());
        }
        ensure!(status.is_success(), "{} answers {status}", self.channel);
        let Some(manifest) = self.release(&folder).await? else {
            seen.down += 1;
            return Ok(());
        };
        seen.whole += 1;
        if let Some(stated) = stated {
            ensure!(
                stated.seq <= manifest.seq,
                "{} is stated to be current, and the channel led to {} after that",
                stated.release,
                manifest.name
            );
            seen.stated.insert(stated.seq);
        }
        match seen.releases.last() {
            Some(last) if *last == manifest.seq => {}
            Some(last) if *last > manifest.seq => {
                bail!("after release {last} came {}", manifest.seq);
            }
            _ => seen.releases.push(manifest.seq),
        }
        Ok(())
    }

    /// What is stated of the current release, which must be signed and there.
    async fn stated(&self) -> Result<Result<Option<Latest>, Down>> {
        let file = |it: LatestFile| Url::parse(&format!("{}/{}", self.channel, it.file_name()));
        let bytes = match self.get(file(LatestFile::Statement)?).await {
            Err(Down) => return Ok(Err(Down)),
            Ok((StatusCode::NOT_FOUND, ..)) => return Ok(Ok(None)),
            Ok((status, _, bytes)) => {
                ensure!(status.is_success(), "latest.json: {status}");
                bytes
            }
        };
        let Some(signatures) = self.read(file(LatestFile::Signature)?).await? else {
            return Ok(Err(Down));
        };
        let signatures = String::from_utf8(signatures)?;
        let mut signatures = signatures
            .lines()
            .filter_map(|it| Signature::parse(it).ok());
        ensure!(
            signatures.any(|it| self.key.verify(&bytes, &it)),
            "latest.json is not signed"
        );
        let latest = Latest::parse(&bytes).map_err(anyhow::Error::msg)?;
        let manifest = Url::parse(&format!("{}/release.json", latest.release_url))?;
        let Some(manifest) = self.read(manifest).await? else {
            return Ok(Err(Down));
        };
        ensure!(
            Sha256::of(&manifest) == latest.release_json_sha256,
            "latest.json has another hash of {}",
            latest.release
        );
        Ok(Ok(Some(latest)))
    }

    /// The manifest of a whole release; `None` where the server died under the look.
    async fn release(&self, folder: &Url) -> Result<Option<Manifest>> {
        let file = |file: ReleaseFile| -> Result<Url> {
            Ok(Url::parse(&format!("{folder}/{}", file.file_name()))?)
        };
        let Some(bytes) = self.read(file(ReleaseFile::Manifest)?).await? else {
            return Ok(None);
        };
        let Some(signatures) = self.read(file(ReleaseFile::Signature)?).await? else {
            return Ok(None);
        };
        let signature = Signature::parse(std::str::from_utf8(&signatures)?.trim())?;
        ensure!(
            self.key.verify(&bytes, &signature),
            "{folder}: wrong signature"
        );
        let manifest = Manifest::parse(&bytes).map_err(anyhow::Error::msg)?;
        self.has_nothing_forbidden(&manifest)?;
        let Some(sums) = self.read(file(ReleaseFile::Sha256Sums)?).await? else {
            return Ok(None);
        };
        let sums = String::from_utf8(sums)?;
        for release_file in ReleaseFile::SIGNED {
            let name = release_file.file_name();
            let Some(content) = self.read(file(release_file)?).await? else {
                return Ok(None);
            };
            let sum = Sha256::of(&content);
            ensure!(
                manifest.files.get(name).is_some_and(|it| it.sha256 == sum),
                "{folder}/{name} is not what release.json says"
            );
            ensure!(
                release_file == ReleaseFile::Sha256Sums
                    || sums.contains(&format!("{sum}  {name}\n")),
                "{folder}/{name} is not what SHA256SUMS says"
            );
        }
        Ok(self.has_paths(&manifest).await?.then_some(manifest))
    }

    fn has_nothing_forbidden(&self, manifest: &Manifest) -> Result<()> {
        let forbidden = self.forbidden.lock();
        let forbidden = forbidden.unwrap_or_else(PoisonError::into_inner);
        for pick in &manifest.picks {
            let from = forbidden.get(&pick.pr);
            ensure!(
                from.is_none_or(|from| manifest.seq < *from),
                "{} has #{}, which was vetoed before it was sealed",
                manifest.name,
                pick.pr
            );
        }
        Ok(())
    }

    /// Reads the narinfo and the NAR of each store path; false where the server died meanwhile.
    async fn has_paths(&self, manifest: &Manifest) -> Result<bool> {
        for published in &manifest.store_paths {
            let file = |file: &str| Url::parse(&format!("{}/{file}", manifest.binary_cache_url));
            let name = CacheFile::narinfo_of(&published.path).to_string();
            let Some(narinfo) = self.read(file(&name)?).await? else {
                return Ok(false);
            };
            let narinfo = String::from_utf8(narinfo)?;
            let value = |key: &str| {
                let value = narinfo.lines().find_map(|line| line.strip_prefix(key));
                value.with_context(|| format!("{name} has no {key:?}"))
            };
            ensure!(value("StorePath: ")? == published.path.as_str(), "{name}");
            ensure!(
                value("NarSize: ")? == published.nar_size.to_string(),
                "{name}"
            );
            let Some(nar) = self.read(file(value("URL: ")?)?).await? else {
                return Ok(false);
            };
            ensure!(
                value("FileSize: ")? == nar.len().to_string(),
                "the NAR of {name} is cut off"
            );
        }
        Ok(true)
    }

    /// A file that must be there; `None` where the server died under the look.
    async fn read(&self, url: Url) -> Result<Option<Vec<u8>>> {
        match self.get(url.clone()).await {
            Err(Down) => Ok(None),
            Ok((status, ..)) if !status.is_success() => {
                bail!("{url} answers {status}")
            }
            Ok((_, _, content)) => Ok(Some(content)),
        }
    }

    /// Status, final address and content. A body that is cut off is an error of the transport.
    async fn get(&self, url: Url) -> Result<(StatusCode, Url, Vec<u8>), Down> {
        let answer = self.http.get(url).send().await.map_err(|_| Down)?;
        let (status, url) = (answer.status(), answer.url().clone());
        let content = answer.bytes().await.map_err(|_| Down)?;
        Ok((status, url, content.to_vec()))
    }
}

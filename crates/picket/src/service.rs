//! Picket on one machine: everything that a configuration names, opened and put together.

use std::sync::{Arc, Mutex};

use anyhow::Context;
use picket_builder::{Builder, JobReads, Nix};
use picket_domain::{Board, CommentSite, Scope, Timestamp};
use picket_evaluator::Sandbox;
use picket_evidence::Evidence;
use picket_impact::Setting;
use picket_merger::{Merger, Mirror};
use picket_publisher::{CacheSettings, Origin, PublicDir};
use picket_reconcile::{Collector, Commenting, Dirs, Engine, Measuring, Retention, Shared};
use picket_snapshot::Snapshots;
use picket_store::{Lease, Store};
use picket_watcher::{CommentConfig, Comments, Token, Watcher, WatcherConfig};
use picket_web::{
    AppState, ChannelInfo, Conflicts, DemoPerson, Feeds, GitHubSignIn, GitHubSignInSettings, Risks,
    SmallFiles, Streams, Tries,
};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::{self, Config};
use crate::connections::{self, HEAD_WITHIN};
use crate::fresh::keep_fresh;
use crate::signing;

/// Picket on one machine.
pub struct Service {
    listener: TcpListener,
    state: AppState,
    engine: Arc<Engine>,
    /// Of the data folder and of the database: no other process works on them meanwhile.
    leases: [Lease; 2],
}

impl Service {
    /// Opens everything that the configuration names and starts to listen.
    ///
    /// # Errors
    /// Whatever cannot be opened, with what to do about it.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("cannot make data_dir {}", config.data_dir.display()))?;
        let leases = [
            Lease::of_folder(&config.data_dir)?,
            Lease::of_database(config.database_url.expose()).await?,
        ];
        let dirs = Dirs::new(&config.data_dir);
        let nix = Nix::new(config.nix.clone());
        let nix_here = nix.installed().await?;
        let system = nix.settings(&nix_here.version).await?.system;
        let store_dir = nix_here.store_dir;
        let store = Store::open(config.database_url.expose()).await?;
        store.set_team(&config.team, Timestamp::now()).await?;
        let mirror = open_mirror(&config, &dirs).await?;
        let public = PublicDir::new(dirs.public());
        let wake = Arc::new(Notify::new());
        let board = Arc::new(Mutex::new(Board::default()));
        let snapshots = open_snapshots(&config, &store).await?;
        let listener = TcpListener::bind(config.web.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.web.listen))?;
        let builder = Builder::new(nix, &dirs.builds(), config.limits.clone())?;
        let (sign_in, retention) = (sign_in(&config)?, retention(&config));
        let (commenting, measuring) = (
            commenting(&config)?,
            measuring(&config, &dirs, system).await,
        );
        let settings = CacheSettings {
            store_dir,
            ..CacheSettings::default()
        };
        let (signing, data_dir) = (config.signing, &config.data_dir);
        let publisher = signing::publisher(signing, data_dir, public.clone(), settings).await?;
        let log = Origin::of_service(&config.web.base_url).map_err(anyhow::Error::msg)?;
        let publisher = publisher.with_release_log(log);
        let evidence = Arc::new(Evidence::new(config.evidence.clone()));
        let state = AppState {
            repository: format!("{}/{}", config.github.owner, config.github.repository),
            store: store.clone(),
            public,
            mirror: mirror.clone(),
            logs: builder.logs().clone(),
            live: builder.live().clone(),
            job_reads: JobReads::new(&dirs.builds()),
            streams: Streams::default(),
            conflicts: Conflicts::default(),
            channels: config.channels.iter().map(channel_info).collect(),
            sign_in,
            tries: Tries::default(),
            evidence: Arc::clone(&evidence),
            risks: Risks::default(),
            feeds: Feeds::default(),
            small_files: SmallFiles::default(),
            targets: config.targets,
            webhook_secret: webhook_secret(&config.github),
            base_url: config.web.base_url.clone(),
            public_keys: publisher.public_keys().to_vec(),
            wake: Arc::clone(&wake),
            board: Arc::clone(&board),
            snapshots: Arc::clone(&snapshots),
            clock: Timestamp::now,
        };
        let engine = Arc::new(Engine {
            store,
            snapshots,
            watcher: watcher(&config.github, &config.channels)?,
            commenting,
            evidence,
            merger: mirror,
            builder,
            measuring,
            publisher: Arc::new(publisher),
            mirrors: config.mirrors,
            http: http_client()?,
            channels: config.channels,
            dirs,
            base_url: config.web.base_url,
            interval: config.interval,
            retention,
            latest_seconds: config.latest_seconds,
            wake,
            board,
            shared: Shared::default(),
        });
        Ok(Self {
            listener,
            state,
            engine,
            leases,
        })
    }

    /// Serves and reconciles until told to stop, and then stops cleanly.
    ///
    /// # Errors
    /// Where the web server ends by itself, or another process took the database.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        info!("listening on {}", self.listener.local_addr()?);
        let [_folder, database] = self.leases;
        let mut working = tokio::spawn(self.engine.run(stop.clone()));
        tokio::spawn(keep_fresh(Arc::clone(&self.state.evidence), stop.clone()));
        let router = picket_web::router(self.state);
        let served = connections::serve(self.listener, router, HEAD_WITHIN, stop.clone());
        tokio::pin!(served);
        let lost = database.lost();
        tokio::pin!(lost);
        let ended = tokio::select! {
            () = &mut served => Ok(()),
            error = &mut lost => Err(error.into()),
            worked = &mut working => return worked?,
        };
        // The database's lease is held until nothing works on it any more.
        stop.cancel();
        working.await??;
        ended
    }
}

/// What `picket gc` looks at: the database and the folders, which a service may work on meanwhile.
///
/// # Errors
/// Whatever cannot be opened; among that a database that is not there.
pub(crate) async fn open_collector(config: Config) -> anyhow::Result<Collector> {
    let dirs = Dirs::new(&config.data_dir);
    let store = Store::open_existing(config.database_url.expose()).await?;
    let (snapshots, retention) = (open_snapshots(&config, &store).await?, retention(&config));
    let (public, settings) = (PublicDir::new(dirs.public()), CacheSettings::default());
    let publisher = signing::publisher(config.signing, &config.data_dir, public, settings).await?;
    Ok(Collector {
        snapshots,
        store,
        builds: picket_builder::Retention::new(&dirs.builds()),
        publisher: Arc::new(publisher),
        retention,
    })
}

async fn open_snapshots(config: &Config, store: &Store) -> anyhow::Result<Arc<Snapshots>> {
    let policies = config.channels.iter().map(|channel| channel.policy.clone());
    let snapshots = Snapshots::open(store.clone(), policies, Timestamp::now()).await?;
    Ok(Arc::new(snapshots))
}

async fn open_mirror(config: &Config, dirs: &Dirs) -> anyhow::Result<Merger> {
    let (dir, upstream) = (dirs.mirror(), config.upstream.clone());
    let open = move || {
        let mirror = Merger::new(Mirror::open_of(&dir, upstream.git)?);
        if let Some(reference) = &upstream.reference {
            mirror.use_objects_of(reference)?;
        }
        anyhow::Ok(mirror)
    };
    tokio::task::spawn_blocking(open).await?
}

fn retention(config: &Config) -> Retention {
    let kept = &config.retention;
    Retention {
        releases: kept.releases,
        days: kept.days,
        cache_days: kept.cache_days,
        build_days: kept.log_days.max(kept.evaluation_days),
        minimum_free_bytes: u64::from(kept.minimum_free_gib) << 30,
        every_seconds: kept.every_seconds,
    }
}

/// Nobody has approved what is evaluated to tell what it changes: without a sandbox that is done only
/// where the configuration says so.
async fn measuring(config: &Config, dirs: &Dirs, system: String) -> Option<Measuring> {
    let impact = config.impact?;
    let limits = config.limits.evaluation.clone();
    if Sandbox::find().await == Sandbox::None && !limits.unsandboxed {
        warn!(
            "what candidates change is not found out: there is no sandbox here; install bubblewrap, or set \
             nix.evaluate_unsandboxed"
        );
        return None;
    }
    let setting = Setting {
        system,
        limits,
        bin_dir: config.nix.bin_dir.clone(),
        ..Setting::new(dirs.impact())
    };
    Some(Measuring {
        setting,
        certainty: impact.certainty,
        budget: impact.budget,
        turn: tokio::sync::Mutex::default(),
    })
}

fn watcher(github: &config::GitHub, channels: &[config::Channel]) -> anyhow::Result<Watcher> {
    let scopes = channels.iter().map(|channel| &channel.scope);
    Ok(Watcher::new(WatcherConfig {
        api: github.api.clone(),
        token: github.token_file.clone().map(Token::File),
        owner: github.owner.clone(),
        repository: github.repository.clone(),
        label: github.label.clone(),
        unlabelled: github.unlabelled,
        scope: scopes.fold(Scope::default(), Scope::and),
    })?)
}

/// Nothing is written on pull requests unless the configuration says so.
fn commenting(config: &Config) -> anyhow::Result<Option<Arc<Commenting>>> {
    let github = &config.github;
    let Some(comments) = &github.comments else {
        return Ok(None);
    };
    let writes = Comments::new(CommentConfig {
        api: github.api.clone(),
        token: Token::File(comments.token_file.clone()),
        owner: github.owner.clone(),
        repository: github.repository.clone(),
    })?;
    Ok(Some(Arc::new(Commenting {
        comments: writes,
        site: CommentSite::new(config.web.base_url.as_str()),
        stable_seconds: comments.stable_seconds,
    })))
}

fn webhook_secret(github: &config::GitHub) -> Option<String> {
    let secret = github.webhook_secret.as_ref();
    secret.map(|secret| secret.expose().clone())
}

fn channel_info(channel: &config::Channel) -> ChannelInfo {
    let name = &channel.policy.channel;
    ChannelInfo {
        policy: channel.policy.clone(),
        jobs: channel.jobs.clone(),
        rebuild_limit: channel.rebuild_limit,
        scope: channel.scope.clone(),
        title: name.to_string(),
        base_label: channel.follows.branch.to_string(),
        branch: channel.branch(),
        resolutions_remote: channel.push_to.clone(),
    }
}

fn sign_in(config: &Config) -> anyhow::Result<picket_web::SignIn> {
    match &config.web.sign_in {
        config::SignIn::Demo(people) => {
            let person = |(login, passphrase): (&picket_domain::Login, &config::Secret<String>)| {
                DemoPerson {
                    login: login.clone(),
                    passphrase: passphrase.expose().clone(),
                }
            };
            Ok(picket_web::SignIn::Demo {
                people: people.iter().map(person).collect(),
            })
        }
        config::SignIn::GitHub {
            client_id,
            client_secret,
            web,
        } => {
            let settings = GitHubSignInSettings {
                client_id: client_id.clone(),
                client_secret: client_secret.expose().clone(),
                site: web.clone(),
                api: config.github.api.clone(),
            };
            Ok(picket_web::SignIn::GitHub(GitHubSignIn::new(settings)?))
        }
    }
}

/// Bounded in time: an upstream that hangs must not hang the reconcile loop.
fn http_client() -> anyhow::Result<reqwest::Client> {
    let seconds = std::time::Duration::from_secs;
    Ok(reqwest::Client::builder()
        .user_agent(concat!("picket/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(seconds(15))
        .timeout(seconds(300))
        .build()?)
}

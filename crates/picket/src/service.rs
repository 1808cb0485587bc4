//! Picket on one machine: everything that a configuration names, opened and put together.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use picket_builder::{Builder, Logs, Nix};
use picket_domain::Timestamp;
use picket_merger::Mirror;
use picket_publisher::{CacheSettings, PublicDir, Publisher, SecretKey};
use picket_store::Store;
use picket_watcher::{Watcher, WatcherConfig};
use picket_web::{AppState, ChannelInfo, DemoPerson, GitHubSignIn, GitHubSignInSettings, Health};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::config::{self, Config};
use crate::dirs::Dirs;
use crate::reconcile::Reconciler;

/// Without a sign of life for this many intervals, the reconcile loop counts as stuck. A long
/// build is no reason: it runs beside the loop.
const STALE_INTERVALS: i64 = 10;

/// Picket on one machine.
pub struct Service {
    listener: TcpListener,
    state: AppState,
    reconciler: Arc<Reconciler>,
}

impl Service {
    /// Opens everything that the configuration names and starts to listen.
    ///
    /// # Errors
    /// Whatever cannot be opened, with what to do about it.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("cannot make data_dir {}", config.data_dir.display()))?;
        let dirs = Dirs::new(&config.data_dir);
        let nix = Nix::new(config.nix.clone());
        let store_dir = nix.store_dir().await?;
        let store = Store::open(&config.database_url).await?;
        let mirror = open_mirror(&config, &dirs).await?;
        let public = PublicDir::new(dirs.public());
        let wake = Arc::new(Notify::new());
        let interval = i64::try_from(config.interval.as_secs()).unwrap_or(i64::MAX);
        let health = Arc::new(Health::new(
            interval.saturating_mul(STALE_INTERVALS).max(60),
        ));
        let listener = TcpListener::bind(config.web.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.web.listen))?;
        let state = AppState {
            store: store.clone(),
            public: public.clone(),
            mirror: mirror.clone(),
            logs: Logs::new(&dirs.builds()),
            channels: config.channels.iter().map(channel_info).collect(),
            team: config.team.iter().cloned().collect::<BTreeSet<_>>(),
            sign_in: sign_in(&config)?,
            base_url: config.web.base_url.clone(),
            public_keys: config.signing_keys.iter().map(SecretKey::public).collect(),
            wake: Arc::clone(&wake),
            health: Arc::clone(&health),
            clock: Timestamp::now,
        };
        let settings = CacheSettings {
            store_dir,
            ..CacheSettings::default()
        };
        let reconciler = Arc::new(Reconciler {
            store,
            watcher: watcher(&config.github)?,
            mirror,
            builder: Builder::new(nix, &dirs.builds(), config.limits.clone())?,
            publisher: Publisher::new(public, config.signing_keys, settings)?,
            http: http_client()?,
            channels: config.channels,
            dirs,
            base_url: config.web.base_url,
            interval: config.interval,
            wake,
            health,
        });
        Ok(Self {
            listener,
            state,
            reconciler,
        })
    }

    /// Serves and reconciles until told to stop, and then stops cleanly.
    ///
    /// # Errors
    /// Where the web server ends by itself.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        info!("listening on {}", self.listener.local_addr()?);
        let reconciling = tokio::spawn(Arc::clone(&self.reconciler).run(stop.clone()));
        let router = picket_web::router(self.state);
        let served = axum::serve(self.listener, router)
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .await;
        stop.cancel();
        reconciling.await?;
        served.context("the web server ended")
    }
}

async fn open_mirror(config: &Config, dirs: &Dirs) -> anyhow::Result<Mirror> {
    let (dir, upstream) = (dirs.mirror(), config.upstream.clone());
    let open = move || {
        let mirror = Mirror::open(&dir, &upstream.git)?;
        if let Some(reference) = &upstream.reference {
            mirror.use_objects_of(reference)?;
        }
        anyhow::Ok(mirror)
    };
    tokio::task::spawn_blocking(open).await?
}

fn watcher(github: &config::GitHub) -> anyhow::Result<Watcher> {
    Ok(Watcher::new(WatcherConfig {
        api: github.api.clone(),
        token: github.token.clone(),
        owner: github.owner.clone(),
        repository: github.repository.clone(),
        label: github.label.clone(),
    })?)
}

fn channel_info(channel: &config::Channel) -> ChannelInfo {
    let name = &channel.policy.channel;
    ChannelInfo {
        policy: channel.policy.clone(),
        title: name.to_string(),
        base_label: channel.follows.branch.to_string(),
        branch: channel.branch(),
        resolutions_remote: channel.push_to.clone(),
    }
}

fn sign_in(config: &Config) -> anyhow::Result<picket_web::SignIn> {
    match &config.web.sign_in {
        config::SignIn::Demo(people) => {
            let person = |(login, passphrase): (&picket_domain::Login, &String)| DemoPerson {
                login: login.clone(),
                passphrase: passphrase.clone(),
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
                client_secret: client_secret.clone(),
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

//! Starting the fake, and stopping it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::error::ApiError;
use super::world::{Clock, Limits, Shared, World};
use super::{api, comments, gate, graphql, oauth};

/// A running fake. It stops when this is dropped: it listens no more, and closes idle connections.
pub struct GitHub {
    pub(super) shared: Shared,
    pub(super) url: String,
    /// The server stops when this end of the channel is gone.
    _running: oneshot::Sender<()>,
}

impl GitHub {
    /// Starts a fake with one empty repository, on a free port of the loopback interface.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(owner: &str, repo: &str) -> Result<Self> {
        Self::builder(owner, repo).start().await
    }

    /// Like [`GitHub::start`], on this address.
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    pub async fn start_on(address: SocketAddr, owner: &str, repo: &str) -> Result<Self> {
        Self::builder(owner, repo).listen(address).start().await
    }

    /// A fake with more choices.
    pub fn builder(owner: &str, repo: &str) -> Builder {
        Builder {
            owner: owner.to_owned(),
            repo: repo.to_owned(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            git: None,
            clock: Clock::System,
            limit: 5000,
        }
    }

    /// The address of its API and of its pages, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// How a fake is to be started.
#[must_use]
pub struct Builder {
    owner: String,
    repo: String,
    address: SocketAddr,
    git: Option<PathBuf>,
    clock: Clock,
    limit: u64,
}

impl Builder {
    /// Listens on this address instead of a free port.
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// Takes commits and files from the git repository at this path, bare or not, and writes
    /// `refs/pull/<number>/head` there.
    pub fn git_repository(self, path: impl Into<PathBuf>) -> Self {
        let git = Some(path.into());
        Self { git, ..self }
    }

    /// Lets time stand still at this moment (seconds since 1970), moved by [`GitHub::advance`]
    /// alone. Otherwise the system's clock is used.
    pub fn time(self, unix: i64) -> Self {
        let clock = Clock::Standing(unix);
        Self { clock, ..self }
    }

    /// So many requests an hour for each token, instead of 5000.
    pub fn rate_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// Starts it.
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    pub async fn start(self) -> Result<GitHub> {
        let listener = TcpListener::bind(self.address)
            .await
            .with_context(|| format!("cannot listen on {}", self.address))?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Shared::new(self.world(url.clone()));
        let app = router(shared.clone());
        let (running, stopped) = oneshot::channel::<()>();
        let server = axum::serve(listener, app).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!("the fake GitHub stopped: {error}");
            }
        });
        Ok(GitHub {
            shared,
            url,
            _running: running,
        })
    }

    fn world(self, url: String) -> World {
        let mut world = World {
            url,
            owner: self.owner.clone(),
            repo: self.repo,
            git: self.git,
            clock: self.clock,
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            threads: BTreeMap::new(),
            comments: Vec::new(),
            oauth_apps: BTreeMap::new(),
            codes: BTreeMap::new(),
            limits: Limits {
                with_token: self.limit,
                without_token: 60,
                used: BTreeMap::new(),
            },
            faults: Vec::new(),
            log: BTreeMap::new(),
            test_merges: 0,
            serial: 0,
        };
        world.add_user(&self.owner);
        world.add_user("ghost");
        world
    }
}

fn router(shared: Shared) -> Router {
    let api = api::routes()
        .merge(comments::routes())
        .merge(graphql::routes())
        .fallback(not_found)
        .layer(from_fn_with_state(shared.clone(), gate::pass));
    Router::new()
        .route("/login/oauth/authorize", get(oauth::authorize))
        .route("/login/oauth/access_token", post(oauth::access_token))
        .route("/{owner}/{repo}/pull/{number}", get(api::pull_page))
        .fallback_service(api.with_state(shared.clone()))
        .with_state(shared)
}

async fn not_found() -> ApiError {
    ApiError::not_found()
}

//! Serves the official side's folder over HTTP, and remembers what was asked.

use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::nixpkgs::CHANNEL_BRANCH as CHANNEL;

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `HEAD`.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// The answer's status.
    pub status: u16,
}

type Log = Arc<Mutex<Vec<Request>>>;

#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    log: Log,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Folder {
    dir: Arc<Path>,
    log: Log,
}

impl Server {
    pub(super) async fn start(dir: &Path, address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let log = Log::default();
        let folder = Folder {
            dir: dir.into(),
            log: Arc::clone(&log),
        };
        let router = Router::new().fallback(answer).with_state(folder);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the official side's server stopped");
            }
        });
        Ok(Self { address, log, task })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn forget_requests(&self) {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(folder): State<Folder>, request: HttpRequest) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = folder.answer(&method, &path).await;
    folder
        .log
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Request {
            method: method.to_string(),
            path,
            status: response.status().as_u16(),
        });
    response
}

impl Folder {
    async fn answer(&self, method: &Method, path: &str) -> Response {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let Some(path) = plain(path) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        match path.strip_prefix(CHANNEL) {
            Ok(below) => self.redirect(below).await,
            Err(_) => self.file(&path).await,
        }
    }

    /// From the channel to the release that it is at: one look at the pointer, so that all that a
    /// client is led to belongs together.
    async fn redirect(&self, below: &Path) -> Response {
        let pointer = self.dir.join("channels").join(CHANNEL);
        let Ok(target) = tokio::fs::read_link(pointer).await else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let Some(name) = target.file_name() else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let release = Path::new("/releases").join(name);
        let to = if below.as_os_str().is_empty() {
            release
        } else {
            release.join(below)
        };
        let headers = [
            (header::LOCATION, to.display().to_string()),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        (StatusCode::FOUND, headers).into_response()
    }

    async fn file(&self, path: &Path) -> Response {
        let served = path.starts_with("cache") || path.starts_with("releases");
        let mut file = self.dir.join(path);
        if file.is_dir() {
            file = file.join("index.html");
        }
        match tokio::fs::read(file).await {
            Ok(content) if served => content.into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

/// The path of a file below the folder, where it is nothing else.
fn plain(path: &str) -> Option<PathBuf> {
    let path = Path::new(path.trim_matches('/'));
    path.components()
        .all(|part| matches!(part, Component::Normal(_)))
        .then(|| path.to_owned())
}

//! The public folder over HTTP, with the redirect that clients follow.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use picket_domain::ChannelName;
use picket_publisher::{LatestFile, PublicDir};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

/// Serves until the test's runtime ends.
pub(crate) async fn serve(listener: TcpListener, public: PublicDir) -> SocketAddr {
    let router = Router::new()
        .route("/{channel}", get(channel))
        .route("/{channel}/latest.json", get(latest))
        .route("/{channel}/latest.json.sig", get(latest_signature))
        .fallback_service(ServeDir::new(public.root()))
        .with_state(public);
    serve_router(listener, router).await
}

pub(crate) async fn serve_router(listener: TcpListener, router: Router) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

pub(crate) async fn listen() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
}

async fn latest(State(public): State<PublicDir>, Path(channel): Path<String>) -> Response {
    latest_file(&public, &channel, LatestFile::Statement)
}

async fn latest_signature(
    State(public): State<PublicDir>,
    Path(channel): Path<String>,
) -> Response {
    latest_file(&public, &channel, LatestFile::Signature)
}

fn latest_file(public: &PublicDir, channel: &str, file: LatestFile) -> Response {
    let channel = ChannelName::parse(channel).unwrap();
    match std::fs::read(public.latest_file(&channel, file)) {
        Ok(content) => content.into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn channel(State(public): State<PublicDir>, Path(channel): Path<String>) -> Response {
    let channel = ChannelName::parse(&channel).unwrap();
    match public.current(&channel).unwrap() {
        Some(name) => Redirect::to(&format!("/releases/{channel}/{name}")).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

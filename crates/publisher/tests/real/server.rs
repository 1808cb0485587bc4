//! The public folder over HTTP, with the redirect that clients follow.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use picket_domain::ChannelName;
use picket_publisher::PublicDir;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

/// Serves until the test's runtime ends.
pub(crate) async fn serve(listener: TcpListener, public: PublicDir) -> SocketAddr {
    let router = Router::new()
        .route("/{channel}", get(channel))
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

async fn channel(State(public): State<PublicDir>, Path(channel): Path<String>) -> Response {
    let channel = ChannelName::parse(&channel).unwrap();
    match public.current(&channel).unwrap() {
        Some(name) => Redirect::to(&format!("/releases/{channel}/{name}")).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

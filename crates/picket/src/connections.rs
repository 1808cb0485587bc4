//! The web server's connections: each is bounded, and none keeps the server from stopping.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// How long a client may take to send a request's head, and keep a connection without one.
pub(crate) const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// Answers under way are sent to their end when the server stops, but for no longer than this: a
/// client that does not read would hold it up for ever.
const FINISH_WITHIN: Duration = Duration::from_secs(30);
/// After an error that is not about one connection, such as too many open files.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves until told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    head_within: Duration,
    stop: CancellationToken,
) {
    let mut http1 = http1::Builder::new();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(head_within);
    let under_way = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                refused(&error).await;
                continue;
            }
        };
        quicken(&stream);
        let service = TowerToHyperService::new(router.clone());
        let connection = http1.serve_connection(TokioIo::new(stream), service);
        let connection = under_way.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!("a connection ended: {error}");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(FINISH_WITHIN, under_way.shutdown())
        .await
        .is_err()
    {
        debug!("some answers were not taken to their end");
    }
}

/// A small answer must not wait for the client to acknowledge its first part.
fn quicken(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!("a connection keeps its delays: {error}");
    }
}

async fn refused(error: &io::Error) {
    let is_of_one = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !is_of_one {
        warn!("no connection can be taken: {error}");
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_request_that_is_never_finished_is_given_up_and_holds_up_no_stop() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "here"));
        let stop = CancellationToken::new();
        let within = Duration::from_millis(200);
        let serving = tokio::spawn(serve(listener, router, within, stop.clone()));

        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            .await
            .unwrap();
        let mut whole = TcpStream::connect(address).await.unwrap();
        whole
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        whole.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("here"),
            "{answer}"
        );
        // It is closed, with or without a word.
        let mut rest = Vec::new();
        half.read_to_end(&mut rest).await.unwrap();
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{rest:?}");

        let mut other = TcpStream::connect(address).await.unwrap();
        other.write_all(b"GET / HT").await.unwrap();
        stop.cancel();
        serving.await.unwrap();
    }
}

//! Pages are made on threads of their own, so that channel and cache never wait for them.
//!
//! A page takes a processor for milliseconds; a client of the channel asks for a file, which takes
//! none. On threads that both share, eight people who reload a page make each client wait for all
//! eight. So there are fewer threads for pages than there are processors, and where both want to
//! run, the system lets the others run first.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::available_parallelism;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

/// How much the threads stand back behind others, as of `nice(2)`.
const NICENESS: i32 = 10;

/// The threads. They end when the last copy goes.
#[derive(Debug, Clone)]
pub(crate) struct PageThreads {
    handle: Handle,
    _threads: Arc<Threads>,
}

#[derive(Debug)]
struct Threads(Option<Runtime>);

impl PageThreads {
    /// Starts them: one less than there are processors, and at least one.
    ///
    /// # Panics
    /// Where the system has no room for another thread.
    pub(crate) fn start() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        let threads = processors.saturating_sub(1).max(1);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            // What waits for git or the disk beside the pages is bounded likewise.
            .max_blocking_threads(2 * threads)
            .thread_name("pages")
            .on_thread_start(stand_back)
            .enable_all()
            .build();
        let runtime = runtime.expect("the system has room for threads");
        Self {
            handle: runtime.handle().clone(),
            _threads: Arc::new(Threads(Some(runtime))),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // This may be dropped on a thread of another runtime, which must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A thread that cannot do so is as urgent as others, which is no reason not to have it.
fn stand_back() {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!("pages are as urgent as all else: {error}");
    }
}

/// Has a request answered on the threads for pages. Whoever goes away before the answer ends the
/// work on it.
pub(crate) async fn on_page_threads(
    State(threads): State<PageThreads>,
    request: Request,
    next: Next,
) -> Response {
    let work = next.run(request).in_current_span();
    let answer = AbortOnDropHandle::new(threads.handle.spawn(work)).await;
    answer.unwrap_or_else(|ended| match ended.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    /// The test has one thread: a page that was made on it would keep it for ever.
    #[tokio::test]
    async fn files_are_answered_while_a_page_keeps_its_thread() {
        let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let (end, wait) = std::sync::mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let page = move || {
            let (began, wait) = (began.clone(), Arc::clone(&wait));
            async move {
                began.send(()).expect("the test waits for this");
                // Ends when the other side is gone.
                let _ = wait.lock().expect("nothing panics").recv();
            }
        };
        let apart = from_fn_with_state(PageThreads::start(), on_page_threads);
        let router = Router::new()
            .route("/page", get(page).layer(apart))
            .route("/file", get(async || "file"));
        let ask = |path: &str| {
            let request = Request::builder().uri(path).body(Body::empty());
            router.clone().oneshot(request.expect("a request"))
        };
        let pages = [(); 3].map(|()| tokio::spawn(ask("/page")));
        begun.recv().await.expect("a page is being made");
        assert_eq!(
            ask("/file").await.expect("an answer").status(),
            StatusCode::OK
        );
        drop(end);
        for page in pages {
            let answer = page.await.expect("no panic").expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK);
        }
    }
}

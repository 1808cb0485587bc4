//! A real S3 server on loopback, which can be made to fail.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use picket_bucket::{BucketTarget, Mirror, Patience, Target};
use picket_publisher::PublicDir;
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

pub(crate) const BUCKET: &str = "picket";
const SECRET: &str = "a-secret-that-is-nowhere-to-be-seen";

/// What the server does with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It answers them.
    Good,
    /// It answers them all with this status and code.
    Answers(u16, &'static str),
    /// It knows no conditions on what is written.
    KnowsNoConditions,
    /// It cuts the connection before it answers one that writes.
    Cuts,
    /// It cuts every other connection that a request comes over.
    CutsHalf,
}

/// The server. It ends with the test's runtime.
pub(crate) struct Server {
    dir: TempDir,
    address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    requests: Arc<Mutex<Vec<String>>>,
    /// How many requests came.
    received: Arc<watch::Sender<usize>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("data").join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(dir.path().join("data")).unwrap());
        builder.set_auth(SimpleAuth::from_single("picket", SECRET));
        let service = builder.build();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = Self {
            dir,
            address: listener.local_addr().unwrap(),
            mood: Arc::new(Mutex::new(Mood::Good)),
            requests: Arc::default(),
            received: Arc::new(watch::Sender::new(0)),
        };
        let received = Arc::clone(&server.received);
        let (mood, requests) = (Arc::clone(&server.mood), Arc::clone(&server.requests));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (service, mood) = (service.clone(), Arc::clone(&mood));
                let (requests, received) = (Arc::clone(&requests), Arc::clone(&received));
                let answer = service_fn(move |request: Request<Incoming>| {
                    let mood = *mood.lock().unwrap();
                    let mut requests = requests.lock().unwrap();
                    requests.push(format!("{} {}", request.method(), request.uri()));
                    received.send_modify(|count| *count += 1);
                    answer(service.clone(), request, mood, requests.len())
                });
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                tokio::spawn(connection);
            }
        });
        server
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The requests since this was last asked.
    pub(crate) fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// Waits until so many requests came.
    pub(crate) async fn after_requests(&self, count: usize) {
        let mut received = self.received.subscribe();
        let until = *received.borrow() + count;
        received.wait_for(|all| *all >= until).await.unwrap();
    }

    /// An error without what differs from run to run.
    pub(crate) fn plain(&self, text: &str) -> String {
        let text = text.replace(&self.address.to_string(), "HOST");
        text.replace(self.dir.path().to_str().unwrap(), "DIR")
    }

    pub(crate) fn target(&self, to: &str) -> BucketTarget {
        self.target_with(to, "picket", SECRET)
    }

    pub(crate) fn target_with(&self, to: &str, id: &str, secret: &str) -> BucketTarget {
        let file = self.dir.path().join("credentials");
        let credentials =
            format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
        std::fs::write(&file, credentials).unwrap();
        let Target::Bucket(target) = Target::parse(to).unwrap() else {
            panic!("{to} is no bucket");
        };
        BucketTarget {
            endpoint: Some(Url::parse(&format!("http://{}", self.address)).unwrap()),
            credentials_file: Some(file),
            patience: Patience {
                retries: 2,
                within: Duration::from_secs(20),
            },
            ..target
        }
    }

    pub(crate) fn mirror(&self, public: &PublicDir, to: &str) -> Mirror {
        Mirror::open(public.clone(), &Target::Bucket(self.target(to))).unwrap()
    }

    /// Where the server keeps an object's bytes.
    pub(crate) fn file(&self, key: &str) -> PathBuf {
        self.dir.path().join("data").join(BUCKET).join(key)
    }
}

async fn answer(
    service: S3Service,
    request: Request<Incoming>,
    mood: Mood,
    count: usize,
) -> Result<Response<Body>, io::Error> {
    let is_writing = request.method() == Method::PUT;
    let headers = request.headers();
    let has_condition = headers.contains_key("if-match") || headers.contains_key("if-none-match");
    match mood {
        Mood::Good => {}
        Mood::Answers(status, code) => return Ok(says(status, code)),
        Mood::KnowsNoConditions if has_condition => return Ok(says(501, "NotImplemented")),
        Mood::KnowsNoConditions => {}
        Mood::Cuts if !is_writing => {}
        Mood::CutsHalf if count.is_multiple_of(2) => {}
        Mood::Cuts | Mood::CutsHalf => return Err(io::ErrorKind::ConnectionReset.into()),
    }
    service
        .call(request.map(Body::from))
        .await
        .map_err(io::Error::other)
}

fn says(status: u16, code: &str) -> Response<Body> {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>\u{1b}[2J</Message></Error>"
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

/// What a reader gets, who has no credentials: the server is asked as its owner would, since this one
/// knows no policies.
pub(crate) async fn headers(
    server: &Server,
    key: &str,
) -> Result<Vec<(String, String)>, Infallible> {
    use object_store::aws::AmazonS3Builder;
    use object_store::path::Path;
    use object_store::{Attribute, ObjectStoreExt};

    let store = AmazonS3Builder::new()
        .with_bucket_name(BUCKET)
        .with_endpoint(format!("http://{}", server.address))
        .with_region("us-east-1")
        .with_allow_http(true)
        .with_access_key_id("picket")
        .with_secret_access_key(SECRET)
        .build()
        .unwrap();
    let object = store.get(&Path::from(key)).await.unwrap();
    let mut headers: Vec<_> = object
        .attributes
        .iter()
        .map(|(name, value)| {
            let name = match name {
                Attribute::ContentType => "content-type".to_owned(),
                Attribute::CacheControl => "cache-control".to_owned(),
                Attribute::Metadata(name) => format!("x-amz-meta-{name}"),
                other => format!("{other:?}"),
            };
            (name, value.to_string())
        })
        .collect();
    headers.sort();
    Ok(headers)
}

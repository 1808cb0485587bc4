//! What upstream has, asked over HTTP.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use axum::routing::get;
use picket_domain::{PathInfo, Sha256, StorePath, Timestamp};
use picket_publisher::{
    CacheFile, CacheSettings, KeyName, PublicDir, PublishError, Publisher, SecretKey, UpstreamCache,
};
use url::Url;

use crate::server::{listen, serve_router};

fn path(digit: char) -> StorePath {
    StorePath::parse(&format!("/nix/store/{}-x", digit.to_string().repeat(32))).unwrap()
}

fn info(path: StorePath, references: Vec<StorePath>) -> PathInfo {
    PathInfo {
        nar_hash: Sha256::of(b"x"),
        nar_size: 1,
        references,
        deriver: None,
        content_address: None,
        signatures: Vec::new(),
        path,
    }
}

const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

/// What a server was asked for.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    /// What was asked for since the last time.
    fn take(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.0.lock().unwrap());
        asked.sort();
        asked
    }
}

fn narinfo(digit: char) -> String {
    format!("/{}", CacheFile::narinfo_of(&path(digit)))
}

async fn serve(asked: &Asked, router: Router) -> Url {
    let asked = asked.clone();
    let count = move |request: Request, next: Next| {
        let asked = asked.clone();
        async move {
            let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
            let response = next.run(request).await;
            let how = match headers.contains_key(header::IF_NONE_MATCH) {
                true => format!("{path} if new: {}", response.status().as_u16()),
                false => path,
            };
            asked.0.lock().unwrap().push(how);
            response
        }
    };
    let address = serve_router(listen().await, router.layer(from_fn(count))).await;
    Url::parse(&format!("http://{address}/")).unwrap()
}

/// A cache that has path 1, has path 2 no more, forbids path 3, and fails at path 4.
async fn cache(asked: &Asked) -> Url {
    let there = format!("StorePath: {}\nURL: nar/x.nar\n", path('1'));
    let router = Router::new()
        .route(&narinfo('1'), get(|| async { there }))
        .route(&narinfo('2'), get(|| async { StatusCode::NOT_FOUND }))
        .route(&narinfo('3'), get(|| async { StatusCode::FORBIDDEN }))
        .route(&narinfo('4'), get(|| async { StatusCode::UNAUTHORIZED }))
        .route(
            &narinfo('5'),
            get(|| async { "StorePath: /nix/store/another\n" }),
        );
    serve(asked, router).await
}

fn without_list(url: &Url) -> UpstreamCache {
    UpstreamCache {
        url: url.clone(),
        store_paths: None,
    }
}

/// A publisher that has nothing yet, in a folder.
fn publisher(dir: &Path) -> Publisher {
    let key = SecretKey::generate(KeyName::parse("test-1").unwrap()).unwrap();
    let public = PublicDir::new(dir.join("public"));
    Publisher::new(public, vec![key], CacheSettings::default()).unwrap()
}

fn list(digits: &[char]) -> Vec<u8> {
    let lines: String = digits.iter().map(|it| format!("{}\n", path(*it))).collect();
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    std::io::Write::write_all(&mut encoder, lines.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn upstream_has_what_it_hands_out_and_is_asked_for_that_once() {
    let (asked, dir) = (Asked::default(), tempfile::tempdir().unwrap());
    let cache = without_list(&cache(&asked).await);
    let closure = [info(path('2'), vec![path('1'), path('3')])];
    let look = async |days: i64| {
        // As after a restart: what is remembered is on the disk.
        let now = NOW.plus_seconds(days * 86_400);
        let found = publisher(dir.path()).upstream(&cache, &closure, now).await;
        let found = found.unwrap();
        assert!(found.has(&path('1')));
        assert!(!found.has(&path('2')) && !found.has(&path('3')));
        asked.take()
    };
    let (all, what_it_lacks) = (['1', '2', '3'].map(narinfo), ['2', '3'].map(narinfo));
    assert_eq!(look(0).await, all);
    assert_eq!(look(0).await, what_it_lacks);
    assert_eq!(look(13).await, what_it_lacks);
    assert_eq!(look(14).await, all, "upstream may have collected it");
}

#[tokio::test]
async fn no_answer_is_not_absence() {
    let (asked, dir) = (Asked::default(), tempfile::tempdir().unwrap());
    let url = cache(&asked).await;
    let cache = without_list(&url);
    for digit in ['4', '5'] {
        let closure = [info(path(digit), Vec::new())];
        let found = publisher(dir.path()).upstream(&cache, &closure, NOW).await;
        match found.unwrap_err() {
            PublishError::Upstream { url: of, .. } => assert!(of.starts_with(url.as_str())),
            error => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn listed_paths_are_not_asked_for() {
    let (asked, dir) = (Asked::default(), tempfile::tempdir().unwrap());
    let file = dir.path().join("store-paths.xz");
    std::fs::write(&file, list(&['4'])).unwrap();
    let mut cache = without_list(&cache(&asked).await);
    cache.store_paths = Some(Url::from_file_path(&file).unwrap());
    let closure = [info(path('4'), Vec::new())];
    let publisher = publisher(dir.path());
    let found = publisher.upstream(&cache, &closure, NOW).await.unwrap();
    assert!(found.has(&path('4')));
    assert_eq!(asked.take(), [""; 0]);

    std::fs::remove_file(&file).unwrap();
    let error = publisher.upstream(&cache, &closure, NOW).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("there is no such file"), "{error}");
}

/// What upstream did not say that it has is not claimed, and costs no request.
#[tokio::test]
async fn what_is_known_is_told_without_a_question() {
    let (asked, dir) = (Asked::default(), tempfile::tempdir().unwrap());
    let file = dir.path().join("store-paths.xz");
    std::fs::write(&file, list(&['4'])).unwrap();
    let mut cache = without_list(&cache(&asked).await);
    let publisher = publisher(dir.path());
    let closure = [info(path('1'), Vec::new())];
    publisher.upstream(&cache, &closure, NOW).await.unwrap();
    asked.take();
    cache.store_paths = Some(Url::from_file_path(&file).unwrap());
    let paths = ['1', '2', '4'].map(path).to_vec();
    let known = publisher.known_upstream(&cache, paths, NOW).await.unwrap();
    assert_eq!(known, ['1', '4'].map(path));
    assert_eq!(asked.take(), [""; 0]);
}

#[tokio::test]
async fn a_list_is_fetched_when_it_is_another_one() {
    let (asked, dir) = (Asked::default(), tempfile::tempdir().unwrap());
    let current = Arc::new(Mutex::new((r#""one""#, list(&['1']))));
    let served = Arc::clone(&current);
    let answer = move |headers: HeaderMap| {
        let (etag, content) = served.lock().unwrap().clone();
        let answer = match headers.get(header::IF_NONE_MATCH) {
            Some(known) if known == etag => StatusCode::NOT_MODIFIED.into_response(),
            _ => ([(header::ETAG, etag)], content).into_response(),
        };
        async { answer }
    };
    let url = serve(&asked, Router::new().route("/list.xz", get(answer))).await;
    let cache = UpstreamCache {
        store_paths: Some(url.join("list.xz").unwrap()),
        url,
    };
    let has = async |digit| {
        let publisher = publisher(dir.path());
        let closure = [info(path(digit), Vec::new())];
        let found = publisher.upstream(&cache, &closure, NOW).await.unwrap();
        let lists = asked.take().into_iter().filter(|it| it.contains("list"));
        (found.has(&path(digit)), lists.collect::<Vec<_>>())
    };
    assert_eq!(has('1').await, (true, vec!["/list.xz".to_owned()]));
    assert_eq!(
        has('1').await,
        (true, vec!["/list.xz if new: 304".to_owned()])
    );
    *current.lock().unwrap() = (r#""two""#, list(&['2']));
    assert_eq!(
        has('2').await,
        (true, vec!["/list.xz if new: 200".to_owned()])
    );
    assert_eq!(
        has('1').await,
        (false, vec!["/list.xz if new: 304".to_owned()])
    );

    // A list that is damaged on the disk is fetched as if it were not known.
    for entry in std::fs::read_dir(dir.path().join("public-records")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|it| it == "xz") {
            std::fs::write(file, "torn").unwrap();
        }
    }
    assert_eq!(has('2').await, (true, vec!["/list.xz".to_owned()]));
}

//! What upstream has, asked over HTTP.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use picket_domain::{PathInfo, Sha256, StorePath};
use picket_publisher::{CacheFile, PublishError, StorePathList, Upstream};
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

/// A cache that has path 1, has path 2 no more, forbids path 3, and fails at path 4.
async fn cache() -> Url {
    let route = |digit| format!("/{}", CacheFile::narinfo_of(&path(digit)));
    let narinfo = format!("StorePath: {}\nURL: nar/x.nar\n", path('1'));
    let router = Router::new()
        .route(&route('1'), get(|| async { narinfo }))
        .route(&route('2'), get(|| async { StatusCode::NOT_FOUND }))
        .route(&route('3'), get(|| async { StatusCode::FORBIDDEN }))
        .route(&route('4'), get(|| async { StatusCode::UNAUTHORIZED }))
        .route(
            &route('5'),
            get(|| async { "StorePath: /nix/store/another\n" }),
        );
    let address = serve_router(listen().await, router).await;
    Url::parse(&format!("http://{address}/")).unwrap()
}

#[tokio::test]
async fn upstream_has_what_it_lists_and_what_it_hands_out() {
    let cache = cache().await;
    let closure = [info(path('2'), vec![path('1'), path('3')])];
    let found = Upstream::find(&StorePathList::default(), Some(&cache), &closure)
        .await
        .unwrap();
    assert!(found.has(&path('1')));
    assert!(!found.has(&path('2')) && !found.has(&path('3')));
    let nobody_asked = Upstream::find(&StorePathList::default(), None, &closure)
        .await
        .unwrap();
    assert!(!nobody_asked.has(&path('1')));
}

#[tokio::test]
async fn no_answer_is_not_absence() {
    let cache = cache().await;
    for digit in ['4', '5'] {
        let closure = [info(path(digit), Vec::new())];
        let error = Upstream::find(&StorePathList::default(), Some(&cache), &closure).await;
        match error.unwrap_err() {
            PublishError::Upstream { url, .. } => assert!(url.starts_with(cache.as_str())),
            error => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_list_is_fetched_and_listed_paths_are_not_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("store-paths.xz");
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    std::io::Write::write_all(&mut encoder, format!("{}\n", path('4')).as_bytes()).unwrap();
    std::fs::write(&file, encoder.finish().unwrap()).unwrap();
    let list = StorePathList::fetch(&Url::from_file_path(&file).unwrap())
        .await
        .unwrap();
    assert_eq!(list.len(), 1);

    let cache = cache().await;
    let closure = [info(path('4'), Vec::new())];
    let found = Upstream::find(&list, Some(&cache), &closure).await.unwrap();
    assert!(found.has(&path('4')));

    let absent = Url::from_file_path(dir.path().join("absent.xz")).unwrap();
    let error = StorePathList::fetch(&absent).await.unwrap_err().to_string();
    assert!(error.contains("there is no such file"), "{error}");
}

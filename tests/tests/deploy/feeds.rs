//! What is made for feed readers and scanners, through nginx.

use anyhow::Result;
use picket_tests::Stage;
use reqwest::{Client, Response, StatusCode};
use url::Url;

use crate::nginx::{Nginx, channel_name};

/// It comes from Picket as it is, compressed or not.
pub(crate) async fn are_passed_on(stage: &Stage, nginx: &Nginx) -> Result<()> {
    let channel = channel_name(stage)?;
    let files = [
        "feed.atom",
        "openvex.json",
        "osv/all.jsonl",
        "osv-git/all.jsonl",
    ];
    let of_all = [".well-known/vex-repository.json", "vex/repository.tar.gz"];
    let paths = files.map(|file| format!("{channel}/{file}"));
    for path in paths.into_iter().chain(of_all.map(str::to_owned)) {
        for encoding in ["identity", "gzip"] {
            let through = get(&stage.world.web, &path, encoding).await?;
            let direct = get(&nginx.picket, &path, encoding).await?;
            assert_eq!(through.status(), StatusCode::OK, "{path}");
            for name in ["content-type", "cache-control", "content-encoding", "etag"] {
                let (ours, theirs) = (through.headers().get(name), direct.headers().get(name));
                assert_eq!(ours, theirs, "{name} of {path}");
            }
            assert_eq!(through.bytes().await?, direct.bytes().await?, "{path}");
        }
    }
    Ok(())
}

async fn get(web: &Url, path: &str, encoding: &str) -> Result<Response> {
    let request = Client::new().get(web.join(path)?);
    Ok(request.header("accept-encoding", encoding).send().await?)
}

//! An S3 server on loopback whose objects everybody may read, as a mirror's are.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Result, anyhow};
use async_trait::async_trait;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s::{S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

pub(crate) const KEY_ID: &str = "picket";
pub(crate) const SECRET: &str = "a-secret-of-this-test";

/// A bucket policy: everybody gets objects, and nobody else does anything.
struct EverybodyReads;

#[async_trait]
impl S3Access for EverybodyReads {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let is_read = context.s3_op().name() == "GetObject";
        match context.credentials().is_some() || is_read {
            true => Ok(()),
            false => Err(s3_error!(AccessDenied)),
        }
    }
}

/// Serves a folder's folders as buckets until the test's runtime ends.
pub(crate) async fn serve(dir: &Path) -> Result<SocketAddr> {
    let files = FileSystem::new(dir).map_err(|error| anyhow!("{error:?}"))?;
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
    builder.set_access(EverybodyReads);
    let service = builder.build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service.clone()));
        }
    });
    Ok(address)
}

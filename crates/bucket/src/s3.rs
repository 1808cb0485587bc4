//! Speaking to a bucket.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::{ClientOptions, RetryConfig};

use crate::credentials::Credentials;
use crate::error::BucketError;
use crate::target::BucketTarget;

/// What says who asks; without one of them nobody is asked for credentials, not even a cloud's own
/// machines, which answer after a long while where there is no cloud.
const CREDENTIALS: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_METADATA_ENDPOINT",
];

/// How long a connection is waited for.
const CONNECTING: Duration = Duration::from_secs(10);
/// How long one request may take: a part of a file over a slow line.
const REQUEST: Duration = Duration::from_secs(300);
/// Where nothing says a region. Servers other than Amazon's take any.
const REGION: &str = "us-east-1";

/// Opens a bucket; nothing is asked yet.
pub(crate) fn open(target: &BucketTarget, place: &str) -> Result<AmazonS3, BucketError> {
    // What speaks TLS is chosen once for the process; another crate may have done so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let builder = match &target.credentials_file {
        Some(path) => with_file(AmazonS3Builder::new(), &Credentials::read(path)?),
        None if CREDENTIALS.into_iter().any(is_set) => AmazonS3Builder::from_env(),
        None => {
            let place = place.to_owned();
            return Err(BucketError::NoCredentials { place });
        }
    };
    let region = target.region.clone();
    let region = region.or_else(|| variable("AWS_REGION"));
    let region = region.or_else(|| variable("AWS_DEFAULT_REGION"));
    let endpoint = target.endpoint.as_ref().map(ToString::to_string);
    let endpoint = endpoint.or_else(|| variable("AWS_ENDPOINT_URL"));
    let mut builder = builder
        .with_bucket_name(&target.bucket)
        // Not every server can remove many at once.
        .with_disable_bulk_delete(true)
        .with_region(region.unwrap_or_else(|| REGION.to_owned()))
        .with_retry(RetryConfig {
            max_retries: target.patience.retries,
            retry_timeout: target.patience.within,
            ..RetryConfig::default()
        })
        .with_client_options(
            ClientOptions::new()
                .with_connect_timeout(CONNECTING)
                .with_timeout(REQUEST)
                .with_allow_http(true),
        );
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if !target.conditional_writes {
        builder = builder.with_conditional_put(S3ConditionalPut::Disabled);
    }
    builder.build().map_err(|error| BucketError::Settings {
        place: place.to_owned(),
        reason: error.to_string(),
    })
}

fn with_file(builder: AmazonS3Builder, credentials: &Credentials) -> AmazonS3Builder {
    let builder = builder
        .with_access_key_id(&credentials.key_id)
        .with_secret_access_key(&credentials.secret);
    match &credentials.token {
        Some(token) => builder.with_token(token),
        None => builder,
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

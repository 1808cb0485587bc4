//! Copies of the public folder elsewhere.

use picket_bucket::Target;
use picket_reconcile::MirrorSetting;

use super::address::optional_http_url;
use super::paths::Paths;
use super::value::{Checked, at_least_one};
use crate::config::error::Problem;
use crate::config::raw;

const EVERY_SECONDS: u32 = 300;

/// Whether a bucket is there is not looked at: that it is away is no fault of the configuration.
pub(super) fn mirrors(raw: &[raw::Mirror], paths: &Paths) -> Checked<Vec<MirrorSetting>> {
    let mut mirrors: Vec<MirrorSetting> = Vec::new();
    for raw in raw {
        let mirror = mirror(raw, paths)?;
        let name = mirror.target.to_string();
        if mirrors.iter().any(|other| other.target.to_string() == name) {
            return Err(Problem::new(
                raw.to.span(),
                format!("{name} is there twice"),
                "name each mirror once; of two servers' buckets, give one another prefix",
            ));
        }
        mirrors.push(mirror);
    }
    Ok(mirrors)
}

fn mirror(raw: &raw::Mirror, paths: &Paths) -> Checked<MirrorSetting> {
    let remedy = "write s3://BUCKET/PREFIX, or the path of a folder";
    let target = Target::parse(raw.to.as_ref())
        .map_err(|problem| Problem::new(raw.to.span(), problem, remedy))?;
    let target = match target {
        Target::Folder(path) => {
            let is_for_buckets = raw.endpoint.is_some()
                || raw.region.is_some()
                || raw.credentials_file.is_some()
                || raw.conditional_writes.is_some();
            if is_for_buckets {
                return Err(Problem::new(
                    raw.to.span(),
                    "a folder has no endpoint, region, credentials or conditional writes",
                    "leave out what is for buckets, or write s3://BUCKET/PREFIX",
                ));
            }
            let path = toml::Spanned::new(raw.to.span(), path);
            Target::Folder(paths.absolute(&path)?)
        }
        Target::Bucket(mut bucket) => {
            let file = raw.credentials_file.as_ref();
            bucket.endpoint = optional_http_url(raw.endpoint.as_ref())?;
            bucket.region.clone_from(&raw.region);
            bucket.credentials_file = file.map(|file| paths.absolute(file)).transpose()?;
            bucket.conditional_writes = raw.conditional_writes.unwrap_or(true);
            Target::Bucket(bucket)
        }
    };
    Ok(MirrorSetting {
        target,
        every_seconds: at_least_one(raw.every_seconds.as_ref(), EVERY_SECONDS)?,
    })
}

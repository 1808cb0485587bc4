//! Where a mirror is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

/// Where a mirror is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A bucket that speaks S3.
    Bucket(BucketTarget),
    /// A folder of this machine, as of another disk or of NFS.
    Folder(PathBuf),
}

/// A bucket, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketTarget {
    /// The bucket's name.
    pub bucket: String,
    /// What its keys begin with, without a slash at either end; empty: nothing.
    pub prefix: String,
    /// The server's address; `None`: Amazon's, or what `AWS_ENDPOINT_URL` says.
    pub endpoint: Option<Url>,
    /// The region; `None`: what `AWS_REGION` says.
    pub region: Option<String>,
    /// A file in the form of `~/.aws/credentials`; `None`: the environment has them.
    pub credentials_file: Option<PathBuf>,
    /// Whether the server knows `If-Match` and `If-None-Match` on what is written.
    pub conditional_writes: bool,
    /// How long a server is waited for.
    pub patience: Patience,
}

/// How often, and for how long, a request that fails is made again before the run fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often.
    pub retries: usize,
    /// For how long, from the first time on.
    pub within: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            retries: 6,
            within: Duration::from_secs(120),
        }
    }
}

impl Target {
    /// `s3://BUCKET/PREFIX`, or a folder.
    ///
    /// # Errors
    /// Where it is neither, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("s3://") else {
            if let Some((scheme, _)) = text.split_once("://") {
                return Err(format!(
                    "{text:?} is neither s3://BUCKET/PREFIX nor a folder: a mirror cannot be written \
                     over {scheme}"
                ));
            }
            return if text.is_empty() {
                Err("neither s3://BUCKET/PREFIX nor a folder: nothing is given".to_owned())
            } else {
                Ok(Self::Folder(PathBuf::from(text)))
            };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        if !is_bucket(bucket) {
            return Err(format!(
                "{bucket:?} is no bucket's name: it has 3 to 63 small letters, digits, dots and hyphens"
            ));
        }
        if !prefix.is_empty() && !prefix.split('/').all(is_part) {
            return Err(format!(
                "{prefix:?} cannot be a prefix of keys: letters, digits, dots, hyphens and underlines, \
                 parted by single slashes"
            ));
        }
        Ok(Self::Bucket(BucketTarget {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: None,
            region: None,
            credentials_file: None,
            conditional_writes: true,
            patience: Patience::default(),
        }))
    }

    /// The folder, relative ones as seen from this one.
    #[must_use]
    pub fn below(self, dir: &Path) -> Self {
        match self {
            Self::Folder(path) => Self::Folder(dir.join(path)),
            Self::Bucket(_) => self,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Bucket(it) if it.prefix.is_empty() => write!(f, "s3://{}", it.bucket),
            Self::Bucket(it) => write!(f, "s3://{}/{}", it.bucket, it.prefix),
        }
    }
}

fn is_bucket(name: &str) -> bool {
    let is_inside = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b".-".contains(&it);
    let ends = [name.bytes().next(), name.bytes().last()];
    (3..=63).contains(&name.len())
        && name.bytes().all(is_inside)
        && ends.iter().flatten().all(u8::is_ascii_alphanumeric)
}

fn is_part(part: &str) -> bool {
    let is_inside = |it: u8| it.is_ascii_alphanumeric() || b"._-".contains(&it);
    !part.is_empty() && part != "." && part != ".." && part.bytes().all(is_inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_and_its_prefix_or_a_folder() {
        for (given, shown) in [
            ("s3://picket", "s3://picket"),
            ("s3://picket/", "s3://picket"),
            ("s3://picket-1.eu/a/b/", "s3://picket-1.eu/a/b"),
            ("/srv/mirror", "/srv/mirror"),
            ("mirror", "mirror"),
        ] {
            assert_eq!(Target::parse(given).unwrap().to_string(), shown);
        }
        let below = Target::parse("mirror").unwrap().below(Path::new("/etc"));
        assert_eq!(below.to_string(), "/etc/mirror");
    }

    #[test]
    fn what_is_neither_is_told() {
        for bad in [
            "",
            "s3://",
            "s3://Picket",
            "s3://ab",
            "s3://-abc",
            "s3://picket/a//b",
            "s3://picket/../b",
            "s3://picket/a b",
            "https://bucket.test/",
        ] {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
        insta::assert_snapshot!(Target::parse("https://bucket.test/").unwrap_err(), @r#""https://bucket.test/" is neither s3://BUCKET/PREFIX nor a folder: a mirror cannot be written over https"#);
    }
}

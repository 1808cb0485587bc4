//! From an address to the release folder that it gives now.

use std::path::Path;

use picket_domain::ChannelName;
use url::Url;

use crate::http::{self, HttpError};
use crate::latest::LatestFile;
use crate::public_dir::PublicDir;
use crate::release_file::ReleaseFile;
use crate::source::Source;

/// Where a release is.
#[derive(Debug)]
pub(super) struct Place {
    /// The last part of the address that was given: a channel or a release.
    pub(super) asked_for: String,
    /// The release folder.
    pub(super) release: Url,
    /// The binary cache, where that is not the one that the manifest names.
    pub(super) cache: Option<Url>,
}

impl Place {
    /// Follows the channel's pointer or redirect. The address of a file, as flakes subscribe to a
    /// channel by that of its archive, stands for the folder that it is in.
    pub(super) async fn find(source: &Source, url: &Url) -> Result<Self, HttpError> {
        let url = &without_file(url);
        let segments = url.path_segments();
        let mut segments = segments.into_iter().flatten().filter(|it| !it.is_empty());
        let asked_for = segments
            .next_back()
            .ok_or_else(|| HttpError::new(url, "this is not the address of a channel"))?
            .to_owned();
        match source {
            Source::Http(client) => {
                let response = http::get(client, url).await?;
                let absent = || HttpError::new(url, "there is no such channel");
                Ok(Self {
                    asked_for,
                    release: response.ok_or_else(absent)?.url().clone(),
                    cache: None,
                })
            }
            Source::Files => Self::local(url, asked_for),
        }
    }

    /// The address `file:///<public folder>/<channel>`.
    fn local(url: &Url, asked_for: String) -> Result<Self, HttpError> {
        let error = |reason: String| HttpError::new(url, reason);
        let channel = ChannelName::parse(&asked_for).map_err(|it| error(it.to_string()))?;
        let path = url
            .to_file_path()
            .map_err(|()| error("not a path".to_owned()))?;
        let dir = PublicDir::new(path.parent().unwrap_or(Path::new("/")));
        let current = dir.current(&channel).map_err(|it| error(it.to_string()))?;
        let current = current.ok_or_else(|| error("the channel has no release".to_owned()))?;
        let file_url = |path: &Path| {
            Url::from_file_path(path).map_err(|()| error("not an absolute path".to_owned()))
        };
        Ok(Self {
            asked_for,
            release: file_url(&dir.release_dir(&channel, &current))?,
            cache: Some(file_url(&dir.cache_dir())?),
        })
    }
}

/// The address below which the channel states its current release. That of a release folder, which is
/// no channel's, has no such file.
pub(super) fn stated_at(url: &Url) -> Result<Url, HttpError> {
    let channel = without_file(url);
    if channel.scheme() != "file" {
        return Ok(channel);
    }
    let path = channel.to_file_path();
    let path = path.map_err(|()| HttpError::new(url, "not a path"))?;
    let (public, name) = (path.parent(), path.file_name());
    let name = name.unwrap_or_default();
    let dir = public.unwrap_or(Path::new("/")).join("latest").join(name);
    Url::from_file_path(dir).map_err(|()| HttpError::new(url, "not an absolute path"))
}

/// The address of the release log of the service whose channel, or release folder, this is the address of.
pub(super) fn log_at(url: &Url, is_of_release: bool) -> Result<Url, HttpError> {
    let mut at = without_file(url);
    // `<channel>`, or `releases/<channel>/<release>`.
    let below = if is_of_release { 3 } else { 1 };
    let mut segments = at
        .path_segments_mut()
        .map_err(|()| HttpError::new(url, "this is not the address of a channel"))?;
    segments.pop_if_empty();
    for _ in 0..below {
        segments.pop();
    }
    segments.push("release-log");
    drop(segments);
    Ok(at)
}

/// The address without the name of a file of the release or of the channel at its end, and without what
/// only browsers and flakes add.
fn without_file(url: &Url) -> Url {
    let mut folder = url.clone();
    folder.set_query(None);
    folder.set_fragment(None);
    let last = url.path_segments().and_then(|mut it| it.next_back());
    let is_file =
        |name: &str| ReleaseFile::parse(name).is_some() || LatestFile::parse(name).is_some();
    if last.is_some_and(is_file)
        && let Ok(mut segments) = folder.path_segments_mut()
    {
        segments.pop();
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_one_log() {
        for (given, is_of_release, log) in [
            ("https://a.test/b/", false, "https://a.test/release-log"),
            (
                "https://a.test/x/b/latest.json",
                false,
                "https://a.test/x/release-log",
            ),
            (
                "https://a.test/x/releases/b/r/",
                true,
                "https://a.test/x/release-log",
            ),
            (
                "file:///srv/public/b",
                false,
                "file:///srv/public/release-log",
            ),
        ] {
            let url = Url::parse(given).unwrap();
            let at = log_at(&url, is_of_release).unwrap();
            assert_eq!(at.as_str(), log, "{given}");
        }
    }

    #[test]
    fn the_address_of_a_file_stands_for_its_folder() {
        for (given, folder) in [
            ("https://a.test/b/nixexprs.tar.xz", "https://a.test/b"),
            ("https://a.test/b/release.json.sig", "https://a.test/b"),
            ("file:///srv/b/nixexprs.tar.zst", "file:///srv/b"),
            ("https://a.test/b/nixexprs", "https://a.test/b/nixexprs"),
            ("https://a.test/b/", "https://a.test/b/"),
            ("https://a.test/b?x=1#y", "https://a.test/b"),
            ("https://a.test/b/latest.json", "https://a.test/b"),
            ("https://a.test", "https://a.test/"),
        ] {
            let url = Url::parse(given).unwrap();
            assert_eq!(without_file(&url).as_str(), folder, "{given}");
        }
    }
}

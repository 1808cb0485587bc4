//! Upstream's own list of what its binary cache has.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use picket_domain::{ReleaseName, Sha256, StorePath};
use picket_files::{read_bounded, write_whole};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{AtPath, PublishError};
use crate::http::{HttpError, Validators};
use crate::parallel::blocking;
use crate::source::{IfNew, Source};

/// A channel release's list is some megabytes long, a few hundred kilobytes compressed.
const COMPRESSED_MAX: u64 = 64 * 1024 * 1024;
const LIST_MAX: u64 = 256 * 1024 * 1024;
/// The memory that decompressing may take, in bytes: enough for `xz -9`.
const XZ_MEMORY: u64 = 128 * 1024 * 1024;
/// What is kept of an answer beside its content.
const LABEL_MAX: u64 = 16 * 1024;

/// The store paths that an official release lists in its `store-paths.xz`: those that were built
/// for it, and are in its binary cache.
#[derive(Debug, Clone, Default)]
pub(crate) struct StorePathList {
    paths: HashSet<StorePath>,
    release: Option<ReleaseName>,
}

impl StorePathList {
    /// Reads a `store-paths.xz`. `origin` is for the error.
    ///
    /// # Errors
    /// Where it is not such a file, or unpacks to more than 256 MiB.
    pub(crate) fn read(xz: impl Read, origin: &str) -> Result<Self, PublishError> {
        let broken = |reason: String| PublishError::Upstream {
            url: origin.to_owned(),
            reason: format!("not a list of store paths: {reason}"),
        };
        let text = xz_decoder(xz.take(COMPRESSED_MAX)).map_err(|it| broken(it.to_string()))?;
        let mut text = text.take(LIST_MAX);
        let mut paths = HashSet::new();
        for line in BufReader::new(&mut text).lines() {
            let line = line.map_err(|error| broken(error.to_string()))?;
            let path = StorePath::parse(&line).map_err(|error| broken(error.to_string()))?;
            paths.insert(path);
        }
        if text.limit() == 0 {
            return Err(broken(format!("it unpacks to more than {LIST_MAX} bytes")));
        }
        let release = None;
        Ok(Self { paths, release })
    }

    /// Whether a path is listed.
    pub(crate) fn has(&self, path: &StorePath) -> bool {
        self.paths.contains(path)
    }

    /// The official release that it is of, where the address that it came from tells.
    pub(crate) fn release(&self) -> Option<&ReleaseName> {
        self.release.as_ref()
    }
}

/// Decompresses an .xz file to its end, in bounded memory.
pub(crate) fn xz_decoder<R: Read>(xz: R) -> io::Result<XzDecoder<BufReader<R>>> {
    let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
    Ok(XzDecoder::new_stream(BufReader::new(xz), stream))
}

/// The lists as they were last fetched, in the publisher's records. Nothing depends on them: a list
/// that is not there whole is fetched again.
#[derive(Debug, Clone)]
pub(crate) struct KeptLists {
    dir: PathBuf,
}

/// What a kept list is of.
#[derive(Debug, Serialize, Deserialize)]
struct Label {
    url: Url,
    validators: Validators,
    sha256: Sha256,
    /// Where it came from, redirects followed.
    #[serde(default)]
    from: Option<Url>,
}

/// A list that is kept, and where it came from.
#[derive(Debug, Default)]
struct Kept {
    validators: Validators,
    xz: Vec<u8>,
    from: Option<Url>,
}

impl KeptLists {
    pub(crate) fn in_dir(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Gets a `store-paths.xz` over HTTP, if it is another one by now, or from a `file://` address.
    ///
    /// # Errors
    /// Where it cannot be had or is not such a file. That it is not there is an error too.
    pub(crate) async fn fetch(&self, url: &Url) -> Result<StorePathList, PublishError> {
        let (lists, of) = (self.clone(), url.clone());
        let kept = blocking(move || lists.load(&of)).await;
        let kept = kept.unwrap_or_default();
        let source = Source::of(url)?;
        let read = source.read_if_new(url, &kept.validators, COMPRESSED_MAX);
        let kept = match read.await? {
            IfNew::Absent => return Err(HttpError::new(url, "there is no such file").into()),
            IfNew::Same => kept,
            IfNew::New {
                content: xz,
                validators,
                from,
            } => {
                let (lists, of) = (self.clone(), url.clone());
                let from = Some(from);
                let kept = Kept {
                    validators,
                    xz,
                    from,
                };
                blocking(move || lists.keep(of, &kept).map(|()| kept)).await?
            }
        };
        let of = url.clone();
        blocking(move || {
            let mut list = StorePathList::read(kept.xz.as_slice(), of.as_str())?;
            list.release = kept.from.as_ref().and_then(release_in);
            Ok(list)
        })
        .await
    }

    /// The list that was last fetched from an address, where it is there whole.
    fn load(&self, url: &Url) -> Option<Kept> {
        let [label, list] = self.files(url);
        let label = read_bounded(&label, LABEL_MAX).ok()??;
        let label: Label = serde_json::from_slice(&label).ok()?;
        let list = read_bounded(&list, COMPRESSED_MAX).ok()??;
        let is_whole = label.url == *url && label.sha256 == Sha256::of(&list);
        is_whole.then_some(Kept {
            validators: label.validators,
            xz: list,
            from: label.from,
        })
    }

    fn keep(&self, url: Url, kept: &Kept) -> Result<(), PublishError> {
        if kept.validators.is_empty() {
            return Ok(());
        }
        let [label_file, list] = self.files(&url);
        std::fs::create_dir_all(&self.dir).at(&self.dir)?;
        write_whole(&list, &kept.xz).at(&list)?;
        let label = Label {
            url,
            validators: kept.validators.clone(),
            sha256: Sha256::of(&kept.xz),
            from: kept.from.clone(),
        };
        let label = serde_json::to_vec(&label).map_err(io::Error::other);
        write_whole(&label_file, &label.at(&label_file)?).at(&label_file)
    }

    fn files(&self, url: &Url) -> [PathBuf; 2] {
        let name = Sha256::of(url.as_str().as_bytes()).to_string();
        ["json", "xz"].map(|kind| self.dir.join(format!("store-paths-{name}.{kind}")))
    }
}

/// The release in whose folder a file is: `https://releases.nixos.org/nixos/26.05/<release>/<file>`.
fn release_in(url: &Url) -> Option<ReleaseName> {
    let folder = url.path_segments()?.rev().nth(1)?;
    let name = ReleaseName::parse(folder).ok()?;
    name.as_str().starts_with("nixos-").then_some(name)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const HELLO: &str = "/nix/store/00bgd045z0d4icpbc2yyz4gx48ak44la-hello-2.12.1";

    fn xz(text: &str) -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_list_is_read() {
        let list = StorePathList::read(&xz(&format!("{HELLO}\n"))[..], "here").unwrap();
        assert_eq!(list.paths.len(), 1);
        let none = StorePathList::read(&xz("")[..], "here").unwrap();
        assert!(none.paths.is_empty());
    }

    #[test]
    fn the_release_is_that_of_the_folder() {
        let release = |url: &str| release_in(&Url::parse(url).unwrap());
        let name = "nixos-26.05.715880.b75693fb46bf";
        let there = format!("https://releases.nixos.org/nixos/26.05/{name}/store-paths.xz");
        assert_eq!(release(&there).unwrap().as_str(), name);
        for none in [
            "https://mirror.example/store-paths.xz",
            "https://mirror.example/lists/store-paths.xz",
            "https://mirror.example/",
        ] {
            assert_eq!(release(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        let both = [xz(&format!("{HELLO}\n")), xz("a line\n")].concat();
        let truncated = &xz(&format!("{HELLO}\n"))[..40];
        for bad in [&b"<html>404</html>"[..], &xz("a line\n"), &both, truncated] {
            let error = StorePathList::read(bad, "http://here/x").unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("upstream at http://here/x: not a list")
            );
        }
    }
}

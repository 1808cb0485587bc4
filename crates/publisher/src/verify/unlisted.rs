//! Files that are there, and that the signed manifest does not list.

use std::collections::BTreeMap;

use picket_domain::Sha256;

use super::Verification;
use crate::manifest::{Manifest, SIZE_MAX};
use crate::release_file::ReleaseFile;

const SUMS_MAX: u64 = 64 * 1024;
/// So many names are told.
const NAMES_MAX: usize = 20;

impl Verification<'_> {
    pub(super) async fn unlisted(&mut self, manifest: &Manifest) {
        let known = ReleaseFile::SIGNED.into_iter();
        let unlisted: Vec<_> = known
            .filter(|file| manifest.file(*file).is_none())
            .map(ReleaseFile::file_name)
            .collect();
        if !unlisted.is_empty() {
            let names = unlisted.join(" and ");
            self.report.note(format!(
                "the signature does not cover {names}: they were only compared with each other, as \
                 in every release of a Picket before it listed them"
            ));
            self.earlier_sums(manifest).await;
        }
        for name in self.strange_names(manifest) {
            self.report
                .note(format!("the signature does not cover {name}"));
        }
    }

    /// Names in a folder of this machine that no release has. A server tells no names.
    fn strange_names(&self, manifest: &Manifest) -> Vec<String> {
        let Ok(folder) = self.place.release.to_file_path() else {
            return Vec::new();
        };
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let names = entries.filter_map(|it| Some(it.ok()?.file_name().to_string_lossy().into()));
        let mut names: Vec<String> = names
            .filter(|name: &String| {
                !manifest.files.contains_key(name) && ReleaseFile::parse(name).is_none()
            })
            .take(NAMES_MAX)
            .collect();
        names.sort_unstable();
        names
    }

    /// The `SHA256SUMS` of an earlier Picket must agree with the manifest, and with what the manifest
    /// does not list.
    async fn earlier_sums(&mut self, manifest: &Manifest) {
        let Some(sums) = self.small(ReleaseFile::Sha256Sums, SUMS_MAX).await else {
            return;
        };
        let text = String::from_utf8_lossy(&sums).into_owned();
        let lines = text.lines().filter_map(|line| line.split_once("  "));
        let sums: BTreeMap<&str, &str> = lines.map(|(digest, name)| (name, digest)).collect();
        for file in ReleaseFile::ALL {
            if file == ReleaseFile::Sha256Sums {
                continue;
            }
            let digest = match manifest.file(file) {
                Some(listed) => listed.sha256,
                None => match self.small(file, SIZE_MAX).await {
                    Some(content) => Sha256::of(&content),
                    None => continue,
                },
            };
            let name = file.file_name();
            if sums.get(name) != Some(&digest.to_string().as_str()) {
                self.report
                    .problem(format!("SHA256SUMS has another hash of {name}"));
            } else if file == ReleaseFile::Index {
                self.report.files += 1;
            }
        }
        self.report.files += 1;
    }
}

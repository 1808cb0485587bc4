//! What the public folder has, as far as keeping it is concerned.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use picket_domain::{ChannelName, ReleaseName, Sha256, Timestamp};

use super::trees::TreeNote;
use crate::cache_file::{CacheFile, HashPart};
use crate::error::PublishError;
use crate::folder::ReleaseFolder;
use crate::manifest::Manifest;
use crate::public_dir::names_in;
use crate::publisher::Publisher;
use crate::verified::metadata_if_there;

/// Releases, by channel and name.
pub(super) type Releases = BTreeSet<(ChannelName, ReleaseName)>;

/// The binary cache's files, and what the releases that stay need of them.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) needed: BTreeSet<HashPart>,
    pub(super) narinfos: BTreeMap<HashPart, NarinfoFile>,
    pub(super) nars: BTreeMap<Sha256, NarOnDisk>,
    /// What the releases had that are gone.
    pub(super) gone: Vec<TreeNote>,
}

#[derive(Debug)]
pub(super) struct NarinfoFile {
    /// `None` where it cannot be read.
    pub(super) nar: Option<Sha256>,
    pub(super) last_needed: Timestamp,
    pub(super) bytes: u64,
}

#[derive(Debug)]
pub(super) struct NarOnDisk {
    pub(super) written: Timestamp,
    pub(super) bytes: u64,
}

impl Publisher {
    /// Looks at everything, as if these releases had gone now. One manifest at a time is in memory.
    pub(super) fn survey(
        &self,
        without: &Releases,
        now: Timestamp,
    ) -> Result<Survey, PublishError> {
        let notes = self.tree_notes()?.into_iter();
        let mut survey = Survey {
            gone: notes.map(|(_, note)| note).collect(),
            ..Survey::default()
        };
        for channel in self.channels_on_disk()? {
            for name in self.dir.releases(&channel)? {
                let release = (channel.clone(), name);
                // What a release needs is not known if its manifest cannot be read: then nothing may
                // go.
                let manifest = self.dir.manifest(&release.0, &release.1)?;
                if without.contains(&release) {
                    let note = manifest.and_then(|manifest| TreeNote::of(&manifest, now));
                    survey.gone.extend(note);
                } else {
                    survey.need(manifest);
                }
            }
            for name in self.staged_names(&channel)? {
                let folder = ReleaseFolder::new(self.dir.staged_dir(&channel, &name));
                match folder.manifest_of(&channel, &name) {
                    Ok(manifest) => survey.need(manifest),
                    Err(PublishError::Damaged { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        self.survey_cache(&mut survey)?;
        Ok(survey)
    }

    fn survey_cache(&self, survey: &mut Survey) -> Result<(), PublishError> {
        for hash in self.narinfo_names()? {
            let path = self.dir.cache_file(&CacheFile::NarInfo(hash.clone()));
            let Some(metadata) = metadata_if_there(&path)? else {
                continue;
            };
            let nar = match self.read_narinfo_of(&hash) {
                Ok(narinfo) => narinfo.map(|it| it.nar.hash),
                Err(PublishError::Damaged { .. }) => None,
                Err(error) => return Err(error),
            };
            let narinfo = NarinfoFile {
                nar,
                last_needed: modified(&metadata),
                bytes: metadata.len(),
            };
            survey.narinfos.insert(hash, narinfo);
        }
        let dir = self.dir.cache_dir().join("nar");
        for name in names_in(&dir)? {
            let Some(file @ CacheFile::Nar(nar)) = CacheFile::parse(&format!("nar/{name}")) else {
                continue;
            };
            if let Some(metadata) = metadata_if_there(&self.dir.cache_file(&file))? {
                let file = NarOnDisk {
                    written: modified(&metadata),
                    bytes: metadata.len(),
                };
                survey.nars.insert(nar, file);
            }
        }
        Ok(())
    }

    /// The channels that have releases here, those too that are not configured any more.
    pub(crate) fn channels_on_disk(&self) -> Result<Vec<ChannelName>, PublishError> {
        let names = names_in(&self.dir.root().join("releases"))?;
        let channels = names
            .iter()
            .filter_map(|name| ChannelName::parse(name).ok());
        Ok(channels.collect())
    }
}

impl Survey {
    fn need(&mut self, manifest: Option<Manifest>) {
        let paths = manifest.into_iter().flat_map(|it| it.store_paths);
        self.needed.extend(paths.map(|it| HashPart::from(&it.path)));
    }
}

fn modified(metadata: &Metadata) -> Timestamp {
    Timestamp::from_unix(metadata.mtime())
}

//! The check before a release is sealed: can everything that it needs be had?

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{ChannelName, ReleaseName, Sha256, StorePath, Timestamp};

use crate::cache_file::CacheFile;
use crate::digest::digest_of_file;
use crate::error::{AtPath, PublishError};
use crate::folder::ReleaseFolder;
use crate::key::PublicKey;
use crate::manifest::{Manifest, PublishedPath};
use crate::narinfo::{NarFile, Narinfo};
use crate::parallel;
use crate::problems::{CheckError, CheckProblems, PathProblem};
use crate::publisher::Publisher;
use crate::verified::{Reading, Verified, metadata_if_there};

/// What came of looking at one store path.
struct Looked {
    path: StorePath,
    problem: Option<PathProblem>,
    /// The NAR, where it was read.
    read: Option<(Sha256, Option<Reading>)>,
}

/// What a store path is checked against.
struct Against<'a> {
    known: BTreeSet<&'a StorePath>,
    keys: Vec<PublicKey>,
    verified: Verified,
    now: Timestamp,
}

impl Publisher {
    /// Checks that a staged release is complete: each file by its hash, each store path's narinfo,
    /// its signatures and references, and each NAR. A release that is revealed already is checked
    /// with its signature.
    ///
    /// A NAR is read, and compared with its hash, if it was not since it was written, or not for
    /// [`crate::CacheSettings::reread_days`]; else it must be the same file still.
    ///
    /// # Errors
    /// [`CheckError::Incomplete`] with all that is wrong; [`CheckError::Failed`] on I/O errors, and
    /// where the release is not staged.
    pub fn check_staged(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
        now: Timestamp,
    ) -> Result<(), CheckError> {
        let staged = ReleaseFolder::new(self.dir.staged_dir(channel, name));
        if !staged.exists()? {
            return self.check_revealed(channel, name, now);
        }
        let manifest = match staged.manifest_of(channel, name) {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return not_whole(name, "it has no release.json".to_owned()),
            Err(PublishError::Damaged { reason, .. }) => return not_whole(name, reason),
            Err(error) => return Err(error.into()),
        };
        let others = staged.content_problems(&manifest)?;
        self.check_content(&manifest, others, now)
    }

    /// Checks a revealed release as clients get it, as [`Publisher::check_staged`] does.
    ///
    /// # Errors
    /// As [`Publisher::check_staged`].
    pub fn check_revealed(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
        now: Timestamp,
    ) -> Result<(), CheckError> {
        let folder = ReleaseFolder::new(self.dir.release_dir(channel, name));
        let manifest = match folder.manifest_of(channel, name) {
            Ok(Some(manifest)) => manifest,
            Ok(None) if !folder.exists()? => {
                return Err(PublishError::NotStaged(name.clone()).into());
            }
            Ok(None) => return not_whole(name, "it has no release.json".to_owned()),
            Err(PublishError::Damaged { reason, .. }) => return not_whole(name, reason),
            Err(error) => return Err(error.into()),
        };
        let mut others = folder.content_problems(&manifest)?;
        others.extend(folder.seal_problems(self.public_keys())?);
        self.check_content(&manifest, others, now)
    }

    fn check_content(
        &self,
        manifest: &Manifest,
        mut others: Vec<String>,
        now: Timestamp,
    ) -> Result<(), CheckError> {
        let info = self.dir.cache_file(&CacheFile::Info);
        if !info.try_exists().at(&info)? {
            others.push("the binary cache has no nix-cache-info".to_owned());
        }
        let looked = self.look_at_paths(manifest, now)?;
        let read = looked.iter().filter_map(|looked| looked.read);
        self.verified.record(read)?;
        let mut repairable = BTreeMap::new();
        for Looked { path, problem, .. } in looked {
            match problem {
                None => {}
                Some(PathProblem::Repairable(problem)) => {
                    repairable.insert(path, problem);
                }
                Some(PathProblem::Other(problem)) => others.push(problem),
            }
        }
        if others.is_empty() && repairable.is_empty() {
            report(manifest);
            return Ok(());
        }
        let name = manifest.name.clone();
        Err(CheckError::Incomplete(CheckProblems {
            name,
            repairable,
            others,
        }))
    }

    fn look_at_paths(
        &self,
        manifest: &Manifest,
        now: Timestamp,
    ) -> Result<Vec<Looked>, PublishError> {
        let paths = manifest.store_paths.iter().map(|it| &it.path);
        let against = Against {
            known: paths.chain(&manifest.upstream_references).collect(),
            keys: self.public_keys().to_vec(),
            verified: self.verified.load()?,
            now,
        };
        parallel::map(&manifest.store_paths, self.settings.threads, |path| {
            self.look_at_path(path, &against)
        })
    }

    /// What is wrong with a store path in the binary cache.
    fn look_at_path(
        &self,
        expected: &PublishedPath,
        against: &Against<'_>,
    ) -> Result<Looked, PublishError> {
        let path = &expected.path;
        let looked = |problem| Looked {
            path: path.clone(),
            problem,
            read: None,
        };
        let repairable = |problem: String| looked(Some(PathProblem::Repairable(problem)));
        let narinfo = match self.read_narinfo(path) {
            Ok(Some(narinfo)) => narinfo,
            Ok(None) => return Ok(repairable(format!("{path} has no narinfo"))),
            Err(PublishError::Damaged { reason, .. }) => {
                return Ok(repairable(format!(
                    "the narinfo of {path} is damaged: {reason}"
                )));
            }
            Err(error) => return Err(error),
        };
        if let Some(problem) = narinfo_problem(expected, &narinfo, against) {
            return Ok(looked(Some(problem)));
        }
        let (problem, read) = self.nar_problem(path, narinfo.nar, against)?;
        Ok(Looked {
            read,
            ..looked(problem)
        })
    }

    fn nar_problem(
        &self,
        path: &StorePath,
        nar: NarFile,
        against: &Against<'_>,
    ) -> Result<NarLooked, PublishError> {
        let file = self.dir.cache_file(&nar.file());
        let Some(metadata) = metadata_if_there(&file)? else {
            let problem = PathProblem::Repairable(format!("the NAR of {path} is missing"));
            return Ok((Some(problem), None));
        };
        let days = self.settings.reread_days;
        if metadata.len() == nar.size
            && against
                .verified
                .knows(nar.hash, &metadata, against.now, days)
        {
            return Ok((None, None));
        }
        if digest_of_file(&file).at(&file)? == (nar.hash, nar.size) {
            let reading = Reading::of(&metadata, against.now, true);
            return Ok((None, Some((nar.hash, Some(reading)))));
        }
        let problem = PathProblem::Repairable(format!("the NAR of {path} is damaged"));
        let reading = Reading::of(&metadata, against.now, false);
        Ok((Some(problem), Some((nar.hash, Some(reading)))))
    }
}

/// What is wrong with a NAR, and that it was read.
type NarLooked = (Option<PathProblem>, Option<(Sha256, Option<Reading>)>);

/// What is wrong with a path's narinfo. One that we signed and that says something else than the
/// manifest is what clients have: it is not made again.
fn narinfo_problem(
    expected: &PublishedPath,
    narinfo: &Narinfo,
    against: &Against<'_>,
) -> Option<PathProblem> {
    let path = &expected.path;
    let unsigned = |key: &&PublicKey| !narinfo.is_signed_by(key);
    if let Some(key) = against.keys.iter().find(unsigned) {
        return Some(PathProblem::Repairable(format!(
            "the narinfo of {path} is not signed by {}",
            key.name()
        )));
    }
    if narinfo.path != *path || narinfo.nar_hash != expected.nar_hash {
        return Some(PathProblem::Other(format!(
            "the narinfo of {path} is not what release.json says"
        )));
    }
    let missing = narinfo.references.iter();
    let missing = missing.into_iter().find(|it| !against.known.contains(it))?;
    Some(PathProblem::Other(format!(
        "{path} refers to {missing}, which cannot be had"
    )))
}

fn not_whole(name: &ReleaseName, problem: String) -> Result<(), CheckError> {
    Err(CheckError::Incomplete(CheckProblems {
        name: name.clone(),
        repairable: BTreeMap::new(),
        others: vec![problem],
    }))
}

fn report(manifest: &Manifest) {
    let paths = manifest.store_paths.len();
    tracing::info!(
        target: "picket::progress",
        release = %manifest.name,
        "checked all files and {paths} path{} of {}",
        if paths == 1 { "" } else { "s" },
        manifest.name,
    );
}

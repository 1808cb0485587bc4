//! What earlier verifications saw, in a file of whoever verifies: a channel never goes back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use picket_domain::{ChannelName, ReleaseName, ReleaseSeq, Sha256};
use picket_files::{WorkLock, read_bounded, write_whole};
use picket_releaselog::Origin;
use serde::{Deserialize, Serialize};

const FORMAT: u32 = 1;
/// Ten thousand channels fit.
const SIZE_MAX: u64 = 4 * 1024 * 1024;
/// So long another one's writing is waited for, which takes no time at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// All that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    format: u32,
    channels: BTreeMap<ChannelName, Remembered>,
    #[serde(default)]
    logs: BTreeMap<Origin, SeenLog>,
}

/// How far a release log had grown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeenLog {
    pub(super) size: u64,
    pub(super) root: Sha256,
}

/// The latest release of a channel that was good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    pub(super) seq: ReleaseSeq,
    pub(super) release: ReleaseName,
    pub(super) release_json_sha256: Sha256,
    /// Whether the channel stated what its current release is.
    pub(super) latest: bool,
    /// The release log that the release was in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) release_log: Option<Origin>,
}

impl Memory {
    /// What is in a file; nothing where it is not there yet.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        let at = |reason: String| format!("{}: {reason}", path.display());
        let bytes = read_bounded(path, SIZE_MAX).map_err(|error| at(error.to_string()))?;
        let Some(bytes) = bytes else {
            return Ok(Self::default());
        };
        let memory: Self = serde_json::from_slice(&bytes).map_err(|error| at(error.to_string()))?;
        match memory.format {
            FORMAT => Ok(memory),
            other => Err(at(format!(
                "it has format {other}, and format {FORMAT} is known"
            ))),
        }
    }

    pub(super) fn of(&self, channel: &ChannelName) -> Option<&Remembered> {
        self.channels.get(channel)
    }

    pub(super) fn log(&self, origin: &Origin) -> Option<&SeenLog> {
        self.logs.get(origin)
    }

    /// A release, unless a later one is remembered by now.
    fn see(&mut self, channel: &ChannelName, seen: Remembered) {
        let before = self.of(channel);
        if before.is_none_or(|before| before.seq <= seen.seq) {
            self.channels.insert(channel.clone(), seen);
        }
    }

    /// A log, unless it had grown further by now.
    fn see_log(&mut self, origin: &Origin, seen: SeenLog) {
        let before = self.log(origin);
        if before.is_none_or(|before| before.size <= seen.size) {
            self.logs.insert(origin.clone(), seen);
        }
    }
}

/// Remembers a release of a channel, and the log that it is in: two verifications may end in any order.
pub(super) fn keep(
    path: &Path,
    release: Option<(&ChannelName, Remembered)>,
    log: Option<(&Origin, SeenLog)>,
) -> Result<(), String> {
    let at = |error: std::io::Error| format!("{}: {error}", path.display());
    let lock = WorkLock::file_within(&lock_file(path), PATIENCE).map_err(at)?;
    let _lock = lock.ok_or_else(|| format!("{}: somebody else is writing it", path.display()))?;
    let mut memory = Memory::load(path)?;
    let before = memory.clone();
    if let Some((channel, seen)) = release {
        memory.see(channel, seen);
    }
    if let Some((origin, seen)) = log {
        memory.see_log(origin, seen);
    }
    if memory == before {
        return Ok(());
    }
    memory.format = FORMAT;
    let mut bytes = serde_json::to_vec_pretty(&memory).expect("channels' names are text keys");
    bytes.push(b'\n');
    write_whole(path, &bytes).map_err(at)
}

fn lock_file(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(seq: u64) -> Remembered {
        Remembered {
            seq: ReleaseSeq(seq),
            release: ReleaseName::parse(&format!("nixos-26.05.1.{seq}.abc")).unwrap(),
            release_json_sha256: Sha256::of(&seq.to_le_bytes()),
            latest: true,
            release_log: None,
        }
    }

    #[test]
    fn the_latest_release_of_each_channel_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seen.json");
        let [one, other] = ["one", "other"].map(|name| ChannelName::parse(name).unwrap());
        keep(&path, Some((&one, seen(3))), None).unwrap();
        keep(&path, Some((&other, seen(1))), None).unwrap();
        keep(&path, Some((&one, seen(2))), None).unwrap();
        let memory = Memory::load(&path).unwrap();
        assert_eq!(memory.of(&one), Some(&seen(3)));
        assert_eq!(memory.of(&other), Some(&seen(1)));
    }

    #[test]
    fn what_cannot_be_read_is_told_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seen.json");
        let channel = ChannelName::parse("one").unwrap();
        for text in ["{", r#"{"format": 2, "channels": {}}"#] {
            std::fs::write(&path, text).unwrap();
            let error = keep(&path, Some((&channel, seen(1))), None).unwrap_err();
            assert!(error.contains("seen.json"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}

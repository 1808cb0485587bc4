//! How full a disk is.

use std::io;
use std::path::Path;

/// The disk that a folder is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What this process may still write, in bytes.
    pub free: u64,
    /// All of it, in bytes.
    pub total: u64,
}

/// How much the disk that this folder is on has left.
///
/// # Errors
/// Where the folder is not there or its disk cannot be asked.
pub fn free_space(dir: &Path) -> io::Result<Space> {
    let disk = rustix::fs::statvfs(dir)?;
    Ok(Space {
        free: disk.f_bavail.saturating_mul(disk.f_frsize),
        total: disk.f_blocks.saturating_mul(disk.f_frsize),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_no_fuller_than_full() {
        let dir = tempfile::tempdir().unwrap();
        let space = free_space(dir.path()).unwrap();
        assert!(space.total > 0 && space.free <= space.total, "{space:?}");
        assert!(free_space(&dir.path().join("absent")).is_err());
    }
}

//! Files that hold a secret key.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use picket_files::sync_parent;

use crate::key::{KeyError, SecretKey};

/// No key file is longer: 128 characters of name, 88 of base64, a line end.
const SIZE_MAX: u64 = 1024;

/// Why a key file could not be read or written.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file cannot be opened, read or written.
    #[error("the key file {path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// There is a file already, which is left as it is.
    #[error(
        "{path} exists, and may hold the only copy of a key; name another file, or move this one"
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read or write it.
    #[error(
        "the key file {path} can be used by others than its owner (mode {mode:04o}); \
         run: chmod 600 {path}"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds no secret key.
    #[error("the key file {path} holds no secret key: {error}; make one with: picket keygen")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: KeyError,
    },
}

impl SecretKey {
    /// Reads a key file that only its owner may use.
    ///
    /// # Errors
    /// See [`KeyFileError`]; the message says what to do.
    pub fn read_file(path: &Path) -> Result<Self, KeyFileError> {
        let io = |error| KeyFileError::Io {
            path: path.to_owned(),
            error,
        };
        let file = File::open(path).map_err(io)?;
        let mode = file.metadata().map_err(io)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = path.to_owned();
            return Err(KeyFileError::Exposed { path, mode });
        }
        let mut text = Zeroizing::new(String::with_capacity(SIZE_MAX as usize));
        file.take(SIZE_MAX).read_to_string(&mut text).map_err(io)?;
        Self::parse(&text).map_err(|error| KeyFileError::Key {
            path: path.to_owned(),
            error,
        })
    }

    /// Writes a new key file that only its owner may use. An existing file is left as it is: it may
    /// hold the only copy of a key.
    ///
    /// # Errors
    /// Where the file exists or cannot be written.
    pub fn write_file(&self, path: &Path) -> Result<(), KeyFileError> {
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)?;
            file.write_all(self.to_text().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            sync_parent(path)
        };
        write().map_err(|error| {
            let path = path.to_owned();
            match error.kind() {
                ErrorKind::AlreadyExists => KeyFileError::Exists { path },
                _ => KeyFileError::Io { path, error },
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::key::KeyName;

    #[test]
    fn a_key_file_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let key = SecretKey::from_seed(KeyName::parse("k").unwrap(), &[1; 32]);
        key.write_file(&path).unwrap();
        let mode = path.metadata().unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let again = SecretKey::read_file(&path).unwrap();
        assert_eq!(again.public(), key.public());

        assert!(matches!(
            key.write_file(&path),
            Err(KeyFileError::Exists { .. })
        ));
        set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = SecretKey::read_file(&path).unwrap_err().to_string();
        let remedy = format!("(mode 0640); run: chmod 600 {}", path.display());
        assert!(error.ends_with(&remedy), "{error}");
    }

    #[test]
    fn a_file_without_a_key_says_how_to_make_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "nonsense").unwrap();
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let error = SecretKey::read_file(&path).unwrap_err();
        assert!(matches!(error, KeyFileError::Key { .. }), "{error}");
    }
}

//! The socket that a signer listens on.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use thiserror::Error;

/// Its owner and its group may ask.
const MODE: u32 = 0o660;

/// Why there is no socket to listen on.
#[derive(Debug, Error)]
pub enum SocketError {
    /// None was named, and none was handed over.
    #[error(
        "no socket to listen on: name one with --socket, or start this by its systemd socket unit, which \
         hands it over"
    )]
    None,
    /// One was named although one was handed over.
    #[error("systemd handed a socket over: leave out --socket")]
    Two,
    /// What was handed over is no Unix socket that takes connections.
    #[error("what systemd handed over is no Unix socket for streams: {0}")]
    HandedOver(io::Error),
    /// Somebody listens there.
    #[error("another process listens on {0}: stop that one, or name another socket")]
    Busy(PathBuf),
    /// The socket cannot be made.
    #[error("cannot listen on {path}: {error}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// The socket that systemd handed over (`LISTEN_FDS`, see `sd_listen_fds(3)`), or a new one at this place.
/// One that a killed signer left there is replaced.
///
/// # Errors
/// Where there is none, or it cannot be made.
pub fn listen(place: Option<&Path>) -> Result<UnixListener, SocketError> {
    let mut handed_over = ListenFd::from_env();
    match (place, handed_over.len()) {
        (None, 0) => Err(SocketError::None),
        (Some(_), 1..) => Err(SocketError::Two),
        (Some(path), 0) => bind(path),
        (None, 1..) => match handed_over.take_unix_listener(0) {
            Ok(Some(listener)) => Ok(listener),
            Ok(None) => Err(SocketError::None),
            Err(error) => Err(SocketError::HandedOver(error)),
        },
    }
}

fn bind(path: &Path) -> Result<UnixListener, SocketError> {
    let at = |error| SocketError::Io {
        path: path.to_owned(),
        error,
    };
    let is_socket = fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    if is_socket {
        match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(at)?;
            }
            Err(error) => return Err(at(error)),
            Ok(_) => return Err(SocketError::Busy(path.to_owned())),
        }
    }
    let listener = UnixListener::bind(path).map_err(at)?;
    fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(at)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_nobody_listens_on_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let first = listen(Some(&path)).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            MODE
        );
        assert!(matches!(listen(Some(&path)), Err(SocketError::Busy(_))));
        drop(first);
        listen(Some(&path)).unwrap();
    }

    #[test]
    fn what_is_no_socket_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "mine").unwrap();
        assert!(matches!(listen(Some(&path)), Err(SocketError::Io { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        let error = listen(Some(&dir.path().join("absent/socket"))).unwrap_err();
        assert!(error.to_string().contains("cannot listen on"), "{error}");
        assert!(matches!(listen(None), Err(SocketError::None)));
    }
}

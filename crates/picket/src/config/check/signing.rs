//! Who signs.

use std::path::PathBuf;

use picket_publisher::SecretKey;
use toml::Spanned;

use super::paths::Paths;
use super::value::Checked;
use crate::config::error::Problem;
use crate::config::{Signing, raw};

const DEFAULT_LATEST_HOURS: u32 = 72;
/// The address of a Unix socket has room for so many bytes (`sun_path`, one of them its end).
const SOCKET_MAX: usize = 107;

pub(super) fn signing(raw: &Spanned<raw::Signing>, paths: &Paths) -> Checked<Signing> {
    let refuse = |text| {
        let remedy = "set server to the socket of `picket sign-server`, or key_files to keys that this \
                      process holds itself";
        Problem::new(raw.span(), text, remedy)
    };
    match (&raw.as_ref().server, &raw.as_ref().key_files) {
        (Some(_), Some(_)) => Err(refuse(
            "has both a server and key_files: where another process signs, this one has no key",
        )),
        (None, None) => Err(refuse("says nothing of who signs: releases must be signed")),
        (Some(server), None) => socket(server, paths).map(Signing::Server),
        (None, Some(files)) => keys(files, paths).map(Signing::Keys),
    }
}

/// Nobody need listen there yet.
fn socket(server: &Spanned<PathBuf>, paths: &Paths) -> Checked<PathBuf> {
    let socket = paths.absolute(server)?;
    if socket.as_os_str().len() > SOCKET_MAX {
        let text = format!("is longer than {SOCKET_MAX} bytes, which no socket's address is");
        let remedy = "write a shorter path, as /run/picket-signer/socket";
        return Err(Problem::new(server.span(), text, remedy));
    }
    Ok(socket)
}

fn keys(files: &Spanned<Vec<Spanned<PathBuf>>>, paths: &Paths) -> Checked<Vec<SecretKey>> {
    const REMEDY: &str = "make a key with `picket keygen NAME --out FILE` and name FILE here";
    if files.as_ref().is_empty() {
        let text = "names no key: releases must be signed";
        return Err(Problem::new(files.span(), text, REMEDY));
    }
    let mut keys: Vec<SecretKey> = Vec::new();
    for file in files.as_ref() {
        let problem = |text: String| Problem::new(file.span(), text, REMEDY);
        let read = SecretKey::read_file(&paths.absolute(file)?);
        let key = read.map_err(|error| problem(error.to_string()))?;
        if keys.iter().any(|it| it.name() == key.name()) {
            return Err(problem(format!("there is another key {}", key.name())));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// A shorter time would end in every night in which the server is down; a longer one tells of an old
/// state too late.
pub(super) fn latest_seconds(hours: Option<&Spanned<u32>>) -> Checked<u32> {
    const HOURS: std::ops::RangeInclusive<u32> = 24..=30 * 24;
    let Some(hours) = hours else {
        return Ok(DEFAULT_LATEST_HOURS * 3_600);
    };
    if !HOURS.contains(hours.as_ref()) {
        let text = format!("{} hours are too few or too many", hours.as_ref());
        let remedy = "write a number from 24 to 720, or leave it out";
        return Err(Problem::new(hours.span(), text, remedy));
    }
    Ok(hours.as_ref() * 3_600)
}

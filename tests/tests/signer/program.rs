//! `picket sign-server` as a program.

use std::fs;
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use picket_publisher::{KeyName, SecretKey, Sign};
use picket_signer::Client;
use picket_signer::protocol::PREFACE;
use picket_tests::{Picket, Ran, SignServer, program, run};
use tempfile::TempDir;

/// A folder with a key, and a signer's setting in it.
pub(crate) fn setting() -> Result<(TempDir, SignServer)> {
    let dir = tempfile::tempdir()?;
    let key = dir.path().join("key");
    SecretKey::generate(KeyName::parse("k-1")?)?.write_file(&key)?;
    let setting = SignServer {
        key,
        state: dir.path().join("state"),
        socket: dir.path().join("socket"),
        store_dir: "/nix/store".into(),
    };
    Ok((dir, setting))
}

fn sign_server(dir: &Path, arguments: &[&str]) -> Result<Ran> {
    let mut ran = run(["sign-server"].into_iter().chain(arguments.iter().copied()))?;
    ran.stderr = ran.stderr.replace(&dir.display().to_string(), "<dir>");
    Ok(ran)
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() -> Result<()> {
    let (dir, setting) = setting()?;
    let text = |path: &Path| path.display().to_string();
    let (key, state, socket) = (
        text(&setting.key),
        text(&setting.state),
        text(&setting.socket),
    );
    let [key, state, socket] = [key.as_str(), state.as_str(), socket.as_str()];
    let absent = text(&dir.path().join("absent"));
    let said = |arguments: &[&str]| -> Result<String> {
        let ran = sign_server(dir.path(), arguments)?;
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.stderr);
        Ok(ran.stderr)
    };
    insta::assert_snapshot!(said(&["--key", key, "--state", state])?, @"error: no socket to listen on: name one with --socket, or start this by its systemd socket unit, which hands it over");
    insta::assert_snapshot!(said(&["--key", &absent, "--state", state])?, @"error: the key file <dir>/absent: No such file or directory (os error 2)");
    insta::assert_snapshot!(said(&["--key", key, "--state", key])?, @"error: cannot make <dir>/key: File exists (os error 17)");
    insta::assert_snapshot!(said(&["--key", key, "--key", key, "--state", state])?, @"error: there are two keys k-1: name each once");
    let signer = Picket::sign_server(&setting)?;
    insta::assert_snapshot!(said(&["--key", key, "--state", state, "--socket", socket])?, @"error: another signer works in <dir>/state: stop that one, or name another folder with --state");
    let other = text(&dir.path().join("other"));
    let two = said(&["--key", key, "--state", &other, "--socket", socket])?;
    insta::assert_snapshot!(two, @"error: another process listens on <dir>/socket: stop that one, or name another socket");
    signer.stop()
}

/// As systemd does: the socket is there first, and is handed over as the fourth file.
#[test]
fn a_socket_is_handed_over() -> Result<()> {
    let (_dir, setting) = setting()?;
    let listener = UnixListener::bind(&setting.socket)?;
    // Somebody has asked before it starts, and is answered.
    let mut early = UnixStream::connect(&setting.socket)?;
    early.write_all(PREFACE)?;
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            r#"exec 3<&0; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@""#,
        ])
        .arg(program())
        .args(["sign-server", "--log-format", "json"])
        .args(setting.arguments())
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(listener)));
    let signer = Picket::spawn_with_input(command)?;
    signer.wait_for(|line| line.message() == "listening")?;
    let mut first = [0];
    std::io::Read::read_exact(&mut early, &mut first)?;
    assert_eq!(&first, b"K");
    let kept = setting.state.join("kept");
    Client::open(&setting.socket, &kept)?.can_sign()?;
    signer.terminate()?;
    ensure!(setting.socket.exists(), "it is systemd's, and stays");
    Ok(())
}

#[test]
fn it_stops_when_it_is_told_to() -> Result<()> {
    let (_dir, setting) = setting()?;
    let signer = Picket::sign_server(&setting)?;
    let mut resting = UnixStream::connect(&setting.socket)?;
    resting.write_all(PREFACE)?;
    signer.terminate()?;
    // The next one takes its place.
    Picket::sign_server(&setting)?.terminate()
}

#[test]
fn only_its_user_can_read_what_it_keeps() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, setting) = setting()?;
    let signer = Picket::sign_server(&setting)?;
    let mode = fs::metadata(&setting.state)?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    let socket = fs::metadata(&setting.socket)?.permissions().mode() & 0o777;
    assert_eq!(socket, 0o660);
    let state = fs::read_to_string(setting.state.join("state.json"));
    let key = SecretKey::read_file(&setting.key)?;
    ensure!(
        state
            .context("it knows its key")?
            .contains(&key.public().to_string())
    );
    signer.stop()
}

//! How git is called: for a bounded time, and without passwords where others can read them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use picket_mirror::{Limits, Mirror, MirrorError};

use crate::support::*;

/// Another side that takes a connection and never answers.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://127.0.0.1:{}/x",
        listener.local_addr().unwrap().port()
    );
    (listener, url)
}

#[test]
fn another_side_that_never_answers_is_given_up() {
    let temp = tempfile::tempdir().unwrap();
    let (_listener, url) = silent();
    let limits = Limits {
        stall: Duration::from_millis(500),
        ..Limits::default()
    };
    let mirror = Mirror::open(&temp.path().join("m"), &url).unwrap();
    let mirror = mirror.with_limits(limits);
    let error = mirror.fetch_branches(&[branch("master")]).unwrap_err();
    assert!(matches!(error, MirrorError::Transport { .. }), "{error}");
    assert!(error.to_string().contains("nothing moved"), "{error}");
    // Its lock ended with it, and with all that it had started.
    let error = mirror.fetch_branches(&[branch("master")]).unwrap_err();
    assert!(matches!(error, MirrorError::Transport { .. }), "{error}");
}

/// Answers one request after another, and returns those that it saw.
fn ask_for_a_password(listener: &TcpListener) -> Vec<String> {
    let mut seen = Vec::new();
    for answer in [
        "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"",
        "404 Not Found",
    ] {
        let (mut stream, _) = listener.accept().unwrap();
        seen.push(head_of(&mut stream));
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    }
    seen
}

fn head_of(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

#[test]
fn a_password_of_the_address_reaches_the_host_and_no_message() {
    let temp = tempfile::tempdir().unwrap();
    let (listener, url) = silent();
    let url = url.replace("//", "//robot:s%40cret@");
    let mirror = Mirror::open(&temp.path().join("m"), &url).unwrap();
    let asking = std::thread::spawn(move || ask_for_a_password(&listener));
    let error = mirror.fetch_branches(&[branch("master")]).unwrap_err();
    let seen = asking.join().unwrap();
    assert!(!seen[0].contains("Authorization"), "{}", seen[0]);
    // `robot:s@cret`
    let basic = "Authorization: Basic cm9ib3Q6c0BjcmV0";
    assert!(seen[1].contains(basic), "{}", seen[1]);
    assert!(!error.to_string().contains("cret"), "{error}");
}

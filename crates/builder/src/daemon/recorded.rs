//! The client against what daemons of several versions of Nix really answered.

use std::collections::BTreeSet;
use std::time::Duration;

use picket_domain::{PathInfo, StorePath};

use super::client::{Client, ClientError, ClientOptions};
use super::event::Event;
use super::status::Status;

/// What a daemon answered, byte for byte, to the requests that [`replay`] makes. The jobs:
/// `ok`; `bad`, which exits with 3; `dep`, which needs both; `noout`, which makes no output;
/// `slow`, which does not end, with a timeout of one second.
const RECORDED: [(&str, &[u8]); 3] = [
    ("2.8.0", include_bytes!("golden/nix-2.8.0.bin")),
    ("2.26.3", include_bytes!("golden/nix-2.26.3.bin")),
    ("2.34.8", include_bytes!("golden/nix-2.34.8.bin")),
];

const PATIENCE: Duration = Duration::from_secs(60);

fn path(base_name: &str) -> StorePath {
    StorePath::parse(&format!("/tmp/golden/s/{base_name}")).unwrap()
}

fn drvs() -> Vec<StorePath> {
    [
        "66csa7iygjynf267a1lcvk0xrbfn8gaa-slow.drv",
        "8zhlcsv9nvi2b2krj29ycwrk1blv5k1m-ok.drv",
        "hyrpc7wfmwm51j1f5rbi20r6g2vz77cp-dep.drv",
        "k1628yw3kc5sp1lvfix33262n0n17by9-bad.drv",
        "zayhsr20zqyrx7nk6wbvs99mhw6mihgp-noout.drv",
    ]
    .map(path)
    .to_vec()
}

fn options() -> ClientOptions {
    ClientOptions {
        max_jobs: 1,
        cores: 1,
        substitute: true,
        silent_seconds: 0,
        overrides: vec![("timeout".into(), "1".into())],
    }
}

async fn replay(recorded: &[u8]) {
    let mut sent = Vec::new();
    let mut client = Client::connect(recorded, &mut sent, PATIENCE)
        .await
        .unwrap();
    client.set_options(&options()).await.unwrap();
    let missing = client.missing(&drvs()).await.unwrap();
    assert_eq!((missing.build, missing.substitute), (drvs(), 0));
    check_build(&mut client).await;

    let ok = path("w8xdjiwamqk9fbqgvb9w5157l0a6snlv-ok");
    let valid = client.valid(&[ok.clone(), drvs()[3].clone()]).await;
    assert_eq!(
        valid.unwrap(),
        BTreeSet::from([drvs()[3].clone(), ok.clone()])
    );
    let infos = client.path_infos(std::slice::from_ref(&ok)).await.unwrap();
    let nar_hash = "524909b00d35413137e57340da69ce8de17fb4f605a40cd560c799aaf69ae569";
    assert_eq!(
        infos,
        [Some(PathInfo {
            path: ok.clone(),
            nar_hash: nar_hash.parse().unwrap(),
            nar_size: 168,
            references: vec![ok.clone()],
            deriver: Some(drvs()[1].clone()),
            content_address: None,
            signatures: Vec::new(),
        })]
    );
    let unknown = path("w8xdjiwamqk9fbqgvb9w5157l0a6snlv-xx");
    assert_eq!(client.path_infos(&[unknown]).await.unwrap(), [None]);
    let elsewhere = StorePath::parse(&format!("/other/{}-x", "0".repeat(32))).unwrap();
    match client.path_infos(&[elsewhere]).await {
        Err(ClientError::Refused(message)) => assert!(message.contains("not in the Nix store")),
        other => panic!("{other:?}"),
    }
    let further = client.path_infos(&[ok]).await;
    assert!(further.is_err(), "the whole recording was read");
}

async fn check_build(client: &mut Client<&[u8], &mut Vec<u8>>) {
    let mut events = Vec::new();
    let results = client.build(&drvs(), &mut |event| events.push(event)).await;
    let results = results.unwrap();
    let status = |at: usize| results[&drvs()[at]].status;
    assert_eq!(status(0), Status::TimedOut);
    assert_eq!(status(1), Status::Success);
    assert_eq!(status(2), Status::DependencyFailed);
    assert_eq!(status(3), Status::Failure);
    assert_eq!(status(4), Status::OutputRejected);
    assert!(results[&drvs()[3]].message.contains("exit code 3"));

    let started = |event: &&Event| matches!(event, Event::BuildStarted { .. });
    assert_eq!(events.iter().filter(started).count(), 4);
    let lines: BTreeSet<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::LogLine { line, .. } => Some(line.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(lines, BTreeSet::from(["hello", "oops"]));
}

#[tokio::test]
async fn what_real_daemons_said_is_understood() {
    for (version, recorded) in RECORDED {
        println!("Nix {version}");
        replay(recorded).await;
    }
}

#[tokio::test]
async fn a_connection_that_breaks_anywhere_is_an_error() {
    let (_, recorded) = RECORDED[0];
    for end in (0..recorded.len()).step_by(97) {
        let mut sent = Vec::new();
        let client = Client::connect(&recorded[..end], &mut sent, PATIENCE).await;
        let Ok(mut client) = client else { continue };
        let Ok(()) = client.set_options(&options()).await else {
            continue;
        };
        let Ok(_) = client.missing(&drvs()).await else {
            continue;
        };
        let Ok(_) = client.build(&drvs(), &mut |_| {}).await else {
            continue;
        };
        // All results are in by then; what is missing is an answer of those after.
        assert!(
            end > recorded.len() / 2,
            "cut at {end} of {}",
            recorded.len()
        );
    }
}

#[tokio::test]
async fn what_is_no_daemon_or_an_old_one_is_refused() {
    let mut sent = Vec::new();
    assert!(
        Client::connect(&b"HTTP/1.1 400 Bad Request"[..], &mut sent, PATIENCE)
            .await
            .is_err()
    );
    let old = [0x6478_696f_u64.to_le_bytes(), 0x0115_u64.to_le_bytes()].concat();
    let Err(ClientError::Io(error)) = Client::connect(&old[..], &mut sent, PATIENCE).await else {
        panic!("it is refused");
    };
    assert!(error.to_string().contains("older than Nix 2.8"));
}

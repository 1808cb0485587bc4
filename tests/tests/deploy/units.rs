//! The systemd units: the shipped one, and those that the NixOS modules make.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::Value;

use crate::nixos::{SERVER, SUBSCRIBER, evaluate};
use crate::{read, replaced};

/// A section's settings; each with its values as words, over all lines that name it.
type Section = BTreeMap<String, Vec<String>>;

/// What the two ways of installing do differently.
const OWN: [&str; 5] = [
    "Environment",
    "ExecStart",
    "ExecStartPre",
    "LoadCredential",
    "WantedBy",
];

/// systemd's own scale: 10 is a service without any protection.
const EXPOSURE_MAX: &str = "20";

/// A section of a unit's text.
fn section_of(unit: &str, name: &str) -> Section {
    let section = unit.split(&format!("\n[{name}]\n")).nth(1);
    let section = section.unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let mut settings = Section::new();
    for line in section.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, value)) = line.split_once('=') {
            let words = value.split_whitespace().map(str::to_owned);
            settings.entry(name.to_owned()).or_default().extend(words);
        }
    }
    settings
}

/// The same of what a NixOS module says.
fn settings_of_nixos(config: &Value) -> Result<Section> {
    let config = config.as_object().context("a set")?;
    let words = |value: &Value| -> Vec<String> {
        texts(value)
            .iter()
            .flat_map(|text| {
                text.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    Ok(config
        .iter()
        .map(|(name, value)| (name.clone(), words(value)))
        .collect())
}

/// The lines that NixOS writes for one setting.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

#[test]
fn both_ways_of_installing_protect_alike() -> Result<()> {
    let made = evaluate("nixos/picket.nix", SERVER)?;
    for name in ["picket", "picket-signer"] {
        let mut shipped = section_of(&read(&format!("systemd/{name}.service"))?, "Service");
        let made = &made["systemd"]["services"][name]["serviceConfig"];
        let mut made = settings_of_nixos(made)?;
        for name in OWN {
            shipped.remove(name);
            made.remove(name);
        }
        ensure!(shipped.len() > 30, "{shipped:?}");
        assert_eq!(shipped, made, "{name}");
    }
    let shipped = section_of(&read("systemd/picket-signer.socket")?, "Socket");
    let made = &made["systemd"]["sockets"]["picket-signer"]["socketConfig"];
    assert_eq!(shipped, settings_of_nixos(made)?);
    Ok(())
}

/// What the units start is a command that there is, on the configuration that comes with them.
#[test]
fn the_units_start_picket() -> Result<()> {
    let made = evaluate("nixos/picket.nix", SERVER)?;
    for (name, begins) in [
        ("picket", ["serve", "--config"].as_slice()),
        ("picket-signer", &["sign-server"]),
    ] {
        let shipped = section_of(&read(&format!("systemd/{name}.service"))?, "Service");
        let made = &made["systemd"]["services"][name]["serviceConfig"];
        for section in [shipped, settings_of_nixos(made)?] {
            let command = &section["ExecStart"];
            ensure!(command[0].ends_with("/bin/picket"), "{command:?}");
            picket::cli::Cli::try_parse_from(command)?;
            assert_eq!(command[1..=begins.len()], *begins);
        }
    }
    Ok(())
}

/// The service asks where the signer listens, which the signer's unit does not take away; it may write
/// to that, and sees no key. The signer signs the channels that there are, with every key.
#[test]
fn the_service_asks_the_signer() -> Result<()> {
    let made = evaluate("nixos/picket.nix", SERVER)?;
    let socket = section_of(&read("systemd/picket-signer.socket")?, "Socket");
    let listens = &socket["ListenStream"][0];
    let toml: toml::Table = read("systemd/picket.toml")?.parse()?;
    assert_eq!(toml["signing"]["server"].as_str(), Some(listens.as_str()));
    assert_eq!(made["settings"]["signing"]["server"], listens.as_str());
    let service = section_of(&read("systemd/picket.service")?, "Service");
    assert_eq!(socket["SocketGroup"], service["Group"]);
    let signer = section_of(&read("systemd/picket-signer.service")?, "Service");
    // Which is removed when the signer ends.
    let own = format!("/run/{}/", signer["RuntimeDirectory"][0]);
    ensure!(!listens.starts_with(&own), "{listens}");
    ensure!(service["User"] != signer["User"]);
    ensure!(!format!("{service:?}").contains("signing-key"));
    let started = |section: &Section| section["ExecStart"].join(" ");
    let channel = toml["channel"][0]["name"].as_str().context("a name")?;
    ensure!(started(&signer).ends_with(&format!("--channel {channel}")));

    let service = &made["systemd"]["services"]["picket"];
    ensure!(!service.to_string().contains("signing-key"), "{service}");
    assert_eq!(service["wants"][1], "picket-signer.socket");
    let signer = &made["systemd"]["services"]["picket-signer"]["serviceConfig"];
    let started = started(&settings_of_nixos(signer)?);
    let says = "--key /run/picket-signer-keys/signing-key-1 --key /run/picket-signer-keys/signing-key-2 \
                --channel nixos-26.05-sec --latest-hours 48";
    ensure!(started.ends_with(says), "{started}");
    Ok(())
}

#[test]
fn systemd_takes_the_units() -> Result<()> {
    if Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .is_err()
    {
        println!("skipped: systemd-analyze is not on this machine (Debian's systemd has it)");
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let unit = read("systemd/picket.service")?;
    let unit = replaced(&unit, "/usr/local/bin/picket", "/bin/true")?;
    // What may be commented in must be right too.
    let unit = replaced(
        &unit,
        "\n#LoadCredential=push-key",
        "\nLoadCredential=push-key",
    )?;
    let unit = replaced(&unit, "\n#Environment=", "\nEnvironment=")?;
    systemd_takes(dir.path(), "picket.service", &unit)?;
    let unit = read("systemd/picket-signer.service")?;
    let unit = replaced(&unit, "/usr/local/bin/picket", "/bin/true")?;
    let socket = read("systemd/picket-signer.socket")?;
    // Each of the two names the other.
    fs::write(dir.path().join("picket-signer.socket"), &socket)?;
    systemd_takes(dir.path(), "picket-signer.service", &unit)?;
    systemd_takes(dir.path(), "picket-signer.socket", &socket)?;

    for (module, settings, name) in [
        ("nixos/picket.nix", SERVER, "picket"),
        ("nixos/picket.nix", SERVER, "picket-signer"),
        ("nixos/subscriber.nix", SUBSCRIBER, "picket-subscriber"),
    ] {
        let dir = tempfile::tempdir()?;
        let made = evaluate(module, settings)?;
        let unit = unit_of_nixos(&made["systemd"]["services"][name]["serviceConfig"])?;
        systemd_takes(dir.path(), &format!("{name}.service"), &unit)?;
        if let Some(timer) = made["systemd"]["timers"][name]["timerConfig"].as_object() {
            let lines = timer.iter().flat_map(lines_of);
            let timer: String = ["[Timer]\n".to_owned()].into_iter().chain(lines).collect();
            systemd_takes(dir.path(), &format!("{name}.timer"), &timer)?;
        }
    }
    Ok(())
}

/// As NixOS writes it, with a program that there is.
fn unit_of_nixos(config: &Value) -> Result<String> {
    let config = config.as_object().context("a set")?;
    let lines = config.iter().flat_map(|(name, value)| match name.as_str() {
        "ExecStart" | "ExecStartPre" => vec![format!("{name}=/bin/true\n")],
        _ => lines_of((name, value)),
    });
    Ok(["[Service]\n".to_owned()]
        .into_iter()
        .chain(lines)
        .collect())
}

fn lines_of((name, value): (&String, &Value)) -> Vec<String> {
    let texts = texts(value);
    texts
        .iter()
        .map(|text| format!("{name}={text}\n"))
        .collect()
}

fn systemd_takes(dir: &Path, name: &str, unit: &str) -> Result<()> {
    let file = dir.join(name);
    fs::write(&file, unit)?;
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&file)
        .output()?;
    let said = String::from_utf8_lossy(&verified.stderr);
    ensure!(
        verified.status.success() && said.is_empty(),
        "{name}: {said}"
    );
    if name.ends_with(".service") {
        let rated = Command::new("systemd-analyze")
            .args([
                "security",
                "--offline=true",
                "--no-pager",
                "--threshold",
                EXPOSURE_MAX,
            ])
            .arg(&file)
            .output()?;
        let said = String::from_utf8_lossy(&rated.stdout);
        ensure!(rated.status.success(), "{name} is too exposed:\n{said}");
    }
    Ok(())
}

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

/// The `[Service]` section of a unit's text.
fn service_of(unit: &str) -> Section {
    let section = unit.split("\n[Service]\n").nth(1).unwrap_or_default();
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
fn service_of_nixos(config: &Value) -> Result<Section> {
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
    let mut shipped = service_of(&read("systemd/picket.service")?);
    let made = evaluate("nixos/picket.nix", SERVER)?;
    let made = &made["systemd"]["services"]["picket"]["serviceConfig"];
    let mut made = service_of_nixos(made)?;
    for name in OWN {
        shipped.remove(name);
        made.remove(name);
    }
    ensure!(shipped.len() > 30, "{shipped:?}");
    assert_eq!(shipped, made);
    Ok(())
}

/// What the units start is a command that there is, on the configuration that comes with them.
#[test]
fn the_units_start_picket() -> Result<()> {
    let shipped = service_of(&read("systemd/picket.service")?);
    let made = evaluate("nixos/picket.nix", SERVER)?;
    let made = &made["systemd"]["services"]["picket"]["serviceConfig"];
    for section in [shipped, service_of_nixos(made)?] {
        let command = &section["ExecStart"];
        ensure!(command[0].ends_with("/bin/picket"), "{command:?}");
        picket::cli::Cli::try_parse_from(command)?;
        assert_eq!(command[1..3], ["serve", "--config"]);
    }
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

    for (module, settings, name) in [
        ("nixos/picket.nix", SERVER, "picket"),
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

//! The watched repository and where upstream's objects come from.

use toml::Spanned;

use super::address::{git_remote, http_base};
use super::paths::Paths;
use super::value::Checked;
use crate::config::error::Problem;
use crate::config::{GitHub, Upstream, raw};

const GITHUB_API: &str = "https://api.github.com";
const SECURITY_LABEL: &str = "1.severity: security";

pub(super) fn github(raw: raw::GitHub, paths: &Paths) -> Checked<GitHub> {
    let (owner, repository) = repository(&raw.repository)?;
    let token_file = raw.token_file.as_ref().map(|file| {
        paths.secret(file)?;
        paths.absolute(file)
    });
    let webhook = raw.webhook_secret_file.as_ref();
    Ok(GitHub {
        api: http_base(raw.api.as_ref(), GITHUB_API)?,
        owner,
        repository,
        label: label(raw.label)?,
        unlabelled: raw.unlabelled.unwrap_or(true),
        token_file: token_file.transpose()?,
        webhook_secret: webhook.map(|file| paths.secret(file)).transpose()?,
    })
}

fn repository(raw: &Spanned<String>) -> Checked<(String, String)> {
    let is_name = |text: &str| {
        (1..=100).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && !text.bytes().all(|b| b == b'.')
    };
    match raw.as_ref().split_once('/') {
        Some((owner, name)) if is_name(owner) && is_name(name) => {
            Ok((owner.to_owned(), name.to_owned()))
        }
        _ => Err(Problem::new(
            raw.span(),
            format!("{:?} is no GitHub repository", raw.as_ref()),
            "write OWNER/NAME, as NixOS/nixpkgs",
        )),
    }
}

/// GitHub's filter takes labels separated by commas, and has no way to escape one.
fn label(raw: Option<Spanned<String>>) -> Checked<String> {
    let Some(raw) = raw else {
        return Ok(SECURITY_LABEL.to_owned());
    };
    let is_odd = |c: char| c == ',' || c.is_control();
    if raw.as_ref().trim().is_empty() || raw.as_ref().contains(is_odd) {
        return Err(Problem::new(
            raw.span(),
            "no pull requests can be filtered by this label",
            "write a label that is not empty and has no comma",
        ));
    }
    Ok(raw.into_inner())
}

pub(super) fn upstream(raw: &raw::Upstream, paths: &Paths) -> Checked<Upstream> {
    let reference = raw.reference.as_ref().map(|path| {
        let clone = paths.absolute(path)?;
        picket_merger::check_reference(&clone).map_err(|error| {
            let remedy = "name a full clone of upstream on this machine, or leave the key out";
            Problem::new(path.span(), error.to_string(), remedy)
        })?;
        Ok(clone)
    });
    Ok(Upstream {
        git: git_remote(&raw.git, paths)?,
        reference: reference.transpose()?,
    })
}

//! The watched repository and where upstream's objects come from.

use std::path::{Path, PathBuf};

use toml::Spanned;
use url::{Host, Url};

use super::address::{git_remote, http_base};
use super::paths::Paths;
use super::value::{Checked, at_least_one};
use crate::config::error::Problem;
use crate::config::{Comments, GitHub, Upstream, raw};

const GITHUB_API: &str = "https://api.github.com";
const DEFAULT_STABLE: u32 = 60;
const SECURITY_LABEL: &str = "1.severity: security";

pub(super) fn github(raw: raw::GitHub, paths: &Paths, base_url: &Url) -> Checked<GitHub> {
    let (owner, repository) = repository(&raw.repository)?;
    let token_file = token_file(raw.token_file.as_ref(), paths)?;
    let api = http_base(raw.api.as_ref(), GITHUB_API)?;
    let webhook = raw.webhook_secret_file.as_ref();
    Ok(GitHub {
        comments: comments(
            &raw.comments,
            paths,
            token_file.as_deref(),
            (&api, base_url),
        )?,
        api,
        owner,
        repository,
        label: label(raw.label)?,
        unlabelled: raw.unlabelled.unwrap_or(true),
        token_file,
        webhook_secret: webhook.map(|file| paths.secret(file)).transpose()?,
    })
}

fn token_file(raw: Option<&Spanned<PathBuf>>, paths: &Paths) -> Checked<Option<PathBuf>> {
    let Some(file) = raw else { return Ok(None) };
    paths.secret(file)?;
    paths.absolute(file).map(Some)
}

/// Whether pull requests are told what became of them: only where that is said.
fn comments(
    raw: &raw::Comments,
    paths: &Paths,
    to_read_with: Option<&Path>,
    (api, base_url): (&Url, &Url),
) -> Checked<Option<Comments>> {
    let stable_seconds = at_least_one(raw.stable_seconds.as_ref(), DEFAULT_STABLE)?;
    let own = token_file(raw.token_file.as_ref(), paths)?;
    let Some(enabled) = raw.enabled.as_ref().filter(|it| *it.as_ref()) else {
        return Ok(None);
    };
    if is_loopback(base_url) && !is_loopback(api) {
        let text = format!("comments would lead to {base_url}, which nobody else can reach");
        let remedy = "set web.base_url to the address that others use";
        return Err(Problem::new(enabled.span(), text, remedy));
    }
    let Some(token_file) = own.or_else(|| to_read_with.map(Path::to_owned)) else {
        let text = "comments take a token that may write them";
        let remedy = "set github.comments.token_file, or github.token_file";
        return Err(Problem::new(enabled.span(), text, remedy));
    };
    Ok(Some(Comments {
        token_file,
        stable_seconds,
    }))
}

fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(Host::Ipv4(it)) => it.is_loopback(),
        Some(Host::Ipv6(it)) => it.is_loopback(),
        Some(Host::Domain(it)) => it == "localhost",
        None => false,
    }
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

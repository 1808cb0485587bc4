//! Addresses: of web servers, of the database, of git repositories.

use std::path::PathBuf;

use picket_merger::GitAddress;
use picket_store::{Lease, Store};
use toml::Spanned;
use url::Url;

use super::paths::{Paths, can_make};
use super::value::{Checked, parse};
use crate::config::Secret;
use crate::config::error::Problem;

const REMEDY: &str = "write an address as https://example.org";

/// The address of a web server, or of something on one.
pub(super) fn http_url(value: &Spanned<String>) -> Checked<Url> {
    let refuse = |text: String| Err(Problem::new(value.span(), text, REMEDY));
    let url: Url = parse(value, REMEDY)?;
    if !matches!(url.scheme(), "http" | "https") {
        return refuse(format!("cannot speak {}", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("has a user or a password in it, which pages and logs would show".into());
    }
    if url.fragment().is_some() {
        return refuse("has a part after #, which no server sees".into());
    }
    Ok(url)
}

pub(super) fn optional_http_url(value: Option<&Spanned<String>>) -> Checked<Option<Url>> {
    value.map(http_url).transpose()
}

/// An address that paths are added to, so that it must not have a query.
pub(super) fn http_base(value: Option<&Spanned<String>>, default: &str) -> Checked<Url> {
    let default = Spanned::new(0..0, default.to_owned());
    let value = value.unwrap_or(&default);
    let url = http_url(value)?;
    if url.query().is_some() {
        return Err(Problem::new(value.span(), "has a part after ?", REMEDY));
    }
    Ok(url)
}

/// What clients call this server. A path, without a slash at its end, is that of a reverse proxy.
///
/// Requests are answered with the path and without it: no address of Picket's own may begin as it does.
pub(super) fn base_url(value: &Spanned<String>) -> Checked<Url> {
    let mut url = http_base(Some(value), "")?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
    let first = path.split('/').nth(1);
    let remedy = "write an address as https://example.org or https://example.org/picket";
    if path.contains("//") || !path.chars().all(is_plain) {
        let problem = format!("has the path {path}, which is not only letters, digits and -._~");
        return Err(Problem::new(value.span(), problem, remedy));
    }
    if let Some(first) = first.filter(|first| picket_web::is_reserved(first)) {
        let problem = format!("has a path that begins as a page of Picket's own, /{first}");
        return Err(Problem::new(value.span(), problem, remedy));
    }
    Ok(url)
}

/// The database's address; without one, a file in the data folder.
pub(super) fn database_url(
    value: Option<Spanned<String>>,
    data_dir: &Spanned<PathBuf>,
    paths: &Paths,
) -> Checked<Secret<String>> {
    const REMEDY: &str = "write sqlite:///path/to/picket.db or postgres://user@host/database";
    let refuse = |span, text: String| Problem::new(span, text, REMEDY);
    let (span, url) = match value {
        Some(value) => (value.span(), Secret::new(value.into_inner())),
        None => {
            let file = paths.absolute(data_dir)?.join("picket.db");
            let url = Store::sqlite_url(&file);
            let url = url.map_err(|error| refuse(data_dir.span(), error.to_string()))?;
            (data_dir.span(), Secret::new(url))
        }
    };
    let file = Lease::database_file(url.expose())
        .map_err(|error| refuse(span.clone(), error.to_string()))?;
    if let Some(file) = file {
        let folder = file.parent().unwrap_or(&file);
        can_make(folder).map_err(|text| refuse(span.clone(), text))?;
        if file.is_dir() {
            return Err(refuse(span, format!("{} is a folder", file.display())));
        }
    }
    Ok(url)
}

/// A repository that git fetches from or pushes to; a path is made absolute.
pub(super) fn git_remote(value: &Spanned<String>, paths: &Paths) -> Checked<GitAddress> {
    let text = value.as_ref();
    let is_path = !text.is_empty() && !text.contains(':') && !text.starts_with('-');
    let address = if is_path {
        let path = Spanned::new(value.span(), PathBuf::from(text));
        paths.absolute(&path)?.display().to_string()
    } else {
        text.clone()
    };
    GitAddress::parse(&address).map_err(|error| {
        let remedy = "write https://HOST/PATH, ssh://USER@HOST/PATH, or a path";
        Problem::new(value.span(), error.to_string(), remedy)
    })
}

/// The repository behind an address, as far as the text and this machine's folders tell: without
/// user, scheme, port and `.git`. Two addresses of one repository may differ here only by names
/// of hosts.
pub(super) fn repository(remote: &GitAddress) -> String {
    let text = remote.plain();
    let path = text.strip_prefix("file://").unwrap_or(text);
    let plain = match path.split_once("://") {
        None => {
            let real = std::fs::canonicalize(path);
            real.map_or_else(|_| path.to_owned(), |path| path.display().to_string())
        }
        Some((_, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or(authority);
            let host = host.split(':').next().unwrap_or(host);
            format!("{host}//{}", path.trim_start_matches('/')).to_lowercase()
        }
    };
    let plain = plain.trim_end_matches('/');
    let plain = plain.strip_suffix(".git").unwrap_or(plain);
    plain.trim_end_matches('/').to_owned()
}

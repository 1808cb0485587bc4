//! Addresses of git repositories, checked before `git` sees them.

use std::fmt;

use crate::error::{MergeError, Result};

/// The transports that `git` may use, as `GIT_ALLOW_PROTOCOL` has them.
pub(crate) const PROTOCOLS: &str = "https:http:ssh:file";

/// The address of a git repository: an `https`, `http`, `ssh` or `file` URL, or an absolute path.
///
/// Others are refused: `ext::` and its like run commands, `git://` is neither secret nor
/// authentic, and a relative path or `host:path` means different things in different places.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RemoteUrl(String);

impl RemoteUrl {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        match flaw(text) {
            None => Ok(Self(text.to_owned())),
            Some(reason) => Err(MergeError::RemoteRefused {
                url: Self(text.chars().take(200).collect()).to_string(),
                reason,
            }),
        }
    }

    /// The address as `git` takes it, with its password.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without the user and password, which may be a token.
impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str(&self.0);
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match authority.rsplit_once('@') {
            Some((_, host)) => write!(f, "{scheme}://***@{host}{path}"),
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteUrl({self})")
    }
}

fn flaw(text: &str) -> Option<&'static str> {
    if text.len() > 2000 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Some("it is too long or holds white space");
    }
    if text.starts_with('/') {
        return None;
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some("write an https, http, ssh or file URL, or an absolute path");
    };
    if !matches!(scheme, "https" | "http" | "ssh" | "file") {
        return Some("only the schemes https, http, ssh and file are taken");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    // To ssh, a host or user with a dash in front is an option.
    if authority.starts_with('-') || host.starts_with('-') {
        return Some("its host begins with a dash");
    }
    (host.is_empty() != (scheme == "file")).then_some("it names no host, or a file URL names one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_taken() {
        for good in [
            "https://github.com/NixOS/nixpkgs.git",
            "http://127.0.0.1:3000/x",
            "ssh://git@github.com/NixOS/nixpkgs",
            "file:///srv/nixpkgs.git",
            "/srv/nixpkgs.git",
        ] {
            assert!(RemoteUrl::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn odd_addresses_are_refused() {
        for bad in [
            "ext::sh -c id",
            "ext::id",
            "fd::3",
            "git://github.com/x",
            "HTTPS://github.com/x",
            "git@github.com:x/y",
            "../x",
            "--upload-pack=id",
            "ssh://-oProxyCommand=id/x",
            "ssh://git@-oProxyCommand=id/x",
            "https:///x",
            "file://host/x",
            "https://a b/",
            "",
        ] {
            assert!(RemoteUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let url = RemoteUrl::parse("https://x:secret@example.org/r").unwrap();
        assert_eq!(url.to_string(), "https://***@example.org/r");
        let error = RemoteUrl::parse("ftp://x:secret@example.org/r").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}

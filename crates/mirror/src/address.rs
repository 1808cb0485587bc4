//! Addresses of git repositories, checked before `git` sees them.

use std::fmt;

use thiserror::Error;

/// The transports that `git` may use, as `GIT_ALLOW_PROTOCOL` has them.
pub(crate) const PROTOCOLS: &str = "https:http:ssh:file";
/// How much of a refused address is shown, in characters.
const MAX_SHOWN: usize = 200;

/// The address of a git repository: an `https`, `http`, `ssh` or `file` URL, or an absolute path.
///
/// Others are refused: `ext::` and its like run commands, `git://` is neither secret nor
/// authentic, and a relative path or `host:path` means different things in different places.
///
/// A user and password in it are not shown, and not handed to git on its command line.
#[derive(Clone, PartialEq, Eq)]
pub struct GitAddress {
    /// Without user and password; with the user where the scheme is `ssh`.
    plain: String,
    login: Option<Login>,
}

/// Who asks, by the address.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: Option<String>,
}

/// A text is not the address of a git repository that Picket talks to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{address:?} is refused as the address of a git repository: {reason}")]
pub struct InvalidAddress {
    /// The address, shortened, without its password.
    pub address: String,
    /// What is wrong, and what is taken instead.
    pub reason: &'static str,
}

impl GitAddress {
    /// Checks an address.
    ///
    /// # Errors
    /// [`InvalidAddress`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        split(text).map_err(|reason| InvalidAddress {
            address: without_login(&text.chars().take(MAX_SHOWN).collect::<String>()),
            reason,
        })
    }

    /// The address as `git` takes it, without a password; of an `ssh` address with its user.
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// What git is to say where it is asked who it is, if the address tells.
    pub(crate) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// Scheme and host, for which alone the login is.
    pub(crate) fn origin(&self) -> &str {
        let start = self.plain.find("://").map_or(0, |at| at + 3);
        let end = self.plain[start..].find('/');
        end.map_or(&self.plain, |end| &self.plain[..start + end])
    }
}

/// Without the user and password, which may be a token.
impl fmt::Display for GitAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.login, self.plain.split_once("://")) {
            (Some(_), Some((scheme, rest))) => write!(f, "{scheme}://***@{rest}"),
            _ => f.write_str(&without_login(&self.plain)),
        }
    }
}

impl fmt::Debug for GitAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitAddress({self})")
    }
}

fn without_login(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}{path}"),
        None => text.to_owned(),
    }
}

fn split(text: &str) -> Result<GitAddress, &'static str> {
    if text.len() > 2000 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("it is too long or holds white space");
    }
    let plain = |login| GitAddress {
        plain: text.to_owned(),
        login,
    };
    if text.starts_with('/') {
        return Ok(plain(None));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("write an https, http, ssh or file URL, or an absolute path");
    };
    if !matches!(scheme, "https" | "http" | "ssh" | "file") {
        return Err("only the schemes https, http, ssh and file are taken");
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (Some(login), host),
        None => (None, authority),
    };
    // To ssh, a host or user with a dash in front is an option.
    if authority.starts_with('-') || host.starts_with('-') {
        return Err("its host begins with a dash");
    }
    if host.is_empty() != (scheme == "file") {
        return Err("it names no host, or a file URL names one");
    }
    match login.map(login_of).transpose()? {
        None => Ok(plain(None)),
        Some(login) if scheme == "ssh" && login.password.is_some() => {
            Err("ssh takes no password from an address: give it a key")
        }
        Some(_) if scheme == "ssh" => Ok(plain(None)),
        login => Ok(GitAddress {
            plain: format!("{scheme}://{host}{path}"),
            login,
        }),
    }
}

fn login_of(text: &str) -> Result<Login, &'static str> {
    let part = |text| decoded(text).ok_or("its user or password has a wrong % in it");
    match text.split_once(':') {
        Some((user, password)) => Ok(Login {
            user: part(user)?,
            password: Some(part(password)?),
        }),
        None => Ok(Login {
            user: part(text)?,
            password: None,
        }),
    }
}

/// A part of an address without its `%` escapes; none may hide a line break, which would end it
/// where git is told.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
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
            let address = GitAddress::parse(good).unwrap();
            assert_eq!(address.plain(), good);
            assert_eq!(address.login().map(|login| &login.user), None);
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
            "upstream.git",
            "--upload-pack=id",
            "ssh://-oProxyCommand=id/x",
            "ssh://git@-oProxyCommand=id/x",
            "ssh://git:secret@host/x",
            "https:///x",
            "https://a:b%0ac@host/x",
            "https://a:b%zz@host/x",
            "file://host/x",
            "https://a b/",
            "",
        ] {
            assert!(GitAddress::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_are_neither_shown_nor_in_what_git_is_called_with() {
        let address = GitAddress::parse("https://x:s%40cret@example.org:8443/r").unwrap();
        assert_eq!(address.to_string(), "https://***@example.org:8443/r");
        assert_eq!(
            format!("{address:?}"),
            "GitAddress(https://***@example.org:8443/r)"
        );
        assert_eq!(address.plain(), "https://example.org:8443/r");
        assert_eq!(address.origin(), "https://example.org:8443");
        let login = address.login().unwrap();
        assert_eq!(
            (login.user.as_str(), login.password.as_deref()),
            ("x", Some("s@cret"))
        );
        let error = GitAddress::parse("ftp://x:secret@example.org/r").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}

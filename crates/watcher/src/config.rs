//! What the watcher has to be told.

use std::fmt;
use std::path::PathBuf;

use http::HeaderValue;
use picket_domain::Scope;
use url::Url;

use crate::error::WatchError;

/// Where to watch, and for what.
#[derive(Clone)]
pub struct WatcherConfig {
    /// The API's address: `https://api.github.com`.
    pub api: Url,
    /// A token with read access. Without one GitHub allows 60 requests an hour.
    pub token: Option<Token>,
    /// The repository's owner: `NixOS`.
    pub owner: String,
    /// The repository: `nixpkgs`.
    pub repository: String,
    /// The label that marks security fixes, compared without regard to case.
    pub label: String,
    /// Whether a pull request without the label is of interest too, where what it says of itself
    /// makes it a security fix.
    pub unlabelled: bool,
    /// The packages all of whose pull requests are of interest.
    pub scope: Scope,
}

/// Where the token is.
#[derive(Clone)]
pub enum Token {
    /// Here.
    Text(String),
    /// In this file, which is read at each request: it may be replaced at any time.
    File(PathBuf),
}

impl Token {
    /// As a request carries it.
    pub(crate) fn header(&self) -> Result<HeaderValue, WatchError> {
        let problem = |problem: String| WatchError::Configuration(problem);
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::File(file) => std::fs::read_to_string(file).map_err(|error| {
                problem(format!("the token's file {}: {error}", file.display()))
            })?,
        };
        let text = text.trim();
        let header = HeaderValue::try_from(format!("Bearer {text}"));
        let mut header = header.ok().filter(|_| is_token(text)).ok_or_else(|| {
            problem("the token is empty or has white space in it: check its file".to_owned())
        })?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl fmt::Debug for WatcherConfig {
    /// Leaves the token out: debug output ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatcherConfig")
            .field("api", &self.api.as_str())
            .field("token", &self.token.as_ref().map(|_| "(secret)"))
            .field("owner", &self.owner)
            .field("repository", &self.repository)
            .field("label", &self.label)
            .field("unlabelled", &self.unlabelled)
            .field("scope", &self.scope)
            .finish()
    }
}

impl WatcherConfig {
    /// Refuses what could not work or would end up elsewhere than in its place in an address.
    pub(crate) fn check(&self) -> Result<(), WatchError> {
        let problem = if !matches!(self.api.scheme(), "http" | "https") {
            format!("the API address {} is not http or https", self.api)
        } else if !is_name(&self.owner) {
            format!("{:?} cannot be the owner of a repository", self.owner)
        } else if !is_name(&self.repository) {
            format!("{:?} cannot be a repository", self.repository)
        } else if self.label.trim().is_empty() || self.label.contains(',') {
            // GitHub's filter takes labels separated by commas, and has no way to escape one.
            format!(
                "{:?} cannot be filtered by: a label without comma is needed",
                self.label
            )
        } else {
            let token = self.token.as_ref();
            return token.map_or(Ok(()), |token| token.header().map(drop));
        };
        Err(WatchError::Configuration(problem))
    }
}

pub(crate) fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=100).contains(&text.len())
        && text.bytes().all(is_allowed)
        && !text.bytes().all(|byte| byte == b'.')
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> WatcherConfig {
        WatcherConfig {
            api: Url::parse("https://api.github.com").unwrap(),
            token: Some(Token::Text("github_pat_123".into())),
            owner: "NixOS".into(),
            repository: "nixpkgs".into(),
            label: "1.severity: security".into(),
            unlabelled: true,
            scope: Scope::default(),
        }
    }

    #[test]
    fn debug_output_has_no_secret() {
        let text = format!("{:?}", config());
        assert!(!text.contains("github_pat"), "{text}");
    }

    #[test]
    fn what_cannot_work_is_refused() {
        assert_eq!(config().check(), Ok(()));
        let damages: [fn(&mut WatcherConfig); 7] = [
            |it| it.api = Url::parse("file:///etc").unwrap(),
            |it| it.owner = "a/b".into(),
            |it| it.repository = "..".into(),
            |it| it.repository = "nixpkgs?x".into(),
            |it| it.label = "a,b".into(),
            |it| it.token = Some(Token::Text("github_pat 123".into())),
            |it| it.token = Some(Token::Text(String::new())),
        ];
        for damage in damages {
            let mut config = config();
            damage(&mut config);
            assert!(config.check().is_err(), "{config:?}");
        }
    }
}

//! Sign-in with GitHub: the OAuth web application flow, with PKCE.
//!
//! <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use picket_domain::{AccountId, Identity, Login, Sha256};
use rand::RngExt;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use thiserror::Error;
use url::Url;

use super::Proven;

/// Where GitHub is and how this server is known there.
#[derive(Clone)]
pub struct GitHubSignInSettings {
    /// The OAuth application's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The web site: `https://github.com`.
    pub site: Url,
    /// The API: `https://api.github.com`.
    pub api: Url,
}

/// Sign-in with GitHub.
pub struct GitHubSignIn {
    settings: Box<GitHubSignInSettings>,
    client: reqwest::Client,
}

/// Somebody could not be signed in with GitHub.
#[derive(Debug, Error)]
pub enum GitHubSignInError {
    /// GitHub did not answer, or not in time.
    #[error("GitHub cannot be asked who signs in")]
    Unreachable(#[from] reqwest::Error),
    /// GitHub does not take the code.
    #[error("GitHub refuses the sign-in: {0}")]
    Refused(String),
    /// GitHub says something that makes no sense here.
    #[error("GitHub's answer to a sign-in makes no sense")]
    Senseless,
}

/// What the browser keeps while its user is at GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    state: String,
    verifier: String,
}

impl Pending {
    pub(crate) fn new() -> Self {
        let secret = || BASE64_URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
        Self {
            state: secret(),
            verifier: secret(),
        }
    }

    /// As a cookie's value.
    pub(crate) fn to_cookie(&self) -> String {
        format!("{}.{}", self.state, self.verifier)
    }

    pub(crate) fn from_cookie(text: &str) -> Option<Self> {
        let (state, verifier) = text.split_once('.')?;
        (!state.is_empty() && !verifier.is_empty()).then(|| Self {
            state: state.to_owned(),
            verifier: verifier.to_owned(),
        })
    }

    /// Whether GitHub sent back this browser's own state.
    pub(crate) fn is_for(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::of(self.verifier.as_bytes()).as_bytes())
    }
}

impl GitHubSignIn {
    /// Prepares sign-in with GitHub.
    ///
    /// # Errors
    /// Where no HTTP client can be made, for example for want of certificates to trust.
    pub fn new(settings: GitHubSignInSettings) -> Result<Self, GitHubSignInError> {
        // Fails only where the process has chosen one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent("picket")
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            settings: Box::new(settings),
            client,
        })
    }

    /// The page of GitHub that asks the user, and then sends the browser to `callback`.
    pub(crate) fn authorize_url(&self, pending: &Pending, callback: &str) -> Url {
        let mut url = self.settings.site.clone();
        url.set_path("/login/oauth/authorize");
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", callback)
            .append_pair("scope", "")
            .append_pair("state", &pending.state)
            .append_pair("code_challenge", &pending.challenge())
            .append_pair("code_challenge_method", "S256");
        url
    }

    /// Asks GitHub whose code this is. The token that it gives is used once and dropped.
    pub(crate) async fn who(
        &self,
        pending: &Pending,
        code: &str,
        callback: &str,
    ) -> Result<Proven, GitHubSignInError> {
        let token = self.exchange(pending, code, callback).await?;
        #[derive(Deserialize)]
        struct User {
            login: String,
            id: AccountId,
        }
        let mut url = self.settings.api.clone();
        url.set_path(&format!("{}/user", url.path().trim_end_matches('/')));
        let answer = self.client.get(url).bearer_auth(token).send().await?;
        let user: User = answer.error_for_status()?.json().await?;
        let login = Login::parse(&user.login).map_err(|_| GitHubSignInError::Senseless)?;
        let identity = Identity::GitHub(user.id);
        Ok(Proven { login, identity })
    }

    async fn exchange(
        &self,
        pending: &Pending,
        code: &str,
        callback: &str,
    ) -> Result<String, GitHubSignInError> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: Option<String>,
            error: Option<String>,
        }
        let mut url = self.settings.site.clone();
        url.set_path("/login/oauth/access_token");
        let form = [
            ("client_id", self.settings.client_id.as_str()),
            ("client_secret", &self.settings.client_secret),
            ("code", code),
            ("redirect_uri", callback),
            ("code_verifier", &pending.verifier),
        ];
        let request = self.client.post(url).header("Accept", "application/json");
        let answer = request.form(&form).send().await?.error_for_status()?;
        let answer: Answer = answer.json().await?;
        match answer {
            Answer {
                access_token: Some(token),
                ..
            } => Ok(token),
            Answer {
                error: Some(error), ..
            } => Err(GitHubSignInError::Refused(error)),
            Answer { .. } => Err(GitHubSignInError::Senseless),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_accepts_only_the_state_that_it_was_given() {
        let pending = Pending::new();
        let kept = Pending::from_cookie(&pending.to_cookie()).unwrap();
        assert_eq!(kept, pending);
        assert!(kept.is_for(&pending.state));
        assert!(!kept.is_for(&Pending::new().state));
        for bad in ["", ".", "x.", ".x", "x"] {
            assert_eq!(Pending::from_cookie(bad), None);
        }
    }

    /// The example of RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_that_of_the_standard() {
        let pending = Pending {
            state: "s".into(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
        };
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(pending.challenge(), challenge);
    }
}

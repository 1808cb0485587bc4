//! Who is asking.

pub(crate) mod cookie;

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use picket_domain::Login;
use picket_store::{CsrfToken, SessionToken};

use crate::chain::Chain;
use crate::state::App;

/// The session cookie's name, without the prefix that it has on https.
pub(crate) const SESSION_COOKIE: &str = "picket";

/// Somebody of the team, with a session: it ends with their place on the team.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) login: Login,
    /// The token that the session's forms carry.
    pub(crate) csrf: CsrfToken,
    pub(crate) token: SessionToken,
}

/// Who is asking; anybody may read.
pub(crate) struct Viewer {
    pub(crate) person: Option<Person>,
}

impl Viewer {
    /// The person's name, where somebody of the team asks.
    pub(crate) fn member(&self) -> Option<&Login> {
        self.person.as_ref().map(|person| &person.login)
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Infallible;

    /// A session that cannot be looked up is no session: the page can still be read.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let name = cookie::name(&app.base_url, SESSION_COOKIE);
        let token = cookie::value(&parts.headers, &name).and_then(SessionToken::parse);
        let Some(token) = token else {
            return Ok(Self { person: None });
        };
        let session = match app.store.session(&token, app.now()).await {
            Ok(session) => session,
            Err(error) => {
                tracing::error!(error = %Chain(&error), "a session could not be looked up");
                None
            }
        };
        let person = session.map(|session| Person {
            login: session.login,
            csrf: session.csrf,
            token,
        });
        Ok(Self { person })
    }
}

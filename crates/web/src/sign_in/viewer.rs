//! Who is asking.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use picket_domain::Login;
use picket_store::{CsrfToken, SessionToken};

use super::cookie;
use crate::error::Chain;
use crate::state::App;

/// The session cookie's name, without the prefix that it has on https.
pub(super) const SESSION_COOKIE: &str = "picket";

/// A person with a session.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) login: Login,
    /// The token that the session's forms carry.
    pub(crate) csrf: CsrfToken,
    /// Whether the person is in the team now; people may have left since they signed in.
    pub(crate) is_member: bool,
    pub(super) token: SessionToken,
}

/// Who is asking; anybody may read.
pub(crate) struct Viewer {
    pub(crate) person: Option<Person>,
}

impl Viewer {
    /// The person, if in the team.
    pub(crate) fn member(&self) -> Option<&Login> {
        let person = self.person.as_ref().filter(|person| person.is_member);
        person.map(|person| &person.login)
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
            is_member: app.team.contains(&session.login),
            login: session.login,
            csrf: session.csrf,
            token,
        });
        Ok(Self { person })
    }
}

//! What can go wrong while answering, and how a browser or a script is told.
//!
//! Texts for people are written here and in the handlers; the details of an internal error go to
//! the log alone.

use askama::Template;
use axum::Json;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use picket_domain::Login;
use serde::Serialize;

use crate::chain::Chain;
use crate::layout::{Section, Shell};
use crate::odd::told;

/// A request that is not answered with what it asked for.
#[derive(Debug)]
pub(crate) enum PageError {
    /// There is no such thing.
    NotFound(&'static str),
    /// The request's own fault; the text says what to change.
    BadInput(String),
    /// The form is longer than any form of this server, or did not arrive.
    TooLong,
    /// What was sent is no form.
    NotAForm,
    /// Only people who signed in may do this.
    SignInNeeded,
    /// The person proved who they are, and is not on the team.
    NotMember(Login),
    /// The person's name is, or was, that of another account on the team.
    OtherAccount(Login),
    /// The person may not do this to this pull request.
    Refused(&'static str),
    /// The form was not sent from a page of the same session.
    Forged,
    /// The person told GitHub not to say who they are.
    Declined,
    /// As much is asked for at a time as this server gives.
    Busy,
    /// Too many passphrases were wrong.
    TooManyTries,
    /// GitHub did not let the person sign in, or could not be asked.
    SignInFailed(&'static str),
    /// This server's fault. The details are for its log only.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl<E> From<E> for PageError
where
    E: std::error::Error + Send + Sync + 'static,
{
    fn from(error: E) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl PageError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadInput(_) => StatusCode::BAD_REQUEST,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::SignInNeeded => StatusCode::UNAUTHORIZED,
            Self::NotMember(_)
            | Self::OtherAccount(_)
            | Self::Refused(_)
            | Self::Forged
            | Self::Declined => StatusCode::FORBIDDEN,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            Self::SignInFailed(_) => StatusCode::BAD_GATEWAY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn headline(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "Not found",
            Self::BadInput(_) => "That cannot be done as asked",
            Self::TooLong => "That is too long",
            Self::NotAForm => "That is no form",
            Self::SignInNeeded => "Sign in first",
            Self::NotMember(_) => "You are not in this channel's team",
            Self::OtherAccount(_) => "This name is another account's here",
            Self::Refused(_) => "Refused",
            Self::Forged => "This form is out of date",
            Self::Declined => "You declined",
            Self::Busy => "Too many are watching",
            Self::TooManyTries => "Too many wrong passphrases",
            Self::SignInFailed(_) => "Signing in did not work",
            Self::Internal(_) => "Something went wrong on this server",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotFound(what) => (*what).to_owned(),
            Self::BadInput(what) => what.clone(),
            Self::TooLong => "The form could not be read, since it is too long.".to_owned(),
            Self::NotAForm => "This address takes forms, as pages send them: \
                               application/x-www-form-urlencoded."
                .to_owned(),
            Self::SignInNeeded => {
                "Reading is open to everybody; deciding is for the team. Sign in, and do it again."
                    .to_owned()
            }
            Self::NotMember(login) => format!(
                "You are known as {login}, and the team's list does not have that name. Whoever \
                 runs this server can add it to the configuration."
            ),
            Self::OtherAccount(login) => format!(
                "The team knows {login} by another account than yours, so you are not signed in, \
                 and the team sees that you tried. A name at GitHub can pass from one person to \
                 another. Where this one has passed to you, or your account is a new one, whoever \
                 runs this server can free the name: picket accounts unbind {login}"
            ),
            Self::Refused(why) => (*why).to_owned(),
            Self::Forged => "It was not sent from a page of your present session, so nothing was \
                             done. Go back, load the page again, and repeat what you did."
                .to_owned(),
            Self::Declined => "You told GitHub not to say who you are, so you are not signed in. \
                               Reading is open to everybody; to decide, try again and agree. \
                               Picket learns your name there and nothing else."
                .to_owned(),
            Self::Busy => "As many logs are watched already as this server lets grow at a time. \
                           Load the page again to see how far a log is."
                .to_owned(),
            Self::TooManyTries => "None is looked at for this name for ten minutes. If it was not \
                                   you who tried, tell whoever runs this server."
                .to_owned(),
            Self::SignInFailed(why) => (*why).to_owned(),
            Self::Internal(_) => "Nothing was changed. The server's log has the details; if it \
                                  happens again, tell whoever runs this server."
                .to_owned(),
        }
    }

    /// What a link to signing in says, where that is what to do about it.
    fn sign_in(&self) -> Option<&'static str> {
        match self {
            Self::SignInNeeded => Some("Sign in"),
            Self::Declined | Self::SignInFailed(_) => Some("Try again"),
            Self::NotFound(_)
            | Self::BadInput(_)
            | Self::TooLong
            | Self::NotAForm
            | Self::NotMember(_)
            | Self::OtherAccount(_)
            | Self::Refused(_)
            | Self::Forged
            | Self::Busy
            | Self::TooManyTries
            | Self::Internal(_) => None,
        }
    }

    pub(crate) fn log(&self) {
        if let Self::Internal(error) = self {
            tracing::error!(error = %Chain(error.as_ref()), "a request failed");
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    headline: &'static str,
    message: String,
    /// What the link to signing in says, where there is one.
    sign_in: Option<&'static str>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        self.log();
        let page = ErrorPage {
            shell: Shell::without_account(self.headline(), Section::None),
            headline: self.headline(),
            message: self.message(),
            sign_in: self.sign_in(),
        };
        match page.render() {
            Ok(html) => (self.status(), Html(told(&html).into_owned())).into_response(),
            Err(_) => self.status().into_response(),
        }
    }
}

/// Renders a page.
pub(crate) fn page(template: &impl Template) -> Result<Response, PageError> {
    Ok(Html(told(&template.render()?).into_owned()).into_response())
}

/// The same for the JSON API.
#[derive(Debug)]
pub(crate) struct ApiError(PageError);

impl<E: Into<PageError>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

#[derive(Serialize)]
struct ApiErrorBody {
    error: &'static str,
    message: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.log();
        let body = ApiErrorBody {
            error: self.0.headline(),
            message: self.0.message(),
        };
        (self.0.status(), Json(body)).into_response()
    }
}

/// Any address that no route has.
pub(crate) async fn no_such_page() -> PageError {
    PageError::NotFound("There is nothing at this address.")
}

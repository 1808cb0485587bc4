//! The only way for a handler to take a form: with its sender known and its token checked.

use axum::Form;
use axum::body::Body;
use axum::extract::rejection::RawFormRejection;
use axum::extract::{FromRequest, FromRequestParts, RawForm, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::PageError;
use crate::session::{Person, Viewer};
use crate::state::App;

/// A form that was sent from a page of the sender's own session, so that the sender is on the team.
pub(crate) struct SignedForm<T> {
    pub(crate) person: Person,
    pub(crate) form: T,
}

const INCOMPLETE: &str = "A part of the form is missing or has the wrong form. Go back, load the \
    page again, and repeat what you did.";

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<App> for SignedForm<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let viewer = Viewer::from_request_parts(&mut parts, app).await?;
        let person = viewer.person.ok_or(PageError::SignInNeeded)?;
        let request = Request::from_parts(parts.clone(), body);
        let RawForm(bytes) = RawForm::from_request(request, app)
            .await
            .map_err(|refused| match refused {
                RawFormRejection::InvalidFormContentType(_) => PageError::NotAForm,
                _ => PageError::TooLong,
            })?;
        let again = || Request::from_parts(parts.clone(), Body::from(bytes.clone()));
        let token = Form::<Token>::from_request(again(), app).await;
        let Form(token) = token.map_err(|_| PageError::Forged)?;
        if !person.csrf.matches(&token.csrf) {
            return Err(PageError::Forged);
        }
        let Form(form) = Form::<T>::from_request(again(), app)
            .await
            .map_err(|_| PageError::BadInput(INCOMPLETE.to_owned()))?;
        Ok(Self { person, form })
    }
}

/// A reason in a person's own words: something, and not a novel.
pub(crate) fn reason(text: &str) -> Result<String, PageError> {
    const MAX: usize = 2_000;
    let text = text.trim();
    if text.is_empty() {
        let message = "Say why: the reason goes into the audit log, where others will look for it.";
        return Err(PageError::BadInput(message.to_owned()));
    }
    if text.chars().count() > MAX {
        let message = format!("The reason is longer than {MAX} characters. Please shorten it.");
        return Err(PageError::BadInput(message));
    }
    Ok(text.to_owned())
}

/// An error as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

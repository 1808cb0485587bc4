//! Parts of a request whose wrong form is answered with this server's own error page.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::error::PageError;

/// What `E` extracts, or else a page that says that the address is wrong.
pub(crate) struct Checked<E>(pub(crate) E);

impl<S, E> FromRequestParts<S> for Checked<E>
where
    S: Send + Sync,
    E: FromRequestParts<S>,
{
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let wrong = "A part of this address has the wrong form. Check it where it comes from.";
        let found = E::from_request_parts(parts, state).await;
        found
            .map(Self)
            .map_err(|_| PageError::BadInput(wrong.to_owned()))
    }
}

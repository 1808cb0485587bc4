//! The JSON API. It only reads, and anybody may use it; times are RFC 3339 in UTC.
//!
//! - `GET /api/v1/channels`: `{"channels": [ChannelSummary]}`
//! - `GET /api/v1/channels/{channel}`: the channel's release, base, picks and history
//! - `GET /api/v1/channels/{channel}/candidates`: `{"channel": .., "candidates": [CandidateJson]}`
//! - `GET /api/v1/candidates/{pr}`: `{"candidates": [CandidateJson]}`, one for each channel
//! - `GET /api/v1/search?q=..`: what every channel knows of a package, an advisory or a pull request
//!
//! Errors have a status of 400 or more and the body `{"error": "..", "message": ".."}`. Fields may be
//! added; none is removed or changes its meaning under `v1`.

mod candidates;
mod channels;
mod evidence;
mod ports;
mod reception;
mod search;
mod target;

use crate::error::{ApiError, PageError};

pub(crate) use candidates::{candidate, candidates};
pub(crate) use channels::{channel, channels};
pub(crate) use search::search;

/// Any other address of the API.
pub(crate) async fn nothing() -> ApiError {
    PageError::NotFound("The API has nothing at this address.").into()
}

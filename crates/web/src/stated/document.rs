//! A document that is made once and sent to many.

use std::io;

use axum::body::Bytes;
use picket_domain::Sha256;
use serde::Serialize;

const JSON: &str = "application/json";

/// A document that is made once and sent to many.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) bytes: Bytes,
    pub(crate) content_type: &'static str,
    /// Its entity tag, in quotes.
    pub(crate) tag: String,
}

impl Document {
    pub(crate) fn new(bytes: Vec<u8>, content_type: &'static str) -> Self {
        Self {
            tag: format!("\"{}\"", Sha256::of(&bytes)),
            bytes: bytes.into(),
            content_type,
        }
    }

    pub(crate) fn json(of: &impl Serialize) -> io::Result<Self> {
        Ok(Self::new(serde_json::to_vec(of)?, JSON))
    }
}

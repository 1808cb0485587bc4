//! Files, with all that HTTP has for them: conditions, ranges, entity tags.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::time::SystemTime;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use picket_publisher::FOR_A_DAY;

use super::condition::{Part, Version, part};
use super::content::{SMALL, read, stream};
use super::small::{SmallFile, SmallFiles};

/// For what is not there yet: it may be a second from now.
const FOR_A_MOMENT: &str = "public, max-age=1";

/// A browser takes a file for what it is said to be.
const NOT_GUESSED: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

/// What tells two files with different bytes apart.
#[derive(Debug)]
pub(super) enum Tag<'a> {
    /// This name: nothing else ever has it.
    Named(String),
    /// The hash of its bytes, of a file that is small and asked for often.
    OfBytes(&'a SmallFiles),
}

/// How a file is sent.
pub(super) struct Manner<'a> {
    pub(super) tag: Tag<'a>,
    pub(super) content_type: &'static str,
    /// How long clients keep it.
    pub(super) cache_control: &'static str,
}

/// Sends a file.
pub(super) fn file(request: &Request, path: &Path, manner: Manner<'_>) -> Response {
    match try_file(request, path, manner) {
        Ok(response) => response,
        Err(error) if is_absent(&error) => missing("There is no such file.\n"),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "a public file cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
}

fn try_file(request: &Request, path: &Path, manner: Manner<'_>) -> io::Result<Response> {
    let (opened, tag) = match manner.tag {
        Tag::Named(name) => (Opened::open(path)?, format!("\"{name}\"")),
        Tag::OfBytes(files) => {
            let file = files.at(path)?;
            (Opened::held(&file), format!("\"{}\"", file.hash))
        }
    };
    let version = Version {
        tag: &tag,
        modified: opened.modified,
        length: opened.length,
    };
    let part = part(request.headers(), &version);
    let mut response = opened.answer(&part, request.method() == Method::HEAD)?;
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(NOT_GUESSED.0, HeaderValue::from_static(NOT_GUESSED.1));
    if matches!(part, Part::OtherVersion | Part::NoSuchBytes) {
        return Ok(response);
    }
    let written = httpdate::fmt_http_date(in_headers(version.modified));
    let values = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(manner.content_type),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static(manner.cache_control),
        ),
        (
            header::ETAG,
            HeaderValue::from_str(&tag).map_err(io::Error::other)?,
        ),
        (
            header::LAST_MODIFIED,
            HeaderValue::from_str(&written).map_err(io::Error::other)?,
        ),
    ];
    headers.extend(values);
    Ok(response)
}

/// No date in a header may lie before 1970.
fn in_headers(modified: SystemTime) -> SystemTime {
    modified.max(SystemTime::UNIX_EPOCH)
}

/// A file that is there.
struct Opened {
    content: Content,
    length: u64,
    modified: SystemTime,
}

enum Content {
    /// All of it, read already.
    Held(Bytes),
    File(File),
}

impl Opened {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let found = file.metadata()?;
        if found.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self {
            length: found.len(),
            modified: found.modified()?,
            content: Content::File(file),
        })
    }

    fn held(file: &SmallFile) -> Self {
        Self {
            length: file.content.len() as u64,
            modified: file.modified,
            content: Content::Held(file.content.clone()),
        }
    }

    fn answer(self, part: &Part, is_head: bool) -> io::Result<Response> {
        let length = self.length;
        match part {
            Part::Whole => self.send(StatusCode::OK, 0..length, is_head),
            Part::Bytes(bytes) => {
                let (first, last) = (bytes.start, bytes.end - 1);
                let mut response =
                    self.send(StatusCode::PARTIAL_CONTENT, bytes.clone(), is_head)?;
                says_range(&mut response, &format!("bytes {first}-{last}/{length}"))?;
                Ok(response)
            }
            Part::NotModified => Ok(StatusCode::NOT_MODIFIED.into_response()),
            Part::OtherVersion => Ok(StatusCode::PRECONDITION_FAILED.into_response()),
            Part::NoSuchBytes => {
                let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
                says_range(&mut response, &format!("bytes */{length}"))?;
                Ok(response)
            }
        }
    }

    fn send(self, status: StatusCode, bytes: Range<u64>, is_head: bool) -> io::Result<Response> {
        let length = bytes.end - bytes.start;
        let body = match self.content {
            _ if is_head => Body::empty(),
            // What is held is small.
            Content::Held(all) => Body::from(all.slice(bytes.start as usize..bytes.end as usize)),
            Content::File(file) if length <= SMALL => Body::from(read(&file, &bytes)?),
            Content::File(file) => stream(file, bytes),
        };
        let length = [(header::CONTENT_LENGTH, HeaderValue::from(length))];
        Ok((status, length, body).into_response())
    }
}

fn says_range(response: &mut Response, range: &str) -> io::Result<()> {
    let range = HeaderValue::from_str(range).map_err(io::Error::other)?;
    response.headers_mut().insert(header::CONTENT_RANGE, range);
    Ok(())
}

/// Says that something is not there, as plain text: Nix shows it to people.
pub(crate) fn missing(text: impl Into<String>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, FOR_A_MOMENT),
        NOT_GUESSED,
    ];
    (StatusCode::NOT_FOUND, headers, text.into()).into_response()
}

/// Says that something was there and is not any more, as plain text.
pub(super) fn gone(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, FOR_A_DAY),
        NOT_GUESSED,
    ];
    (StatusCode::GONE, headers, text).into_response()
}

/// Says that this server is at fault. Nix tries such addresses again.
pub(super) fn failed(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error = %crate::chain::Chain(error), "the public folder cannot be read");
    let text = "The release cannot be read just now; the server's log says why.\n";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

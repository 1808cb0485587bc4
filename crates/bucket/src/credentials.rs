//! A file of credentials, in the form that Amazon's tools have theirs in.

use std::io;
use std::path::{Path, PathBuf};

use picket_files::read_bounded;
use thiserror::Error;

/// No such file is longer, in bytes.
const SIZE_MAX: u64 = 64 * 1024;
/// The section that is read.
const PROFILE: &str = "default";

/// What signs requests. Its `Debug` shows none of it.
pub(crate) struct Credentials {
    pub(crate) key_id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

/// Why a file of credentials cannot be used. None of what is in it is repeated.
#[derive(Debug, Error)]
#[error("the credentials file {}: {reason}", path.display())]
pub struct CredentialsError {
    path: PathBuf,
    reason: String,
}

impl Credentials {
    /// Reads `aws_access_key_id`, `aws_secret_access_key` and, where it is there,
    /// `aws_session_token` of the section `[default]`, or of what stands before any section.
    ///
    /// # Errors
    /// Where the file cannot be read, or has no such lines.
    pub(crate) fn read(path: &Path) -> Result<Self, CredentialsError> {
        let error = |reason: String| CredentialsError {
            path: path.to_owned(),
            reason,
        };
        let bytes = read_bounded(path, SIZE_MAX).map_err(|it: io::Error| error(it.to_string()))?;
        let bytes = bytes.ok_or_else(|| error("there is no such file".to_owned()))?;
        let text = String::from_utf8(bytes).map_err(|_| error("it is not text".to_owned()))?;
        Self::parse(&text).map_err(|missing| {
            error(format!(
                "it has no line \"{missing} = ..\" in its section [{PROFILE}]; make it like \
                 ~/.aws/credentials"
            ))
        })
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (mut key_id, mut secret, mut token) = (None, None, None);
        let mut is_ours = true;
        for line in text.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                is_ours = section.trim() == PROFILE;
                continue;
            }
            let Some((name, value)) = line.split_once('=').filter(|_| is_ours) else {
                continue;
            };
            let value = Some(value.trim().to_owned()).filter(|it| !it.is_empty());
            match name.trim().to_ascii_lowercase().as_str() {
                "aws_access_key_id" => key_id = value,
                "aws_secret_access_key" => secret = value,
                "aws_session_token" => token = value,
                _ => {}
            }
        }
        Ok(Self {
            key_id: key_id.ok_or("aws_access_key_id")?,
            secret: secret.ok_or("aws_secret_access_key")?,
            token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_section_is_read() {
        let text = "# ours\n[other]\naws_access_key_id = no\n[default]\naws_access_key_id=AKIA\n\
                    aws_secret_access_key = a/b=c \nregion = x\n[more]\naws_session_token = no\n";
        let read = Credentials::parse(text).unwrap();
        assert_eq!(
            (read.key_id.as_str(), read.secret.as_str()),
            ("AKIA", "a/b=c")
        );
        assert_eq!(read.token, None);
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        let error = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let error = Credentials::read(&path).err().unwrap().to_string();
            error.replace(dir.path().to_str().unwrap(), "DIR")
        };
        insta::assert_snapshot!(error("[default]\naws_access_key_id = AKIA\nsecret = hidden\n"), @r#"the credentials file DIR/credentials: it has no line "aws_secret_access_key = .." in its section [default]; make it like ~/.aws/credentials"#);
        assert!(!error("aws_secret_access_key = hidden").contains("hidden"));
        let absent = Credentials::read(Path::new("/nowhere")).err().unwrap();
        assert!(absent.to_string().ends_with("there is no such file"));
    }
}

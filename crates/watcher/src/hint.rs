//! What a webhook's delivery says: that something of a repository changed.

use picket_domain::PrNumber;
use serde::Deserialize;

use crate::surrogates;

/// What a delivery is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// This pull request of the watched repository changed.
    PullRequest(PrNumber),
    /// Nothing that is watched.
    Nothing,
}

#[derive(Deserialize)]
struct Payload {
    number: Option<PrNumber>,
    pull_request: Option<Numbered>,
    issue: Option<Issue>,
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Numbered {
    number: Option<PrNumber>,
}

#[derive(Deserialize)]
struct Issue {
    number: Option<PrNumber>,
    pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: Option<String>,
}

/// Reads a delivery. `watched` is `OWNER/NAME`, compared without regard to case. Only what every
/// delivery of its kind has is read, whatever its action: GitHub adds some.
///
/// # Errors
/// Says what a delivery about pull requests lacks.
pub fn hint(event: &str, body: &str, watched: &str) -> Result<Hint, String> {
    let is_of_pull = event.starts_with("pull_request");
    let is_of_issue = matches!(event, "issues" | "issue_comment");
    if !is_of_pull && !is_of_issue {
        return Ok(Hint::Nothing);
    }
    let body = surrogates::whole(body);
    let payload: Payload = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    let repository = payload.repository.and_then(|it| it.full_name);
    let repository = repository.ok_or("it does not say which repository it is about")?;
    if !repository.eq_ignore_ascii_case(watched) {
        return Ok(Hint::Nothing);
    }
    let number = if is_of_pull {
        let numbered = payload.pull_request.and_then(|it| it.number);
        Some(payload.number.or(numbered))
    } else {
        let issue = payload
            .issue
            .ok_or("it does not say which issue it is about")?;
        issue.pull_request.map(|_| issue.number)
    };
    match number {
        Some(number) => number
            .map(Hint::PullRequest)
            .ok_or_else(|| "it does not say which pull request it is about".to_owned()),
        None => Ok(Hint::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCHED: &str = "NixOS/nixpkgs";

    fn read(event: &str, body: &str) -> Result<Hint, String> {
        hint(event, &body.replace('\'', "\""), WATCHED)
    }

    #[test]
    fn pull_requests_of_the_watched_repository_are_seen() {
        let ours = "'repository': {'full_name': 'nixos/NixPkgs'}";
        let seven = Ok(Hint::PullRequest(PrNumber(7)));
        for (event, rest) in [
            (
                "pull_request",
                "'action': 'labeled', 'number': 7, 'pull_request': {'number': 7}",
            ),
            ("pull_request", "'action': 'one of tomorrow', 'number': 7"),
            (
                "pull_request_review",
                "'pull_request': {'number': 7, 'title': '\\ud83d'}",
            ),
            (
                "issue_comment",
                "'issue': {'number': 7, 'pull_request': {'url': 'x'}}",
            ),
            ("issues", "'issue': {'number': 7, 'pull_request': {}}"),
        ] {
            assert_eq!(
                read(event, &format!("{{{ours}, {rest}}}")),
                seven,
                "{event}: {rest}"
            );
        }
    }

    #[test]
    fn all_else_is_nothing() {
        let other = "{'number': 7, 'repository': {'full_name': 'somebody/nixpkgs'}}";
        assert_eq!(read("pull_request", other), Ok(Hint::Nothing));
        let issue = "{'issue': {'number': 7}, 'repository': {'full_name': 'NixOS/nixpkgs'}}";
        assert_eq!(read("issues", issue), Ok(Hint::Nothing));
        for event in ["push", "installation", "ping", "label", "something new"] {
            assert_eq!(read(event, "[]"), Ok(Hint::Nothing));
        }
    }

    #[test]
    fn what_lacks_something_is_told() {
        for (event, body) in [
            ("pull_request", "[]"),
            ("pull_request", "{'number': 7}"),
            (
                "pull_request",
                "{'repository': {'full_name': 'NixOS/nixpkgs'}}",
            ),
            ("issues", "{'repository': {'full_name': 'NixOS/nixpkgs'}}"),
            (
                "pull_request",
                "{'number': -7, 'repository': {'full_name': 'NixOS/nixpkgs'}}",
            ),
        ] {
            assert!(read(event, body).is_err(), "{event}: {body}");
        }
    }
}

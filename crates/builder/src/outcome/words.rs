//! What Nix itself says of a failed build, apart from what the build said.

use super::Failure;
use picket_nix::text;

/// What Nix itself says: not the end of the log, which it repeats, and not the command to see all
/// of it, which knows nothing of the logs kept here.
pub(super) fn own_words(message: &str) -> Vec<&str> {
    let is_repetition = |line: &str| {
        let line = line.to_ascii_lowercase();
        line.starts_with("for full logs, run")
            || (line.starts_with("last ") && line.ends_with("log lines:"))
    };
    let lines = message.lines().map(|line| line.trim_end_matches(';'));
    lines.take_while(|line| !is_repetition(line)).collect()
}

/// Whether Nix found the disk full when the build ended. It says so after the end of the log, whose
/// lines all begin with `> `.
pub(super) fn found_disk_full(message: &str) -> bool {
    const SIGN: &str = "note: build failure may have been caused by lack of free disk space";
    message.lines().any(|line| line.trim() == SIGN)
}

/// The end of a failed build's log, and what Nix says about it, bounded.
pub(crate) fn log_tail(log: &str, failure: &Failure) -> String {
    let said = text::head(
        &own_words(&failure.message).join("\n"),
        text::MESSAGE_MAX / 2,
    );
    let log = text::tail(log.trim_end(), text::MESSAGE_MAX - said.len() - 1);
    if log.is_empty() {
        said
    } else {
        format!("{log}\n{said}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::Status;
    use crate::outcome::fixtures::failed;

    #[test]
    fn the_tail_is_the_log_and_what_nix_says() {
        let failure = failed(
            Status::Failure,
            "builder for '/nix/store/x.drv' failed with exit code 3;\nlast 1 log lines:\n> oops\n\
             For full logs, run 'nix log /nix/store/x.drv'.",
        );
        assert_eq!(
            log_tail("one\noops\n", &failure),
            "one\noops\nbuilder for '/nix/store/x.drv' failed with exit code 3"
        );
        let newer = failed(
            Status::Failure,
            "Cannot build 'x'.\nReason: builder failed with exit code 3.\nLast 1 log lines:\n> oops",
        );
        assert_eq!(
            log_tail("oops\n", &newer),
            "oops\nCannot build 'x'.\nReason: builder failed with exit code 3."
        );
        assert!(log_tail(&"long line\n".repeat(10_000), &failure).len() <= text::MESSAGE_MAX);
    }
}

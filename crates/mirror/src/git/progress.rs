//! What git says while it works: messages, and progress that goes to the log.

use std::time::{Duration, Instant};

/// How much of what git says is kept for an error message, in bytes.
const KEPT: usize = 4096;
/// What takes less than this is not worth a line of progress.
const QUICK: Duration = Duration::from_secs(1);

/// Takes in what git says, and keeps the end of its messages.
pub(super) struct Said {
    command: &'static str,
    start: Instant,
    kept: Vec<u8>,
    line: Vec<u8>,
    shown: Option<(String, u8)>,
}

impl Said {
    pub(super) fn new(command: &'static str) -> Self {
        Self {
            command,
            start: Instant::now(),
            kept: Vec::new(),
            line: Vec::new(),
            shown: None,
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => self.end_line(),
                byte if self.line.len() < KEPT => self.line.push(*byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        match count(&String::from_utf8_lossy(&line)) {
            Some((phase, percent)) => self.show(phase, percent),
            None => self.kept.extend(line.iter().copied().chain([b'\n'])),
        }
        let surplus = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..surplus);
    }

    /// Progress of what takes long goes to the log, once every tenth.
    fn show(&mut self, phase: &str, percent: u8) {
        let now = (phase.to_owned(), percent / 10);
        if self.start.elapsed() >= QUICK && self.shown.as_ref() != Some(&now) {
            let command = self.command;
            tracing::info!(target: "picket::progress", command, percent, "git {command}: {phase} {percent}%");
            self.shown = Some(now);
        }
    }

    /// The end of the messages.
    pub(super) fn kept(mut self) -> Vec<u8> {
        self.end_line();
        self.kept
    }
}

/// The end of what git said, as one line without its progress counts.
pub(super) fn told(stderr: &[u8]) -> String {
    let start = stderr.len().saturating_sub(KEPT);
    let text = String::from_utf8_lossy(&stderr[start..]);
    let lines = text.split(['\n', '\r']).map(str::trim);
    let lines = lines.filter(|line| {
        // The mirror sets it for libgit2; git has newer names for it.
        !line.is_empty()
            && !line.starts_with("warning: core.fsyncObjectFiles")
            && count(line).is_none()
    });
    let line = lines.collect::<Vec<_>>().join("; ");
    line.chars().filter(|c| !c.is_control()).collect()
}

/// The phase and percentage of a line such as `Receiving objects:  42% (42/100), 1.2 MiB`.
fn count(line: &str) -> Option<(&str, u8)> {
    let (phase, rest) = line.split_once(':')?;
    let (percent, _) = rest.trim_start().split_once('%')?;
    let percent = percent.parse().ok().filter(|percent| *percent <= 100)?;
    // Lines that the other side wrote have their origin in front, which matters to nobody.
    Some((phase.trim_start_matches("remote").trim(), percent))
        .filter(|(phase, _)| !phase.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_lines_are_told_from_messages() {
        assert_eq!(
            count("Receiving objects:  42% (42/100), 1.2 MiB"),
            Some(("Receiving objects", 42))
        );
        assert_eq!(count("fatal: couldn't find remote ref x"), None);
        assert_eq!(count("error: 100 things: no"), None);
    }

    #[test]
    fn an_error_is_the_messages_in_one_line() {
        let stderr =
            b"Counting objects:  10% (1/10)\rCounting objects: 100% (10/10)\nfatal: no\x1b[31m\n";
        assert_eq!(told(stderr), "fatal: no[31m");
    }
}

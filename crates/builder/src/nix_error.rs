//! Nix's error messages, without what only Nix's own user could do something with.

use std::path::Path;

use crate::text;

/// The error that an evaluation of `tree` ended with: from `error:` on, without excerpts of the
/// expression that Picket wrapped around the job set, and with paths relative to the tree.
pub(crate) fn evaluation_error(stderr: &str, tree: &Path) -> String {
    let said = text::clean(stderr);
    let start = said
        .lines()
        .position(|line| line.starts_with("error:"))
        .unwrap_or(0);
    let mut kept: Vec<&str> = Vec::new();
    let mut lines = said.lines().skip(start).peekable();
    while let Some(line) = lines.next() {
        if is_about_the_wrapper(line) {
            if kept.last().is_some_and(|last| is_frame(last)) {
                kept.pop();
            }
            while lines
                .next_if(|line| line.trim().is_empty() || is_excerpt(line))
                .is_some()
            {}
        } else if !line.starts_with("(use '--show-trace'")
            && !line.contains("(stack trace truncated;")
        {
            kept.push(line);
        }
    }
    let tree = format!("{}/", tree.display());
    let error = join(&kept).replace(&tree, "");
    let error = if error.is_empty() {
        "Nix gave no reason".to_owned()
    } else {
        error
    };
    text::head(&error, text::MESSAGE_MAX)
}

fn is_about_the_wrapper(line: &str) -> bool {
    line.trim_start().starts_with("at «string»:")
}

/// A line of a trace, `… while evaluating ..`, that a position belongs to.
fn is_frame(line: &str) -> bool {
    line.trim_start().starts_with('…')
}

/// A line of source text under a position: `  12| let`, `    |  ^`.
fn is_excerpt(line: &str) -> bool {
    let rest = line
        .trim_start()
        .trim_start_matches(|c: char| c.is_ascii_digit());
    rest.starts_with('|')
}

/// Joins lines, with one empty line at most in a row, and none at the ends.
fn join(lines: &[&str]) -> String {
    let mut out = String::new();
    let mut empty = true;
    for line in lines.iter().map(|line| line.trim_end()) {
        if line.is_empty() && empty {
            continue;
        }
        empty = line.is_empty();
        out.push_str(line);
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// Whether an evaluation failed by the machine's doing: what Nix says of its store and disk.
pub(crate) fn is_machines_fault(error: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "No space left on device",
        "cannot connect to socket",
        "cannot connect to daemon",
        "unexpected end-of-file",
        "executing SQLite",
        "cannot open SQLite database",
        "database disk image is malformed",
        "Read-only file system",
    ];
    let first = error.lines().next().unwrap_or_default();
    SIGNS.iter().any(|sign| first.contains(sign))
}

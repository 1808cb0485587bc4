//! Nix's error messages, without what only Nix's own user could do something with.

use std::path::Path;

use picket_nix::text;

/// The error that an evaluation of `tree` ended with: from `error:` on, without excerpts of the
/// expression that Picket wrapped around the job set, and with paths relative to the tree.
pub fn evaluation_error(stderr: &str, tree: &Path) -> String {
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
            && !line.trim_start().starts_with("(stack trace truncated;")
        {
            kept.push(line);
        }
    }
    let tree = format!("{}/", tree.display());
    let error = join(&without_empty_trace(&kept)).replace(&tree, "");
    let error = if error.is_empty() {
        "Nix gave no reason".to_owned()
    } else {
        error
    };
    text::head(&error, text::MESSAGE_MAX)
}

/// The walker's file, and what is asked of it.
fn is_about_the_wrapper(line: &str) -> bool {
    let Some(position) = line.trim_start().strip_prefix("at ") else {
        return false;
    };
    position.starts_with("«string»:") || position.contains("/picket-walker-")
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

/// Newer versions begin with `error:` alone, then the trace, then the indented error. Where nothing
/// is left of the trace, that is one `error:` too many.
fn without_empty_trace<'a>(lines: &'a [&'a str]) -> Vec<&'a str> {
    const INDENT: &str = "       ";
    let Some((&"error:", rest)) = lines.split_first() else {
        return lines.to_vec();
    };
    let first = rest.iter().position(|line| !line.trim().is_empty());
    match first {
        Some(at) if rest[at].trim_start().starts_with("error:") => rest[at..]
            .iter()
            .map(|line| line.strip_prefix(INDENT).unwrap_or(line))
            .collect(),
        _ => lines.to_vec(),
    }
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
pub fn is_machines_fault(error: &str) -> bool {
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

/// Whether an evaluation ended for want of memory. What an expression throws or says in a trace
/// never begins so: Nix writes its own words before it.
pub(crate) fn is_out_of_memory(error: &str) -> bool {
    const SIGNS: [&str; 6] = [
        "error: out of memory",
        "error: std::bad_alloc",
        "error: Cannot allocate memory",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "Too many heap sections",
        "Out of Memory!",
    ];
    let starts = |line: &str| SIGNS.iter().any(|sign| line.trim().starts_with(sign));
    error.lines().next().is_some_and(starts) || error.lines().next_back().is_some_and(starts)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn told(stderr: &str) -> String {
        evaluation_error(stderr, Path::new("/state/trees/abc"))
    }

    #[test]
    fn nix_2_8_is_told_without_the_wrapper() {
        let stderr = "trace: noise\n\u{1b}[31;1merror:\u{1b}[0m \u{1b}[35;1manonymous function\u{1b}[0m \
            at /state/trees/abc/jobs.nix:1:1 called with unexpected argument 'm'\n\n       at \
            «string»:29:7:\n\n           28|     if isFunction found then\n           29|       found \
            asked.arguments\n             |       ^\n           30|     else\n       Did you mean n?\n\
            (use '--show-trace' to show detailed location information)\n";
        assert_snapshot!(told(stderr), @"
        error: anonymous function at jobs.nix:1:1 called with unexpected argument 'm'

               Did you mean n?
        ");
    }

    #[test]
    fn nix_2_26_is_told_without_the_wrapper() {
        let stderr = "error:
       … while evaluating list element at index 1
         at «string»:10:1:
            9| #   explain
           10| { request }:
             | ^
           11| let

       … while evaluating a branch condition
         at «string»:84:10:
           83|     else if
           84|       [ (if job.success
             |          ^
           85|     else

       (stack trace truncated; use '--show-trace' to show the full, detailed trace)

       error: attribute 'missing' missing
       at /state/trees/abc/x.nix:2:45:
            1| let mk = name: derivation { };
            2| in { m = mk {}.missing; }
             |                ^
            3|
";
        assert_snapshot!(told(stderr), @"
        error: attribute 'missing' missing
        at x.nix:2:45:
             1| let mk = name: derivation { };
             2| in { m = mk {}.missing; }
              |                ^
             3|
        ");
    }

    #[test]
    fn a_trace_through_the_tree_is_kept() {
        let stderr = "error:
       … while calling the 'concatMap' builtin
         at «string»:84:10:
           83|     else if

       … while evaluating the attribute 'x'
         at /state/trees/abc/x.nix:2:45:
            2| in

       error: thrown
";
        assert_snapshot!(told(stderr), @"
        error:
               … while evaluating the attribute 'x'
                 at x.nix:2:45:
                    2| in

               error: thrown
        ");
    }

    #[test]
    fn any_output_gives_a_bounded_message() {
        assert_eq!(told(""), "Nix gave no reason");
        assert!(told(&"error: \u{1b}x\n".repeat(10_000)).len() <= text::MESSAGE_MAX);
        assert_eq!(told("Killed"), "Killed");
    }

    #[test]
    fn only_the_first_line_can_be_the_machines_fault() {
        assert!(is_machines_fault(
            "error: writing to file: No space left on device"
        ));
        assert!(!is_machines_fault("error: thrown\nNo space left on device"));
    }
}

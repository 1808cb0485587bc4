//! The message of a picked commit: the original's bytes and Picket's trailers.

use picket_domain::{ApprovedPick, CommitSha};

use crate::history::known::PICKED_FROM;

/// The trailer that only commits have that carry a pull request in another form.
const FORM: &str = "Picket-Form: ";

const SIGNED_OFF: &[u8] = b"Signed-off-by: ";

/// The message for a pick of `source`: what `git cherry-pick -x` writes, then `Picket-PR` and an
/// `Approved-by` for each approval, all in one block of trailers.
pub(crate) fn picked(original: &[u8], source: &CommitSha, pick: &ApprovedPick) -> Vec<u8> {
    let mut message = original[blank_lines(original)..].to_vec();
    if message.last().is_some_and(|last| *last != b'\n') {
        message.push(b'\n');
    }
    if !ends_in_trailers(&message) {
        message.push(b'\n');
    }
    message.extend_from_slice(PICKED_FROM);
    let mut trailers = format!("{source})\nPicket-PR: {}\n", pick.pr);
    for approval in &pick.approvals {
        trailers += &format!("Approved-by: {}\n", approval.by);
    }
    message.extend_from_slice(trailers.as_bytes());
    strip_space(&message)
}

/// The message of a commit that carries a pull request in another form. It names no commit as picked:
/// it does not have what the pull request changes.
pub(crate) fn carried(pick: &ApprovedPick) -> String {
    let (pr, form) = (pick.pr, pick.form.name());
    let mut message = format!("channel: {form} for #{pr}\n\nPicket-PR: {pr}\n");
    message += &format!("{FORM}{form}\nPicket-Head: {}\n", pick.head);
    for approval in &pick.approvals {
        message += &format!("Approved-by: {}\n", approval.by);
    }
    message
}

/// Whether a message is that of such a commit.
pub(crate) fn is_carried(message: &[u8]) -> bool {
    lines(message).any(|line| line.starts_with(FORM.as_bytes()))
}

/// What `git cherry-pick` does to the white space of a message (`strbuf_stripspace`): none at the
/// ends of lines, no blank lines in front, and no two in a row. The last line is a trailer here.
fn strip_space(message: &[u8]) -> Vec<u8> {
    let (mut stripped, mut is_after_blank) = (Vec::with_capacity(message.len()), false);
    for line in lines(message) {
        let spaces = line
            .iter()
            .rev()
            .take_while(|byte| is_space(**byte))
            .count();
        let line = &line[..line.len() - spaces];
        if line.is_empty() {
            is_after_blank = !stripped.is_empty();
            continue;
        }
        if std::mem::take(&mut is_after_blank) {
            stripped.push(b'\n');
        }
        stripped.extend_from_slice(line);
        stripped.push(b'\n');
    }
    stripped
}

/// The length of the blank lines in front.
fn blank_lines(text: &[u8]) -> usize {
    let blank = lines(text).take_while(|line| is_blank(line));
    blank.map(<[u8]>::len).sum()
}

/// Whether the message ends in what git takes for a block of trailers, to which another trailer is
/// added without a blank line between. This is `find_trailer_block_start` of git's `trailer.c`:
/// the last paragraph, but not the first, if all its lines are trailers, or if one of them is one
/// of git's own and at least a quarter are trailers.
fn ends_in_trailers(message: &[u8]) -> bool {
    let message = &message[..end_of_log(message)];
    let all: Vec<&[u8]> = lines(message).collect();
    let title = all
        .iter()
        .position(|line| !line.starts_with(b"#") && is_blank(line))
        .unwrap_or(all.len());
    let mut tally = Tally::default();
    for line in all[title..].iter().rev() {
        if line.starts_with(b"#") {
            tally.others += std::mem::take(&mut tally.continuations);
        } else if !is_blank(line) {
            tally.add(line);
        } else if tally.any {
            return tally.is_block();
        }
    }
    false
}

/// Counts the lines of a paragraph, from its last.
#[derive(Default)]
struct Tally {
    any: bool,
    gits_own: bool,
    trailers: usize,
    others: usize,
    continuations: usize,
}

impl Tally {
    fn add(&mut self, line: &[u8]) {
        self.any = true;
        if line.starts_with(PICKED_FROM) || line.starts_with(SIGNED_OFF) {
            self.gits_own = true;
            self.trailers += 1;
            self.continuations = 0;
        } else if is_space(line[0]) {
            self.continuations += 1;
        } else if has_separator(line) {
            self.trailers += 1;
            self.continuations = 0;
        } else {
            self.others += 1 + std::mem::take(&mut self.continuations);
        }
    }

    fn is_block(&self) -> bool {
        let others = self.others + self.continuations;
        (self.gits_own && self.trailers * 3 >= others) || (self.trailers > 0 && others == 0)
    }
}

/// Whether a line is `token: value`; the token is of letters, digits and dashes, and white space
/// may follow it.
fn has_separator(line: &[u8]) -> bool {
    let mut space = false;
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b':' => return at > 0,
            byte if !space && (byte.is_ascii_alphanumeric() || *byte == b'-') => {}
            b' ' | b'\t' if at > 0 => space = true,
            _ => return false,
        }
    }
    false
}

/// Where the message ends for git's trailers: before the comments, blank lines and old-style list
/// of conflicts at its end (`ignored_log_message_bytes` of git's `commit.c`).
fn end_of_log(message: &[u8]) -> usize {
    let (mut at, mut end, mut in_conflicts) = (0, None, false);
    for line in lines(message) {
        if line.starts_with(b"#") || line.starts_with(b"\n") {
            end = end.or(Some(at));
        } else if line.starts_with(b"Conflicts:\n") {
            in_conflicts = true;
            end = end.or(Some(at));
        } else if !(in_conflicts && line.starts_with(b"\t")) {
            (end, in_conflicts) = (None, false);
        }
        at += line.len();
    }
    end.unwrap_or(message.len())
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().copied().all(is_space)
}

/// What git's own `isspace` takes for white space.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use picket_domain::{Approval, Form, Login, PrNumber, ResolvedSet, Timestamp};

    use super::*;

    fn of(original: &str) -> String {
        let sha = |digit: &str| CommitSha::parse(&digit.repeat(40)).unwrap();
        let approval = |by, at| Approval {
            by: Login::parse(by).unwrap(),
            at: Timestamp::from_unix(at),
            patches: BTreeSet::new(),
        };
        let pick = ApprovedPick {
            pr: PrNumber(12),
            head: sha("b"),
            approvals: vec![approval("ada", 1), approval("grace", 2)],
            approved_at: Timestamp::from_unix(2),
            resolved: ResolvedSet::default(),
            form: Form::AsIs,
            needed: 0,
        };
        String::from_utf8(picked(original.as_bytes(), &sha("a"), &pick)).unwrap()
    }

    #[test]
    fn trailers_get_their_own_paragraph() {
        insta::assert_snapshot!(of("openssl: 3.0.14 -> 3.0.15\n\nFixes: a bug, and more\nthan that"), @r"
        openssl: 3.0.14 -> 3.0.15

        Fixes: a bug, and more
        than that

        (cherry picked from commit aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)
        Picket-PR: 12
        Approved-by: ada
        Approved-by: grace
        ");
    }

    #[test]
    fn trailers_join_a_block_of_trailers() {
        insta::assert_snapshot!(of("fix\n\nSigned-off-by: Ada <a@x>\n"), @r"
        fix

        Signed-off-by: Ada <a@x>
        (cherry picked from commit aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)
        Picket-PR: 12
        Approved-by: ada
        Approved-by: grace
        ");
    }

    #[test]
    fn a_title_is_never_a_block_of_trailers() {
        assert!(of("nginx: fix").starts_with("nginx: fix\n\n(cherry picked"));
    }
}

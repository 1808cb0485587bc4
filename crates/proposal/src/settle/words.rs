//! Two changes, word by word.

use std::ops::Range;

use super::absent;
use crate::{
    rule::Rule,
    sequence::{Changed, Chunk, diff, diff3},
    source::{Token, texts},
    spelling::Spelling,
};

/// What came of it.
pub(crate) struct Merged {
    pub(crate) text: Vec<u8>,
    /// What it is to be explained with.
    pub(crate) rule: Rule,
    /// Whether both sides changed the same words, so that theirs were taken.
    pub(crate) conflict: bool,
}

/// Makes their changes to ours.
pub(crate) fn merge(
    base: &[Token<'_>],
    ours: &[Token<'_>],
    theirs: &[Token<'_>],
    spelling: &Spelling,
) -> Merged {
    let mut merge = Merge {
        base,
        ours,
        theirs,
        spelling,
        their_layout: false,
        after_theirs: false,
        merged: Merged {
            text: Vec::new(),
            rule: Rule::WordByWord,
            conflict: false,
        },
    };
    let chunks = diff3(&texts(base), &texts(ours), &texts(theirs));
    merge.their_layout = chunks.iter().any(|chunk| merge.breaks_lines(chunk));
    for chunk in &chunks {
        merge.chunk(chunk);
    }
    merge.merged
}

struct Merge<'t, 'a> {
    base: &'t [Token<'a>],
    ours: &'t [Token<'a>],
    theirs: &'t [Token<'a>],
    spelling: &'t Spelling,
    /// Whether blanks are theirs where the sides differ in them.
    their_layout: bool,
    /// Whether the last token is one that they put in.
    after_theirs: bool,
    merged: Merged,
}

impl<'a> Merge<'_, 'a> {
    /// Whether they put something into lines of their own where ours are all in one.
    fn breaks_lines(&self, chunk: &Chunk) -> bool {
        let breaks = |token: &Token<'_>| token.blank.contains(&b'\n');
        chunk.changed == Changed::Theirs
            && self.theirs[chunk.theirs.clone()]
                .first()
                .is_some_and(breaks)
            && self.base[..self.base.len().saturating_sub(1)]
                .iter()
                .any(breaks)
            && !self.ours[..self.ours.len().saturating_sub(1)]
                .iter()
                .skip(1)
                .any(breaks)
    }

    fn chunk(&mut self, chunk: &Chunk) {
        match chunk.changed {
            Changed::Neither => self.unchanged(chunk),
            Changed::Ours => self.put_ours(chunk.ours.clone()),
            Changed::Theirs => self.put_theirs(self.new_ones(chunk)),
            Changed::Both => self.both(chunk),
        }
    }

    fn unchanged(&mut self, chunk: &Chunk) {
        for index in 0..chunk.base.len() {
            let base = self.base[chunk.base.start + index];
            let ours = self.ours[chunk.ours.start + index];
            let theirs = self.theirs[chunk.theirs.start + index];
            let theirs_in_place = self.after_theirs && theirs.blank == base.blank;
            let blank = if self.their_layout || ours.blank == base.blank || theirs_in_place {
                theirs.blank
            } else {
                ours.blank
            };
            self.put(Token {
                blank,
                text: ours.text,
            });
            self.after_theirs = false;
        }
    }

    /// What they put in, without what they only moved and ours do not have.
    fn new_ones(&self, chunk: &Chunk) -> Vec<Token<'a>> {
        let moved = |token: &Token<'_>| {
            let has = |tokens: &[Token<'_>]| tokens.iter().any(|other| other.text == token.text);
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
            chunk.base.is_empty()
                && token.text.first().is_some_and(is_name)
                && has(self.base)
                && !has(self.ours)
        };
        let tokens = self.theirs[chunk.theirs.clone()].iter();
        tokens.filter(|token| !moved(token)).copied().collect()
    }

    fn both(&mut self, chunk: &Chunk) {
        let base = &self.base[chunk.base.clone()];
        let ours = &self.ours[chunk.ours.clone()];
        let theirs = &self.theirs[chunk.theirs.clone()];
        if texts(ours) == texts(theirs) {
            self.put_ours(chunk.ours.clone());
        } else if base.is_empty() {
            self.both_put_in(chunk);
        } else if ours.is_empty() {
            let (tokens, rule) = absent::words(base, theirs);
            self.merged.rule = rule;
            self.put_theirs(tokens);
        } else {
            self.merged.conflict |= !theirs.is_empty();
            self.put_theirs(theirs.to_vec());
        }
    }

    /// Ours, then theirs; what both put in, once.
    fn both_put_in(&mut self, chunk: &Chunk) {
        let ours = texts(&self.ours[chunk.ours.clone()]);
        let theirs = texts(&self.theirs[chunk.theirs.clone()]);
        let mut done = chunk.ours.start;
        for (our, their) in diff(&ours, &theirs) {
            self.put_ours(done..chunk.ours.start + our.end);
            let their = chunk.theirs.start + their.start..chunk.theirs.start + their.end;
            self.put_theirs(self.theirs[their].to_vec());
            done = chunk.ours.start + our.end;
        }
        self.put_ours(done..chunk.ours.end);
    }

    fn put_ours(&mut self, tokens: Range<usize>) {
        for token in &self.ours[tokens] {
            self.put(*token);
            self.after_theirs = false;
        }
    }

    fn put_theirs(&mut self, tokens: Vec<Token<'a>>) {
        for token in tokens {
            let text = self.spelling.spell(token.text);
            if text != token.text {
                self.merged.rule = Rule::Spelling;
            }
            self.merged.text.extend_from_slice(token.blank);
            self.merged.text.extend_from_slice(&text);
            self.after_theirs = true;
        }
    }

    fn put(&mut self, token: Token<'_>) {
        self.merged.text.extend_from_slice(token.blank);
        self.merged.text.extend_from_slice(token.text);
    }
}

#[cfg(test)]
mod tests {
    use crate::{ConflictedFile, propose};

    fn told([base, ours, theirs]: [&str; 3]) -> String {
        let file = ConflictedFile {
            path: "x.nix",
            base: Some(base.as_bytes()),
            ours: Some(ours.as_bytes()),
            theirs: Some(theirs.as_bytes()),
        };
        let proposal = propose(&[file]).remove(0).expect("a proposal");
        let content = String::from_utf8(proposal.content.expect("a file"));
        let why: Vec<_> = proposal.rules.into_iter().map(|rule| rule.why).collect();
        format!("{}{}", content.expect("text"), why.join("\n"))
    }

    #[test]
    fn a_list_element_that_both_changed_is_not_said_to_be_both() {
        let list = |element: &str| format!("[\n  ./a.patch\n  ./{element}.patch\n]\n");
        let [base, ours, theirs] = ["b", "b2", "b3"].map(list);
        insta::assert_snapshot!(told([&base, &ours, &theirs]), @"
        [
          ./a.patch
          ./b3.patch
        ]
        Both sides changed the same words: the pull request's are taken. What stable put in goes: b2.patch.
        ");
    }

    #[test]
    fn names_that_are_written_as_in_stable_hide_no_loss() {
        let file = |names: &str, words: &str| {
            format!("{{ {names} }}:\nlet\n  x = 1;\nin [\n  {words}\n]\n")
        };
        let base = file("lib, stdenv", "stdenv.lib.a ./x.patch");
        let ours = file("lib", "lib.a ./x2.patch");
        let theirs = file("lib, stdenv", "stdenv.lib.a stdenv.lib.a ./x3.patch");
        insta::assert_snapshot!(told([&base, &ours, &theirs]), @"
        { lib }:
        let
          x = 1;
        in [
          lib.a lib.a ./x3.patch
        ]
        Both sides changed the same words: the pull request's are taken. What stable put in goes: x2.patch.
        ");
    }

    #[test]
    fn changes_of_different_words_are_both_made() {
        let file = |words: &str| format!("[\n  {words}\n]\n");
        let [base, ours, theirs] = ["a b c", "a2 b c", "a b c3"].map(file);
        insta::assert_snapshot!(told([&base, &ours, &theirs]), @"
        [
          a2 b c3
        ]
        Both sides changed these lines, but not the same words: both changes are made.
        ");
    }
}

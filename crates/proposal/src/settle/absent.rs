//! Changes of the pull request amid what stable lacks.

use std::ops::Range;

use crate::{
    nix::brackets,
    rule::Rule,
    sequence::{diff, only_inserts},
    source::{Token, texts},
};

/// What becomes of words of which ours have none.
pub(super) fn words<'a>(base: &[Token<'a>], theirs: &[Token<'a>]) -> (Vec<Token<'a>>, Rule) {
    let edits = diff(&texts(base), &texts(theirs));
    let inserted: Vec<_> = edits
        .iter()
        .flat_map(|(_, new)| theirs[new.clone()].to_vec())
        .collect();
    if inserted.is_empty() {
        return (inserted, Rule::NothingToDo);
    }
    if only_inserts(&edits) {
        if let Some(tokens) = without_siblings(base, theirs) {
            return (tokens, Rule::WithoutContext);
        }
        let text = inserted
            .iter()
            .flat_map(|token| token.text)
            .copied()
            .collect::<Vec<_>>();
        if brackets::balance(&text) {
            return (inserted, Rule::WithoutContext);
        }
    }
    (theirs.to_vec(), Rule::LackingHere)
}

/// Theirs without the elements beside those that they put into lists, if that is all they did:
/// of `[ a b ] ++ c` where `b` is new, `[ b ] ++ c`.
pub(super) fn without_siblings<'a>(
    base: &[Token<'a>],
    theirs: &[Token<'a>],
) -> Option<Vec<Token<'a>>> {
    let edits = diff(&texts(base), &texts(theirs));
    let is_new = |index: usize| edits.iter().any(|(_, new)| new.contains(&index));
    if edits.is_empty() || !only_inserts(&edits) {
        return None;
    }
    let lists = lists(theirs)?;
    let mut kept = Vec::new();
    let mut found = 0;
    for (index, token) in theirs.iter().enumerate() {
        let list = lists.iter().find(|list| list.contains(&index));
        let touched = list.is_some_and(|list| list.clone().any(is_new));
        if is_new(index) {
            list?;
            found += 1;
        }
        if is_new(index) || !touched {
            kept.push(*token);
        }
    }
    (found > 0).then_some(kept)
}

/// The insides of the lists, if these have no brackets of their own.
fn lists(tokens: &[Token<'_>]) -> Option<Vec<Range<usize>>> {
    let mut lists = Vec::new();
    let mut open = None;
    for (index, token) in tokens.iter().enumerate() {
        match (token.text, open) {
            (b"[", None) => open = Some(index + 1),
            (b"]", Some(start)) => {
                lists.push(start..index);
                open = None;
            }
            (b"[" | b"(" | b"{" | b"''" | b"\"", Some(_)) | (b"]", None) => return None,
            _ => {}
        }
    }
    open.is_none().then_some(lists)
}

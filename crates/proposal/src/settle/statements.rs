//! Two changes, by the statements of a set.

use std::ops::Range;

use super::{
    Part, Sides, Span,
    absent::without_siblings,
    account::{Texts, told},
    apart::apart,
    words,
};
use crate::{
    nix::statements::Statement,
    rule::Rule,
    source::{Source, key},
    spelling::Spelling,
};

/// One side's statements.
struct Side<'s, 'a> {
    source: &'s Source<'a>,
    statements: Vec<Statement>,
}

impl<'s, 'a> Side<'s, 'a> {
    fn of(source: &'s Source<'a>, lines: &Range<usize>) -> Option<Self> {
        let statements = if lines.is_empty() {
            Vec::new()
        } else {
            source.statements(lines)?
        };
        Some(Self { source, statements })
    }

    fn find(&self, key: &str) -> Option<&Statement> {
        self.statements
            .iter()
            .find(|statement| statement.key == key)
    }

    fn text(&self, statement: &Statement) -> &'a [u8] {
        &self.source.text()[statement.bytes.clone()]
    }

    /// Nothing where there is no such statement.
    fn text_of(&self, statement: Option<&Statement>) -> &'a [u8] {
        statement.map_or(&[], |statement| self.text(statement))
    }

    /// What is bound, for a statement that binds something by `=`.
    fn value(&self, statement: &Statement) -> Option<Vec<u8>> {
        let text = self.text(statement);
        let equals = text.iter().position(|byte| *byte == b'=')?;
        Some(key(&text[equals + 1..]))
    }

    fn tokens(&self, statement: &Statement) -> Vec<crate::source::Token<'a>> {
        self.source.tokens_in(&statement.bytes)
    }
}

struct Merge<'s, 'a> {
    base: Side<'s, 'a>,
    ours: Side<'s, 'a>,
    theirs: Side<'s, 'a>,
    spelling: &'s Spelling,
}

/// What becomes of a span of which each side has whole statements.
pub(super) fn settle(sides: &Sides<'_>, span: &Span, spelling: &Spelling) -> Option<Vec<Part>> {
    let merge = Merge {
        base: Side::of(&sides.base, &span.base)?,
        ours: Side::of(&sides.ours, &span.ours)?,
        theirs: Side::of(&sides.theirs, &span.theirs)?,
        spelling,
    };
    Some(merge.parts())
}

/// The same where ours have none.
pub(super) fn absent(sides: &Sides<'_>, span: &Span, spelling: &Spelling) -> Option<Part> {
    let merge = Merge {
        base: Side::of(&sides.base, &span.base)?,
        ours: Side::of(&sides.ours, &span.ours)?,
        theirs: Side::of(&sides.theirs, &span.theirs)?,
        spelling,
    };
    let mut text = Vec::new();
    let mut rule = Rule::NothingToDo;
    for statement in &merge.theirs.statements {
        if let Some((new, why)) = merge.lacking(statement) {
            // As far from what is around it as in theirs.
            let lines = sides.theirs.lines_of(&statement.bytes);
            if new == merge.theirs.text(statement) {
                text.extend(apart(sides, span.ours.start, &lines, spelling));
            } else {
                text.extend(new);
            }
            rule = why;
        }
    }
    Some(Part::of(span, text, rule))
}

impl Merge<'_, '_> {
    fn parts(&self) -> Vec<Part> {
        let mut order: Vec<(&str, Option<Part>)> = Vec::new();
        for statement in &self.ours.statements {
            match self.renamed(statement) {
                Some((before, text)) => {
                    let theirs = self.theirs.find(&before.key);
                    let part = self.part(Some(statement), theirs, text, Some(Rule::Renamed));
                    order.push((&before.key, Some(part)));
                }
                None => order.push((&statement.key, self.kept(statement))),
            }
        }
        let mut after = None;
        for statement in &self.theirs.statements {
            let place = order.iter().position(|(key, _)| *key == statement.key);
            if let Some(place) = place {
                after = Some(place);
            } else if let Some((text, rule)) = self.lacking(statement) {
                let place = after.map_or_else(|| self.before(statement, &order), |last| last + 1);
                let part = self.part(None, Some(statement), text, Some(rule));
                order.insert(place, (&statement.key, Some(part)));
                after = Some(place);
            }
        }
        order.into_iter().filter_map(|(_, part)| part).collect()
    }

    /// Where to put the first of their statements: before what follows it in theirs.
    fn before(&self, statement: &Statement, order: &[(&str, Option<Part>)]) -> usize {
        let later = self
            .theirs
            .statements
            .iter()
            .skip_while(|other| other.key != statement.key);
        later
            .filter_map(|later| order.iter().position(|(key, _)| *key == later.key))
            .next()
            .unwrap_or(order.len())
    }

    /// What becomes of a statement that ours have under another name than the base: the base's, and
    /// the text. It is told by its value, and only where no other statement has that.
    fn renamed(&self, ours: &Statement) -> Option<(&Statement, Vec<u8>)> {
        if self.base.find(&ours.key).is_some() || self.theirs.find(&ours.key).is_some() {
            return None;
        }
        let is_same = |base: &&Statement| {
            self.ours.find(&base.key).is_none() && self.base.value(base) == self.ours.value(ours)
        };
        let mut same = self.base.statements.iter().filter(is_same);
        let (before, None) = (same.next()?, same.next()) else {
            return None;
        };
        self.ours.value(ours)?;
        let merged = words::merge(
            &self.base.tokens(before),
            &self.ours.tokens(ours),
            &self.theirs.tokens(self.theirs.find(&before.key)?),
            self.spelling,
        );
        (!merged.conflict).then_some((before, merged.text))
    }

    /// What becomes of a statement that ours have.
    fn kept(&self, ours: &Statement) -> Option<Part> {
        let our_text = self.ours.text(ours);
        let base = self.base.find(&ours.key);
        let theirs = self.theirs.find(&ours.key);
        let base_text = base.map(|base| self.base.text(base));
        let same = |one: &[u8], other: &[u8]| key(one) == key(other);
        let Some(theirs) = theirs else {
            return match base_text {
                None => Some(self.part(Some(ours), None, our_text.to_vec(), None)),
                Some(base) if same(base, our_text) => None,
                Some(_) => Some(self.part(Some(ours), None, Vec::new(), Some(Rule::Removed))),
            };
        };
        let their_text = self.theirs.text(theirs);
        let changed = |text: &[u8]| base_text.is_none_or(|base| !same(base, text));
        let (text, rule) = if same(our_text, their_text) {
            (our_text.to_vec(), Some(Rule::SameChange))
        } else if !changed(their_text) {
            (our_text.to_vec(), None)
        } else if !changed(our_text) {
            (their_text.to_vec(), Some(Rule::Apart))
        } else {
            let (text, rule) = self.both(base, ours, theirs);
            (text, Some(rule))
        };
        Some(self.part(Some(ours), Some(theirs), text, rule))
    }

    /// What becomes of a statement that both changed.
    fn both(
        &self,
        base: Option<&Statement>,
        ours: &Statement,
        theirs: &Statement,
    ) -> (Vec<u8>, Rule) {
        if let Some(base) = base {
            let merged = words::merge(
                &self.base.tokens(base),
                &self.ours.tokens(ours),
                &self.theirs.tokens(theirs),
                self.spelling,
            );
            if !merged.conflict {
                return (merged.text, merged.rule);
            }
        }
        (self.theirs.text(theirs).to_vec(), Rule::TheirValue)
    }

    /// What becomes of a statement of theirs that ours lack: nothing unless they changed it.
    fn lacking(&self, theirs: &Statement) -> Option<(Vec<u8>, Rule)> {
        let text = self.theirs.text(theirs);
        let Some(base) = self.base.find(&theirs.key) else {
            let rule = if self.base.statements.is_empty() {
                Rule::BothAdded
            } else {
                Rule::WithoutContext
            };
            return Some((self.spelling.spell(text), rule));
        };
        if key(self.base.text(base)) == key(text) {
            return None;
        }
        let tokens = without_siblings(&self.base.tokens(base), &self.theirs.tokens(theirs));
        Some(match tokens {
            Some(tokens) => {
                let text: Vec<u8> = tokens
                    .iter()
                    .flat_map(|token| [token.blank, token.text].concat())
                    .collect();
                (self.spelling.spell(&text), Rule::WithoutContext)
            }
            None => (self.spelling.spell(text), Rule::LackingHere),
        })
    }

    fn part(
        &self,
        ours: Option<&Statement>,
        theirs: Option<&Statement>,
        text: Vec<u8>,
        rule: Option<Rule>,
    ) -> Part {
        let lines = |side: &Side<'_, '_>, statement: Option<&Statement>| {
            statement.map_or(0..0, |statement| side.source.lines_of(&statement.bytes))
        };
        let part = Part {
            text,
            ours: lines(&self.ours, ours),
            theirs: lines(&self.theirs, theirs),
            rule,
            note: String::new(),
        };
        let base = theirs.or(ours).and_then(|it| self.base.find(&it.key));
        let texts = Texts {
            base: self.base.text_of(base),
            ours: self.ours.text_of(ours),
            theirs: self.theirs.text_of(theirs),
        };
        told(texts, self.spelling, part)
    }
}

#[cfg(test)]
mod tests {
    use crate::{ConflictedFile, Rule, propose};

    fn proposed(base: &str, ours: &str, theirs: &str) -> (String, Vec<Rule>) {
        let [base, ours, theirs] = [base, ours, theirs].map(|inner| format!("{{\n{inner}}}\n"));
        let file = ConflictedFile {
            path: "default.nix",
            base: Some(base.as_bytes()),
            ours: Some(ours.as_bytes()),
            theirs: Some(theirs.as_bytes()),
        };
        let proposal = propose(&[file]).remove(0).expect("a proposal");
        let content = String::from_utf8(proposal.content.expect("a file")).expect("text");
        let inner = content.trim_start_matches("{\n").trim_end_matches("}\n");
        let rules = proposal.rules.iter().map(|it| it.rule).collect();
        (inner.to_owned(), rules)
    }

    #[test]
    fn what_stable_calls_otherwise_keeps_its_name() {
        let made = proposed(
            "  extra = [ a ];\n",
            "  more = [ a ];\n",
            "  extra = [ a b ];\n",
        );
        assert_eq!(
            made,
            ("  more = [ a b ];\n".to_owned(), vec![Rule::Renamed])
        );
    }

    #[test]
    fn a_name_is_not_guessed_among_several() {
        let (made, rules) = proposed(
            "  one = true;\n  two = true;\n",
            "  three = true;\n",
            "  one = false;\n  two = true;\n",
        );
        assert!(made.contains("three = true;"), "{made}");
        assert!(!rules.contains(&Rule::Renamed), "{rules:?}");
    }
    #[test]
    fn what_stable_changed_and_the_pull_request_removes_is_said_to_go() {
        let made = proposed(
            "  one = true;\n  two = [ a ];\n",
            "  one = false;\n  two = [ a b ];\n",
            "  one = 1;\n",
        );
        let rules = vec![Rule::TheirValue, Rule::Removed];
        assert_eq!(made, ("  one = 1;\n".to_owned(), rules));
    }
}

//! How deep the tree of a text can be, told from its tokens.
//!
//! The parser bounds its own recursion, but not the depth of its trees: each operand of a chain
//! such as `a b c` is a level. Trees are walked and dropped level by level of the stack, and a
//! text is hostile until shown otherwise.

use rnix::SyntaxKind::{self, *};

/// The deepest trees that are made. Real files stay below 100.
const MAX_DEPTH: usize = 500;

/// Whether the syntax tree of a text that is Nix is sure to be shallow enough to be walked and dropped
/// level by level of the stack.
pub fn is_bounded(text: &str) -> bool {
    let mut levels = Levels::default();
    rnix::tokenize(text).all(|(kind, _)| {
        levels.token(kind);
        levels.depth <= MAX_DEPTH
    })
}

/// What can be a level of the tree: for each open bracket the tokens since the last one that ends
/// an expression there.
#[derive(Default)]
struct Levels {
    open: Vec<Level>,
    here: Level,
    /// The sum of all.
    depth: usize,
}

#[derive(Clone, Copy, Default)]
struct Level {
    kind: LevelKind,
    tokens: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum LevelKind {
    #[default]
    Expression,
    /// Whose elements are beside each other.
    List,
    /// Whose parts are.
    String,
}

impl Levels {
    fn token(&mut self, kind: SyntaxKind) {
        match kind {
            TOKEN_WHITESPACE | TOKEN_COMMENT => {}
            TOKEN_L_BRACK => self.enter(LevelKind::List),
            TOKEN_STRING_START => self.enter(LevelKind::String),
            TOKEN_L_BRACE | TOKEN_L_PAREN | TOKEN_INTERPOL_START => {
                self.enter(LevelKind::Expression);
            }
            TOKEN_R_BRACK | TOKEN_STRING_END | TOKEN_R_BRACE | TOKEN_R_PAREN
            | TOKEN_INTERPOL_END => self.leave(),
            // Where a binding ends; a `with` or `assert` goes on, but those the parser counts.
            TOKEN_SEMICOLON | TOKEN_COMMA => {
                self.depth -= self.here.tokens;
                self.here.tokens = 0;
            }
            _ => self.operand(kind),
        }
    }

    fn operand(&mut self, kind: SyntaxKind) {
        let counts = match self.here.kind {
            LevelKind::Expression => true,
            LevelKind::List => kind == TOKEN_OR,
            LevelKind::String => false,
        };
        if counts {
            self.here.tokens += 1;
            self.depth += 1;
        }
    }

    fn enter(&mut self, kind: LevelKind) {
        if self.here.kind == LevelKind::Expression {
            self.here.tokens += 1;
            self.depth += 1;
        }
        self.open.push(self.here);
        self.here = Level { kind, tokens: 1 };
        self.depth += 1;
    }

    fn leave(&mut self) {
        if let Some(outer) = self.open.pop() {
            self.depth -= self.here.tokens;
            self.here = outer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nix::parse;

    #[test]
    fn long_files_are_not_deep() {
        let binding = "  a = callPackage ../a { b = [ c ./d \"e${f}\" ]; };\n";
        assert!(is_bounded(&format!("{{\n{}}}", binding.repeat(5000))));
        assert!(is_bounded(&format!("[ {} ]", "a ".repeat(5000))));
        assert!(is_bounded(&format!("''{}''", "echo ${a}\n".repeat(5000))));
        assert!(is_bounded(&format!("{{ {} }}: a", "a, ".repeat(5000))));
    }

    #[test]
    fn what_nests_is_not_parsed() {
        for part in [
            "a ", "1 + ", "! ", "(", "[", "{ a = ", "a or ", "x: ", "\"${", "a ? b ",
        ] {
            let text = part.repeat(100_000);
            assert!(!is_bounded(&text), "{part}");
            assert!(parse(text.as_bytes()).is_none(), "{part}");
            // A list's elements are beside each other.
            let is_list = part == "a ";
            let listed = parse(format!("[ {text} ]").as_bytes());
            assert_eq!(listed.is_some(), is_list, "{part}");
        }
    }
}

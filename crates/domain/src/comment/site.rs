//! Which Picket it is that writes.

use crate::id::PrNumber;

/// A Picket, by the address under which others reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentSite {
    /// Without a slash at the end.
    address: String,
}

impl CommentSite {
    /// The one at this address. What an address does not have unescaped is left out: nothing in it
    /// ends a comment, a link or a line.
    pub fn new(address: &str) -> Self {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'*+,;=%".contains(*c);
        let address: String = address.chars().filter(is_plain).collect();
        let address = address.trim_end_matches('/').to_owned();
        Self { address }
    }

    /// The line that a comment of this Picket begins with. People do not see it.
    pub fn marker(&self) -> String {
        format!("<!-- picket:{} -->", self.address)
    }

    /// Whether a comment's text is one of this Picket, if its author is.
    pub fn is_marked(&self, text: &str) -> bool {
        text.lines().next().map(str::trim_end) == Some(&*self.marker())
    }

    /// Its address without the scheme.
    pub(super) fn name(&self) -> &str {
        let (_, name) = self
            .address
            .split_once("://")
            .unwrap_or(("", &self.address));
        name
    }

    /// The page about a pull request.
    pub(super) fn page(&self, pr: PrNumber) -> String {
        format!("{}/candidates/{pr}", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_a_whole_line_at_the_beginning() {
        let site = CommentSite::new("https://sec.example.org/");
        assert_eq!(site.marker(), "<!-- picket:https://sec.example.org -->");
        assert!(site.is_marked(&format!("{}\r\nhello", site.marker())));
        for text in [
            "",
            "hello\n<!-- picket:https://sec.example.org -->",
            "> <!-- picket:https://sec.example.org -->",
            "<!-- picket:https://sec.example.org.evil.example -->",
            "<!-- picket:https://sec.example.org --> hello",
        ] {
            assert!(!site.is_marked(text), "{text}");
        }
    }

    #[test]
    fn an_address_ends_nothing() {
        let site = CommentSite::new("https://sec.example.org/a-->b)`<c>\n/");
        assert_eq!(
            site.marker(),
            "<!-- picket:https://sec.example.org/a--bc -->"
        );
    }
}

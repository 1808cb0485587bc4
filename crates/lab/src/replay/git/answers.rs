//! What git answers, read as documented.

use picket_treemerge::ObjectId;

use super::error::GitError;

/// git's answers, each ended and its parts divided by NUL bytes.
pub(super) struct Answers<'a> {
    rest: &'a [u8],
}

impl<'a> Answers<'a> {
    /// The tree of each clean merge, in order; nothing for conflicts. The last answer may be cut
    /// off if git `broke_off`.
    pub(super) fn parse(
        text: &'a [u8],
        broke_off: bool,
    ) -> Result<Vec<Option<ObjectId>>, GitError> {
        let mut answers = Self { rest: text };
        let mut all = Vec::new();
        while !answers.rest.is_empty() {
            match answers.one() {
                Ok(answer) => all.push(answer),
                Err(GitError::CutOff) if broke_off => break,
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    fn token(&mut self) -> Result<&'a [u8], GitError> {
        let end = memchr::memchr(0, self.rest).ok_or(GitError::CutOff)?;
        let token = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Ok(token)
    }

    fn one(&mut self) -> Result<Option<ObjectId>, GitError> {
        let clean = match self.token()? {
            b"1" => true,
            b"0" => false,
            _ => return Err(GitError::Answer("it says neither clean nor conflict")),
        };
        let tree = std::str::from_utf8(self.token()?)
            .ok()
            .and_then(|tree| tree.parse().ok());
        let tree = tree.ok_or(GitError::Answer("it names no tree"))?;
        // The conflicted files, then an empty part.
        while !self.token()?.is_empty() {}
        if clean {
            return Ok(Some(tree));
        }
        // Messages: a count of paths, the paths, a kind and a text; then an empty part.
        loop {
            let count = self.token()?;
            if count.is_empty() {
                return Ok(None);
            }
            let paths: usize = std::str::from_utf8(count)
                .ok()
                .and_then(|count| count.parse().ok())
                .ok_or(GitError::Answer("a message counts no paths"))?;
            for _ in 0..paths + 2 {
                self.token()?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_and_conflicting_answers_are_told_apart() {
        let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let text = format!(
            "1\0{id}\0\0\
             0\0{id}\0100644 {id} 1\ta\0100644 {id} 2\ta\0\0\
             1\0a\0Auto-merging\0Auto-merging a\n\0\
             2\0a\0b\0CONFLICT (x)\0CONFLICT\nin a\n\0\0\
             1\0{id}\0\0"
        );
        let answers = Answers::parse(text.as_bytes(), false).expect("well-formed");
        let tree = Some(ObjectId::EMPTY_TREE);
        assert_eq!(answers, [tree, None, tree]);
        assert!(Answers::parse(b"2\0", true).is_err());
        assert!(Answers::parse(&text.as_bytes()[..60], false).is_err());
        assert_eq!(
            Answers::parse(&text.as_bytes()[..60], true).expect("cut off"),
            [tree]
        );
    }
}

//! The commands with which git alone makes a pick again.

use picket_domain::{FileMode, FileVersion};
use picket_treemerge::ObjectId;

use super::{Explanation, ResolvedPath};

impl Explanation {
    /// Commands for bash which make the same commit with git 2.45 or later, in any clone that has
    /// the commits `onto` and `source` and the files that people made of conflicts. They are to be
    /// run in one shell, in this order; the last one prints the commit's id.
    pub fn steps(&self) -> Vec<String> {
        let mut steps = vec![
            "export LC_ALL=C GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_ATTR_NOSYSTEM=1"
                .to_owned(),
        ];
        if !self.attributes.is_empty() {
            let text = escaped(self.attributes.as_bytes());
            steps.push(format!(
                "printf -- '{text}' > \"$(git rev-parse --git-path info/attributes)\""
            ));
        }
        steps.push(self.merge());
        if !self.resolved.is_empty() {
            steps.extend(self.settle());
        }
        steps.push(match (self.author_and_committer(), &self.encoding) {
            (Some([author, committer]), None) => self.commit_tree(&author, &committer),
            (Some(_) | None, _) => self.hash_object(),
        });
        steps
    }

    /// Attributes of a clone's own files do not count in the mirror, nor do they here.
    fn merge(&self) -> String {
        let empty = ObjectId::EMPTY_TREE.to_string();
        let base = self
            .base
            .as_ref()
            .map_or(empty.as_str(), |base| base.as_str());
        format!(
            "tree=$(git -c core.attributesFile=/dev/null --attr-source={empty} \
             merge-tree --write-tree --no-messages --merge-base={base} {} {} | head -n 1)",
            self.onto, self.source
        )
    }

    fn settle(&self) -> Vec<String> {
        let entries: String = self.resolved.iter().map(entry).collect();
        vec![
            "export GIT_INDEX_FILE=$(mktemp -u)".to_owned(),
            "git read-tree \"$tree\"".to_owned(),
            format!("printf '{entries}' | git update-index -z --index-info"),
            "tree=$(git write-tree)".to_owned(),
            "rm -f \"$GIT_INDEX_FILE\"; unset GIT_INDEX_FILE".to_owned(),
        ]
    }

    fn author_and_committer(&self) -> Option<[Identity<'_>; 2]> {
        Some([
            Identity::plain(&self.author)?,
            Identity::plain(&self.committer)?,
        ])
    }

    fn commit_tree(&self, author: &Identity<'_>, committer: &Identity<'_>) -> String {
        format!(
            "{} | {} {} git commit-tree \"$tree\" -p {}",
            self.message(),
            author.variables("AUTHOR"),
            committer.variables("COMMITTER"),
            self.onto
        )
    }

    /// An author whom `git commit-tree` would write otherwise than the commit has them is taken from
    /// there as bytes.
    fn hash_object(&self) -> String {
        let line = |key: &str, commit| {
            format!("git cat-file commit {commit} | sed -n '/^$/q; /^{key} /{{p;q}}'")
        };
        format!(
            "{{ printf 'tree %s\\nparent %s\\n' \"$tree\" {}; {}; {}; {}; echo; {}; }} \
             | git hash-object -t commit -w --stdin",
            self.onto,
            line("author", &self.commit),
            line("committer", &self.commit),
            line("encoding", &self.source),
            self.message()
        )
    }

    /// The message names the approvals; git has no other place for them.
    fn message(&self) -> String {
        format!("git cat-file commit {} | sed '1,/^$/d'", self.commit)
    }
}

/// A file in the form of git-update-index(1), "USING --INDEX-INFO", for `printf`.
fn entry(file: &ResolvedPath) -> String {
    let (mode, id) = match &file.result {
        None => ("0", "0".repeat(40)),
        Some(FileVersion { mode, blob }) => (octal(*mode), blob.to_string()),
    };
    format!("{mode} {id}\\t{}\\000", escaped(file.path.as_bytes()))
}

fn octal(mode: FileMode) -> &'static str {
    match mode {
        FileMode::Plain => "100644",
        FileMode::Executable => "100755",
        FileMode::Link => "120000",
        FileMode::Submodule => "160000",
    }
}

/// Bytes for `printf`, in single quotes: whatever means something to the shell or to `printf` is
/// written as an octal number.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'+' => {
                text.push(char::from(*byte));
            }
            byte => text += &format!("\\{byte:03o}"),
        }
    }
    text
}

/// A person and a time, as a commit has them.
struct Identity<'a> {
    name: &'a str,
    email: &'a str,
    date: &'a str,
}

impl<'a> Identity<'a> {
    /// `Name <email> seconds zone`, if `git commit-tree` writes it just so: it strips white space,
    /// punctuation and quotes off the ends of names, and knows only real time zones.
    fn plain(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once(" <")?;
        let (email, date) = rest.split_once("> ")?;
        let is_kept = |part: &str| {
            let is_crud = |c: char| c.is_ascii_control() || " .,:;<>\"\\'".contains(c);
            let has_odd = part.contains(|c: char| c.is_control() || "<>\u{fffd}".contains(c));
            !part.is_empty() && !has_odd && !part.starts_with(is_crud) && !part.ends_with(is_crud)
        };
        let (seconds, zone) = date.split_once(' ')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // Shorter numbers, git may take for dates of another form.
        let is_time = (9..=10).contains(&seconds.len()) && is_number(seconds);
        let is_zone = zone.len() == 5
            && zone.starts_with(['+', '-'])
            && is_number(&zone[1..])
            && zone[1..3] <= *"14"
            && zone[3..] <= *"59"
            && zone != "-0000";
        (is_kept(name) && is_kept(email) && is_time && is_zone).then_some(Self {
            name,
            email,
            date,
        })
    }

    fn variables(&self, role: &str) -> String {
        let Self { name, email, date } = self;
        let [name, email] = [name, email].map(|part| part.replace('\'', r"'\''"));
        format!("GIT_{role}_NAME='{name}' GIT_{role}_EMAIL='{email}' GIT_{role}_DATE='@{date}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_git_keeps_is_plain() {
        for good in [
            "Ada Lovelace <ada@example.org> 1790000180 +0200",
            "O'Neil $(x) `y` \\z ü <a'b@c> 1790000180 -0730",
        ] {
            assert!(Identity::plain(good).is_some(), "{good}");
        }
        for odd in [
            "Jr. <a@b> 1790000180 +0200",
            " Ada <a@b> 1790000180 +0200",
            "<a@b> 1790000180 +0200",
            "Ada <> 1790000180 +0200",
            "Andr\u{fffd} <a@b> 1790000180 +0200",
            "A\tB\u{7f}C <a@b> 1790000180 +0200",
            "Ada <a@b> 179 +0200",
            "Ada <a@b> 1790000180 +9999",
            "Ada <a@b> 1790000180",
            "Ada <a@b> $(id) +0200",
        ] {
            assert!(Identity::plain(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn nothing_leaves_its_quotes() {
        let ada = Identity::plain("a'; id; 'b <a@b> 1790000180 +0200").expect("plain");
        assert!(
            ada.variables("AUTHOR")
                .starts_with(r"GIT_AUTHOR_NAME='a'\''; id; '\''b' ")
        );
        assert_eq!(
            escaped(b"a'%s\\\n$(id)"),
            r"a\047\045s\134\012\044\050id\051"
        );
    }
}

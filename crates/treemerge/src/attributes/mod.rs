//! Which driver merges which file: the `merge` attribute, from the places where
//! `git merge-tree` looks for it.
//!
//! In a bare repository that is `info/attributes` alone: git reads no `.gitattributes` of any of
//! the merged trees. In a repository with a work tree it reads the work tree's files.

mod file;
mod pattern;

use std::{
    cell::RefCell,
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use crate::{drivers::Drivers, location::Location, text::Driver};
use file::{File, Macro, Value};

/// The attribute files of a repository.
#[derive(Debug, Default)]
pub struct Attributes {
    /// `info/attributes`, which comes before all others.
    info: File,
    work_tree: Option<PathBuf>,
    /// The work tree's files by directory, as they are asked for.
    by_directory: RefCell<HashMap<Vec<u8>, Rc<File>>>,
}

impl Attributes {
    /// Those of the repository at `path`: a bare one, or the top of a work tree. Those of the
    /// machine and of its users do not count.
    #[must_use]
    pub fn of_repository(path: &Path) -> Self {
        let Location {
            common_dir,
            work_tree,
            ..
        } = Location::of(path);
        let info = read(&common_dir.join("info/attributes"));
        Self {
            info: File::parse(&info, true),
            work_tree,
            by_directory: RefCell::default(),
        }
    }

    /// Those in the text of an `info/attributes` file.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        Self {
            info: File::parse(text, true),
            ..Self::default()
        }
    }

    /// The attributes file of a directory of the work tree.
    fn of_directory(&self, directory: &[u8]) -> Rc<File> {
        let mut files = self.by_directory.borrow_mut();
        if let Some(file) = files.get(directory) {
            return Rc::clone(file);
        }
        let text = self.work_tree.as_ref().map_or_else(Vec::new, |top| {
            read(&top.join(path_of(directory)).join(".gitattributes"))
        });
        let file = Rc::new(File::parse(&text, directory.is_empty()));
        files.insert(directory.to_vec(), Rc::clone(&file));
        file
    }
}

impl Drivers for Attributes {
    fn driver(&self, path: &[u8]) -> Driver {
        // From the nearest directory up to the top, after `info/attributes`.
        let mut files = vec![];
        let mut end = path.len();
        while self.work_tree.is_some() && end > 0 {
            end = path[..end]
                .iter()
                .rposition(|byte| *byte == b'/')
                .unwrap_or(0);
            let below = if end == 0 { path } else { &path[end + 1..] };
            files.push((self.of_directory(&path[..end]), below));
        }
        let all = || {
            std::iter::once((&self.info, path))
                .chain(files.iter().map(|(file, below)| (file.as_ref(), *below)))
        };
        let macros: Vec<&Macro> = all().flat_map(|(file, _)| file.macros()).collect();
        let mut values = HashMap::new();
        for (file, below) in all() {
            file.apply(below, &macros, &mut values);
        }
        match values.get(&b"merge"[..]) {
            Some(Value::False) => Driver::Binary,
            Some(Value::Text(name)) if name == b"union" => Driver::Union,
            Some(Value::Text(name)) if name == b"binary" => Driver::Binary,
            // A driver that is not built in has to be configured; git merges as text if it is not.
            Some(Value::True | Value::Unset | Value::Text(_)) | None => Driver::Text,
        }
    }
}

fn read(path: &Path) -> Vec<u8> {
    // git does not follow links here, and an unreadable file counts as none.
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::read(path).unwrap_or_default(),
        _ => Vec::new(),
    }
}

#[cfg(unix)]
fn path_of(path: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn driver(text: &str, path: &str) -> Driver {
        Attributes::parse(text.as_bytes()).driver(path.as_bytes())
    }

    #[test]
    fn the_last_line_that_matches_counts() {
        let text =
            "*.nix merge=union\nnixos/modules/*.nix -merge\n\"a b\" merge=union # no comment";
        assert_eq!(driver(text, "pkgs/x.nix"), Driver::Union);
        assert_eq!(driver(text, "nixos/modules/list.nix"), Driver::Binary);
        assert_eq!(driver(text, "nixos/modules/x/y.nix"), Driver::Union);
        assert_eq!(driver(text, "README"), Driver::Text);
        assert_eq!(driver("*.png binary", "a/x.png"), Driver::Binary);
        assert_eq!(driver("*.png binary\nx.png merge", "a/x.png"), Driver::Text);
        assert_eq!(
            driver("[attr]list merge=union\n/l list", "l"),
            Driver::Union
        );
        assert_eq!(driver("l merge=own-driver", "l"), Driver::Text);
    }

    #[test]
    fn a_work_trees_files_count_from_the_nearest() {
        let top = tempfile::tempdir().expect("a folder");
        for (path, text) in [
            (".git/info/attributes", "a/i merge=union\n"),
            (".gitattributes", "* merge=union\n"),
            ("a/.gitattributes", "/x -merge\ni -merge\n[attr]no merge\n"),
        ] {
            let path = top.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        let attributes = Attributes::of_repository(top.path());
        assert_eq!(attributes.driver(b"a/x"), Driver::Binary);
        assert_eq!(attributes.driver(b"a/b/x"), Driver::Union);
        assert_eq!(attributes.driver(b"a/i"), Driver::Union);
    }
}

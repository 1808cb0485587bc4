//! Where a repository keeps its parts.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folders of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The folder that `GIT_DIR` names.
    pub git_dir: PathBuf,
    /// The folder with objects and `info`: that of the main work tree, for linked ones.
    pub common_dir: PathBuf,
    /// The top of the work tree; nothing for a bare repository.
    pub work_tree: Option<PathBuf>,
}

impl Location {
    /// The repository at `path`: a bare one, or the top of a work tree.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let inside = path.join(".git");
        let (git_dir, work_tree) = if inside.is_dir() {
            (inside, Some(path.to_owned()))
        } else if let Some(target) = pointer(&inside, "gitdir: ") {
            (path.join(target), Some(path.to_owned()))
        } else {
            (path.to_owned(), None)
        };
        let common_dir = match pointer(&git_dir.join("commondir"), "") {
            Some(target) => git_dir.join(target),
            None => git_dir.clone(),
        };
        Self {
            git_dir,
            common_dir,
            work_tree,
        }
    }
}

/// The path in a one-line file, after `prefix`.
fn pointer(file: &Path, prefix: &str) -> Option<PathBuf> {
    let text = fs::read_to_string(file).ok()?;
    text.trim_end().strip_prefix(prefix).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linked_work_tree_uses_the_main_ones_objects() {
        let top = tempfile::tempdir().expect("a folder");
        let (main, linked) = (top.path().join("main"), top.path().join("linked"));
        let private = main.join(".git/worktrees/linked");
        for folder in [&private, &linked] {
            fs::create_dir_all(folder).expect("made");
        }
        fs::write(private.join("commondir"), "../..\n").expect("written");
        let text = format!("gitdir: {}\n", private.display());
        fs::write(linked.join(".git"), text).expect("written");
        let common = |path: &Path| Location::of(path).common_dir.canonicalize().expect("there");
        assert_eq!(common(&linked), common(&main));
        assert_eq!(Location::of(&main.join(".git")).work_tree, None);
    }
}

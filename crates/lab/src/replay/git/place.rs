//! Where git reads and writes, and how it is started there.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use picket_treemerge::Location;

use super::error::{GitError, words};

/// Where git reads and where it may write.
pub(super) struct Place {
    location: Location,
    scratch: PathBuf,
}

impl Place {
    pub(super) fn new(repository: &Path, scratch: &Path) -> Result<Self, GitError> {
        let scratch = scratch.canonicalize()?;
        std::fs::create_dir_all(scratch.join("objects"))?;
        std::fs::create_dir_all(scratch.join("empty"))?;
        let place = Self {
            location: Location::of(&repository.canonicalize()?),
            scratch,
        };
        place.check()?;
        Ok(place)
    }

    /// git says why it refuses a repository; merges that it refuses would only seem to be cut off.
    fn check(&self) -> Result<(), GitError> {
        let output = self.command(&["rev-parse", "--git-dir"]).output()?;
        if output.status.success() {
            Ok(())
        } else {
            Err(GitError::Refused(words(&output.stderr)))
        }
    }

    /// The process that merges.
    pub(super) fn merge_tree(&self) -> Command {
        let mut command = self.command(&["merge-tree", "--write-tree", "--stdin"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }

    /// git without configuration or attributes of the machine and of its users.
    fn command(&self, arguments: &[&str]) -> Command {
        let Location {
            git_dir,
            common_dir,
            work_tree,
        } = &self.location;
        let empty = self.scratch.join("empty");
        let mut alternates = OsString::from("\"");
        alternates.push(common_dir.join("objects"));
        alternates.push("\"");
        let mut command = Command::new("git");
        command
            .args(arguments)
            .env("GIT_DIR", git_dir)
            .env("GIT_OBJECT_DIRECTORY", self.scratch.join("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("XDG_CONFIG_HOME", &empty)
            .env("HOME", &empty)
            .env("GIT_NO_LAZY_FETCH", "1")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE");
        match work_tree {
            Some(top) => command.current_dir(top),
            // Without this, git takes the current folder for the work tree.
            None => command
                .current_dir(empty)
                .env("GIT_IMPLICIT_WORK_TREE", "0"),
        };
        command
    }
}

//! Forms other than the plain one: a commit that adds files, in place of a pull request's commits.
//!
//! The commits are picked all the same, in memory: what the base has needs no form, and a graft
//! takes the package's folder from what comes of them. The commit depends on the pick, on the text
//! that a member wrote and on the tree that it goes on, and on nothing else.

mod files;

use picket_domain::{
    ApprovedPick, ContentId, Form, PackageFolder, PickOutcome, PickedCommit, Renames, Sha256,
};
use picket_mirror::{Committer, changes, entry_at, sha_of, unwritable_path};
use picket_treemerge::{
    Kind, Mode, NewObjects, ObjectId, Objects, UpdateTreeError, Version, update_tree,
};

use crate::error::{MergeError, Result};
use crate::patch::{self, Patches};
use crate::pick::attempt::{Attempt, Place};
use crate::pick::input::Contents;
use crate::pick::message;
use crate::snapshot::Snapshot;

/// A file to write, or a folder to put in place.
type New = (String, Version);

/// Why there is no commit.
enum Stop {
    /// For a reason of this pull request alone.
    Reason(String),
    Error(MergeError),
}

impl<E: Into<MergeError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

fn stop<T>(reason: impl Into<String>) -> std::result::Result<T, Stop> {
    Err(Stop::Reason(reason.into()))
}

type Made<T> = std::result::Result<T, Stop>;

/// A pull request that is to be carried in another form.
pub(crate) struct Carrying<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) committer: &'a Committer,
    pub(crate) contents: &'a Contents,
    pub(crate) pick: &'a ApprovedPick,
    /// Where the chain stands before it.
    pub(crate) from: Place,
    /// The objects of the chain that the mirror may lack.
    pub(crate) made: &'a NewObjects,
}

fn is_common(path: &[u8]) -> bool {
    let mut common = files::COMMON.iter().map(|(path, _)| path.as_bytes());
    path == files::MODULE_LIST.as_bytes() || common.any(|it| it == path)
}

impl Carrying<'_> {
    /// The attempt in the pick's form; `as_is` is that of its commits.
    pub(crate) fn run(&self, as_is: Attempt, patches: &mut Patches) -> Result<Attempt> {
        match (&self.pick.form, &as_is.outcome) {
            (Form::AsIs, _) | (_, PickOutcome::Contained { .. }) => Ok(as_is),
            (Form::Mitigation { .. }, _) => {
                let nothing_picked = Attempt {
                    made: self.made.clone(),
                    merges: Vec::new(),
                    ..as_is
                };
                self.carried(nothing_picked, Renames::NotNeeded, patches)
            }
            (Form::Graft { .. }, PickOutcome::Picked { renames, .. }) => {
                let renames = *renames;
                self.carried(as_is, renames, patches)
            }
            (
                Form::Graft { .. },
                PickOutcome::Conflict { .. }
                | PickOutcome::Disputed { .. }
                | PickOutcome::Unavailable { .. },
            ) => Ok(as_is),
        }
    }

    /// `attempt` stands after the pull request's commits, where they count.
    fn carried(
        &self,
        mut attempt: Attempt,
        renames: Renames,
        patches: &mut Patches,
    ) -> Result<Attempt> {
        attempt.sources = Vec::new();
        attempt.clean = None;
        attempt.texts.clear();
        attempt.outcome = match self.commit(&mut attempt, patches) {
            Ok(commit) => PickOutcome::Picked {
                commits: vec![commit],
                renames,
            },
            Err(Stop::Reason(reason)) => PickOutcome::Unavailable { reason },
            Err(Stop::Error(error)) => return Err(error),
        };
        Ok(attempt)
    }

    fn commit(&self, attempt: &mut Attempt, patches: &mut Patches) -> Made<PickedCommit> {
        let files = self.files(attempt)?.into_iter();
        let files: Vec<_> = files.map(|(path, new)| (path.into(), Some(new))).collect();
        let view = self.snapshot.with(&attempt.made);
        let (tree, trees) = match update_tree(&view, self.from.tree, &files) {
            Ok(updated) => updated,
            Err(UpdateTreeError::Read(error)) => return Err(error.into()),
            Err(UpdateTreeError::Path(_)) => return stop("its files have no place"),
        };
        attempt.made.extend(trees);
        let view = self.snapshot.with(&attempt.made);
        let Some(changes) = changes(&view, self.from.tree, tree)? else {
            return stop("it adds more files, or larger ones, than any fix does");
        };
        if let Some((path, reason)) = unwritable_path(&view, &changes)? {
            return stop(format!(
                "it leads to what cannot be written: {path:?} {reason}"
            ));
        }
        // What is common to all forms is there or not by what stands before it, and always the same.
        let own: Vec<_> = changes
            .into_iter()
            .filter(|it| !is_common(&it.path))
            .collect();
        let patch = patches.id(&view, &own)?;
        let text = patch::text(&view, &own)?;
        let commit = attempt.made.add(Kind::Commit, self.bytes(tree));
        attempt.at = Place { commit, tree };
        attempt.texts.insert(patch.clone(), text);
        Ok(PickedCommit {
            source: self.pick.head.clone(),
            commit: sha_of(commit),
            patch,
            verbatim: false,
        })
    }

    /// The commit: Picket is its author.
    fn bytes(&self, tree: ObjectId) -> Vec<u8> {
        let mut bytes = format!("tree {tree}\nparent {}\n", self.from.commit);
        for role in ["author", "committer"] {
            bytes += &self.committer.line(role, self.pick.approved_at);
        }
        bytes += "\n";
        bytes += &message::carried(self.pick);
        bytes.into_bytes()
    }

    /// What the form adds.
    fn files(&self, attempt: &mut Attempt) -> Made<Vec<New>> {
        let pr = self.pick.pr;
        let mut new = vec![(
            files::MODULE_LIST.to_owned(),
            self.module_list(&attempt.made)?,
        )];
        let common = files::COMMON.map(|(path, text)| (path.to_owned(), text.to_owned()));
        new.extend(common);
        let module = files::module_path(pr);
        let mut folders = Vec::new();
        match &self.pick.form {
            Form::AsIs => {}
            Form::Mitigation { name, settings } => {
                let text = self.text(settings)?;
                new.push((module, files::mitigation_module(pr, name, &text)));
            }
            Form::Graft { folder, pairs } => {
                self.check_by_name(attempt)?;
                if let Some(folder) = folder {
                    folders.push((files::sibling(folder, pr), self.fixed(attempt, folder)?));
                }
                let text = files::pairs(pr, folder.as_ref(), &self.text(pairs)?);
                new.push((files::package_path(pr), text));
                new.push((module, files::graft_module(pr)));
            }
        }
        let file = |(path, text): (String, String)| {
            let (mode, id) = (Mode::File, attempt.made.add(Kind::Blob, text.into_bytes()));
            (path, Version { mode, id })
        };
        Ok(new.into_iter().map(file).chain(folders).collect())
    }

    fn check_by_name(&self, attempt: &Attempt) -> Made<()> {
        let view = self.snapshot.with(&attempt.made);
        match entry_at(&view, self.from.tree, files::BY_NAME.as_bytes())? {
            Some(it) if it.mode == Mode::Tree => Ok(()),
            Some(_) | None => stop(format!("the base has no {}", files::BY_NAME)),
        }
    }

    /// The package's folder as the pull request makes it.
    fn fixed(&self, attempt: &Attempt, folder: &PackageFolder) -> Made<Version> {
        let view = self.snapshot.with(&attempt.made);
        let at = |tree| entry_at(&view, tree, folder.as_str().as_bytes());
        let (before, after) = (at(self.from.tree)?, at(attempt.at.tree)?);
        match after {
            Some(after) if after.mode == Mode::Tree && before != Some(after) => Ok(after),
            Some(after) if after.mode == Mode::Tree => {
                stop(format!("the pull request changes nothing in {folder}"))
            }
            Some(_) | None => stop(format!("{folder} is no folder")),
        }
    }

    /// The list of modules with the channel's in it.
    fn module_list(&self, made: &NewObjects) -> Made<String> {
        let view = self.snapshot.with(made);
        let file = entry_at(&view, self.from.tree, files::MODULE_LIST.as_bytes())?;
        let bytes = match file.filter(|it| it.mode.is_regular()) {
            Some(file) => view.read(&file.id, Kind::Blob)?.to_vec(),
            None => Vec::new(),
        };
        match String::from_utf8(bytes)
            .ok()
            .as_deref()
            .and_then(files::listed)
        {
            Some(list) => Ok(list),
            None => stop(format!(
                "the base has no {} of the usual form",
                files::MODULE_LIST
            )),
        }
    }

    /// What a member wrote.
    fn text(&self, id: &ContentId) -> Made<String> {
        let bytes = self.contents.get(id);
        let bytes = bytes.filter(|bytes| ContentId::from(Sha256::of(bytes)) == *id);
        match bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()) {
            Some(text) => Ok(text.to_owned()),
            None => {
                stop("the text of its form is not at hand, or is damaged: choose the form again")
            }
        }
    }
}

//! Merges by git itself: one `git merge-tree --stdin` process for many of them.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::cpu::{Activity, Watched};
use crate::{ObjectId, location::Location};

/// How often git is looked at while it works on a merge.
const LOOK: Duration = Duration::from_micros(40);

/// git cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git cannot be run, or its folder for new objects cannot be made.
    #[error("git merge-tree cannot be run: {0}")]
    Run(#[from] io::Error),
    /// Its answer is not as documented.
    #[error("git merge-tree's answer is not understood: {0}")]
    Answer(&'static str),
    /// Its answer ends too early.
    #[error("git merge-tree's answer is cut off; run it by hand to see why")]
    CutOff,
}

/// Three trees to merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Triple {
    /// The merge base.
    pub base: ObjectId,
    /// The side that is merged onto.
    pub ours: ObjectId,
    /// The side that is merged.
    pub theirs: ObjectId,
}

/// What git made of one merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitAnswer {
    /// Clean, with this tree.
    Merged(ObjectId),
    /// Not clean.
    Conflict,
    /// git gave up over it, as it does where an object is missing.
    GaveUp,
}

/// One merge by git and its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GitMerge {
    /// The outcome.
    pub answer: GitAnswer,
    /// Processor time in nanoseconds.
    pub cpu_ns: u64,
    /// Time on the clock in nanoseconds.
    pub wall_ns: u64,
}

/// Merges by git.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitMerges {
    /// Each merge, in the order asked.
    pub merges: Vec<GitMerge>,
    /// Processor time of all git processes in nanoseconds, from start to end.
    pub cpu_ns: u64,
    /// Time on the clock likewise.
    pub wall_ns: u64,
}

/// Where git reads and where it may write.
struct Place {
    location: Location,
    scratch: PathBuf,
}

impl GitMerges {
    /// Merges with git. New objects go to `scratch`, a folder that may be dropped afterwards:
    /// the repository is only read. `progress` is told how many merges are done.
    ///
    /// # Errors
    /// When git cannot be run or answers otherwise than documented.
    pub fn run(
        repository: &Path,
        scratch: &Path,
        triples: &[Triple],
        mut progress: impl FnMut(usize),
    ) -> Result<Self, GitError> {
        let place = Place::new(repository, scratch)?;
        let mut all = Self::default();
        while all.merges.len() < triples.len() {
            let done = all.merges.len();
            all.ask(&place, &triples[done..], &mut |more| progress(done + more))?;
        }
        Ok(all)
    }

    /// Asks one git process until all is answered or git gives up.
    fn ask(
        &mut self,
        place: &Place,
        triples: &[Triple],
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), GitError> {
        let start = Instant::now();
        let mut git = Process::start(place)?;
        let mut figures = Vec::new();
        for triple in triples {
            match git.merge(triple) {
                Some(figure) => figures.push(figure),
                None => break,
            }
            progress(figures.len());
        }
        let End {
            text,
            cpu_ns,
            broke_off,
        } = git.finish()?;
        self.cpu_ns += cpu_ns;
        self.wall_ns += nanoseconds(start.elapsed());
        let answers = Answers::parse(&text, broke_off)?;
        let (answered, done) = (answers.len(), figures.len());
        if answered > done || (answered < done && !broke_off) {
            return Err(GitError::Answer(
                "it has not as many parts as there were merges",
            ));
        }
        self.merges
            .extend(answers.into_iter().zip(&figures).map(|(answer, figure)| {
                let answer = answer.map_or(GitAnswer::Conflict, GitAnswer::Merged);
                GitMerge {
                    answer,
                    cpu_ns: figure.cpu_ns,
                    wall_ns: figure.wall_ns,
                }
            }));
        if answered == triples.len() {
            return Ok(());
        }
        if answered == done || triples.len() == 1 {
            self.merges.push(GitMerge {
                answer: GitAnswer::GaveUp,
                cpu_ns: 0,
                wall_ns: 0,
            });
            return Ok(());
        }
        // git broke off before it had said all that it had done: those again, one by one.
        for triple in &triples[answered..done] {
            self.ask(place, std::slice::from_ref(triple), &mut |_| ())?;
        }
        Ok(())
    }
}

impl Place {
    fn new(repository: &Path, scratch: &Path) -> Result<Self, GitError> {
        let scratch = scratch.canonicalize()?;
        std::fs::create_dir_all(scratch.join("objects"))?;
        std::fs::create_dir_all(scratch.join("empty"))?;
        Ok(Self {
            location: Location::of(&repository.canonicalize()?),
            scratch,
        })
    }

    /// git without configuration or attributes of the machine and of its users.
    fn command(&self) -> Command {
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
            .args(["merge-tree", "--write-tree", "--stdin"])
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
            .env_remove("GIT_INDEX_FILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
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

struct Figure {
    cpu_ns: u64,
    wall_ns: u64,
}

struct Process {
    child: Child,
    watched: Watched,
    answers: JoinHandle<io::Result<Vec<u8>>>,
    cpu_ns: u64,
}

/// The end of a process.
struct End {
    /// Everything that it said.
    text: Vec<u8>,
    /// Its processor time from start to end.
    cpu_ns: u64,
    /// It ended before its input did.
    broke_off: bool,
}

impl Process {
    fn start(place: &Place) -> Result<Self, GitError> {
        let mut child = place.command().spawn()?;
        let mut output = child
            .stdout
            .take()
            .ok_or(GitError::Answer("it has no output"))?;
        let answers = thread::spawn(move || {
            let mut answers = Vec::new();
            output.read_to_end(&mut answers).map(|_| answers)
        });
        let watched = Watched::new(child.id());
        let mut process = Self {
            child,
            watched,
            answers,
            cpu_ns: 0,
        };
        process.until_idle();
        process.cpu_ns = process.watched.cpu_ns().unwrap_or(0);
        Ok(process)
    }

    /// Whether git is still there once it waits for more.
    fn until_idle(&self) -> bool {
        loop {
            match self.watched.activity() {
                Activity::Working => thread::sleep(LOOK),
                Activity::Waiting => return true,
                Activity::Gone => return false,
            }
        }
    }

    /// Has git make one merge; nothing if it gives up over it.
    fn merge(&mut self, trees: &Triple) -> Option<Figure> {
        let start = Instant::now();
        let line = format!("{} -- {} {}\n", trees.base, trees.ours, trees.theirs);
        self.child.stdin.as_mut()?.write_all(line.as_bytes()).ok()?;
        if !self.until_idle() {
            return None;
        }
        let wall_ns = nanoseconds(start.elapsed());
        let before = self.cpu_ns;
        self.cpu_ns = self.watched.cpu_ns()?;
        Some(Figure {
            cpu_ns: self.cpu_ns.saturating_sub(before),
            wall_ns,
        })
    }

    fn finish(mut self) -> Result<End, GitError> {
        drop(self.child.stdin.take());
        let text = self
            .answers
            .join()
            .map_err(|_| GitError::Answer("its reader failed"))??;
        while self.watched.activity() != Activity::Gone {
            thread::sleep(LOOK);
        }
        let cpu_ns = self.watched.cpu_ns().unwrap_or(self.cpu_ns);
        let broke_off = !self.child.wait()?.success();
        Ok(End {
            text,
            cpu_ns,
            broke_off,
        })
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// git's answers, each ended and its parts divided by NUL bytes.
struct Answers<'a> {
    rest: &'a [u8],
}

impl<'a> Answers<'a> {
    /// The tree of each clean merge, in order; nothing for conflicts. The last answer may be cut
    /// off if git `broke_off`.
    fn parse(text: &'a [u8], broke_off: bool) -> Result<Vec<Option<ObjectId>>, GitError> {
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

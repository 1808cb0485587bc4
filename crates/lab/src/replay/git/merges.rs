//! Many merges, by as few processes as git needs.

use std::path::Path;
use std::time::Instant;

use picket_treemerge::ObjectId;

use super::answers::Answers;
use super::error::GitError;
use super::place::Place;
use super::process::{End, Process, nanoseconds};
use crate::replay::backport::Triple;

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

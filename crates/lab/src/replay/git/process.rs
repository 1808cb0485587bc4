//! One git process: started, asked, watched and ended.

use std::{
    io::{self, Read, Write},
    process::Child,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::error::GitError;
use super::place::Place;
use crate::replay::backport::Triple;
use crate::replay::cpu::{Activity, Watched};

/// How often git is looked at while it works on a merge.
const LOOK: Duration = Duration::from_micros(40);

/// The times of one merge, in nanoseconds.
pub(super) struct Figure {
    pub(super) cpu_ns: u64,
    pub(super) wall_ns: u64,
}

/// One `git merge-tree` that is asked for one merge after the other.
pub(super) struct Process {
    child: Child,
    watched: Watched,
    answers: JoinHandle<io::Result<Vec<u8>>>,
    cpu_ns: u64,
}

/// The end of a process.
pub(super) struct End {
    /// Everything that it said.
    pub(super) text: Vec<u8>,
    /// Its processor time from start to end.
    pub(super) cpu_ns: u64,
    /// It ended before its input did.
    pub(super) broke_off: bool,
}

impl Process {
    pub(super) fn start(place: &Place) -> Result<Self, GitError> {
        let mut child = place.merge_tree().spawn()?;
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
    pub(super) fn merge(&mut self, trees: &Triple) -> Option<Figure> {
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

    pub(super) fn finish(mut self) -> Result<End, GitError> {
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

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

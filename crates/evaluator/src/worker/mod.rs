//! A worker: one `nix repl`, in the sandbox, that is asked one question after the other.
//!
//! `nix repl` outlives every error of an expression, those too that `tryEval` cannot catch, and keeps
//! what it has evaluated. A question is an expression of ours that gives a text, which is printed in
//! one line; after it, a mark is printed to the output and to the error output, which nobody else
//! can know. Nothing but values that we ask for ever gets to the output, and they are texts of ours:
//! so an expression can forge no answer, whatever it prints to the error output. What it says there
//! is the message of what was asked.

mod answer;
mod complaints;

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use indexmap::IndexSet;
use picket_nix::process::{Group, proc};
use picket_reads::{Look, Reads};
use rustix::process::{Pid, Resource};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::time::{Instant, interval, sleep_until};

use crate::sandbox::{Places, Sandbox};
use answer::text_of;
use complaints::Complaints;

/// How often a worker is looked at while it works.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a worker may take to start, before it reads anything of the tree.
const START_TIME: Duration = Duration::from_secs(60);

/// What a worker is asked first.
const TIME: &str = "toString builtins.currentTime";

/// A line after each question. `nix repl` takes an expression that meets the end of a file too early
/// for one that goes on in the next line, and waits, even where it is a file of the tree that ends
/// so: with this in it, it is wrong in any case, and alone it says nothing of use.
const WHOLE: &str = ":p 1";

/// What Nix says where it took the line for more of the question.
const TAKEN_ON: &str = "unexpected ':'";

/// What it would have said.
const CUT_OFF: &str = "error: syntax error, unexpected end of file: \
    a file that is imported ends in the middle of an expression (Nix does not tell which one)\n";

/// Longest answer, in bytes.
const ANSWER_MAX: u64 = 32 << 20;

/// What a worker may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of its address space; `None`: no bound.
    pub address_space: Option<u64>,
    /// Bytes that it may write to its error output for one question.
    pub complaints: u64,
}

/// What a question came to.
#[derive(Debug)]
pub enum Answer {
    /// This.
    Said(String),
    /// The expression failed; what Nix said.
    Failed(String),
}

/// Why a worker is no more.
#[derive(Debug)]
pub enum Ended {
    /// It ended by itself; what it said last.
    Exited(ExitStatus, String),
    /// It took too long, and was stopped.
    TooLong,
    /// It had more memory than there is for all workers, and was stopped.
    TooMuchMemory,
    /// It wrote more than it may, and was stopped.
    TooMuchWritten,
    /// It said more than it may, and was stopped; the last of it.
    TooMuchSaid(String),
}

/// Says whether a worker has to stop.
pub trait Warden {
    /// Whether that is for the memory that it has, in bytes.
    fn has_too_much(&self, memory: u64) -> bool;
    /// Whether that is for what it has written since it was started, in bytes.
    fn wrote_too_much(&self, written: u64) -> bool;
}

/// How a worker is started.
pub(crate) struct Start<'a> {
    pub(crate) sandbox: Sandbox,
    pub(crate) places: &'a Places,
    /// The tree of which it is written down what the worker looks at.
    pub(crate) heard: Option<&'a Path>,
    pub(crate) bounds: Bounds,
}

impl Start<'_> {
    fn spawn(&self, mut command: Command) -> io::Result<(Group, Option<Reads>)> {
        let (sandbox, places) = (self.sandbox, self.places.clone());
        let Some(tree) = self.heard else {
            return Ok((sandbox.spawn(&mut command, &places)?, None));
        };
        let runtime = Handle::current();
        let (group, reads) = picket_reads::recorded(tree, move || {
            let _runtime = runtime.enter();
            sandbox.spawn(&mut command, &places)
        })?;
        Ok((group?, Some(reads)))
    }
}

/// A running worker. It is killed when it is dropped.
#[derive(Debug)]
pub struct Worker {
    group: Group,
    process: Pid,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    complaints: Complaints,
    mark: String,
    marks: u64,
    bounds: Bounds,
    peak: u64,
    /// What `builtins.currentTime` is to it.
    time: String,
    /// What it has looked at, where that is written down.
    reads: Option<Reads>,
}

impl Worker {
    /// Starts a worker, and waits until it answers.
    ///
    /// Its bounds are set before it is given anything of the tree.
    pub(crate) async fn start(
        start: Start<'_>,
        mut command: Command,
    ) -> io::Result<Result<Self, Ended>> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let bounds = start.bounds;
        let (mut group, reads) = start.spawn(command)?;
        let child = group.child();
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let mark = format!("{:032x}", rand::random::<u128>());
        let leader = group.leader().ok_or(io::ErrorKind::NotFound)?;
        let mut worker = Self {
            process: leader,
            stdin,
            stdout: BufReader::new(stdout),
            complaints: Complaints::read(stderr, format!("trace: {mark}")),
            mark,
            marks: 0,
            bounds,
            peak: 0,
            time: String::new(),
            group,
            reads,
        };
        let until = Instant::now() + START_TIME;
        match worker.ask(TIME, until, &Unwatched).await? {
            Ok(Answer::Said(time)) => worker.time = time,
            Ok(Answer::Failed(_)) => {}
            Err(ended) => return Ok(Err(ended)),
        }
        if let Some(reads) = &worker.reads {
            reads.forget();
        }
        worker.process = proc::innermost(leader);
        worker.limit()?;
        Ok(Ok(worker))
    }

    fn limit(&self) -> io::Result<()> {
        if let Some(bytes) = self.bounds.address_space {
            proc::limit(self.process, Resource::As, bytes)?;
        }
        proc::limit(self.process, Resource::Core, 0)
    }

    /// Gives it a line that it does not answer: an assignment, or what gives no text.
    ///
    /// # Errors
    /// Where it cannot be written to.
    pub async fn tell(&mut self, line: &str) -> io::Result<()> {
        // One that has ended says so when it is asked.
        match self.stdin.write_all(format!("{line}\n").as_bytes()).await {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// Asks for the value of an expression that gives a text. Where the worker ends, nothing is
    /// left of it.
    ///
    /// # Errors
    /// Where it cannot be read from or written to.
    pub async fn ask(
        &mut self,
        expression: &str,
        until: Instant,
        warden: &impl Warden,
    ) -> io::Result<Result<Answer, Ended>> {
        let (process, complaints, bounds) = (self.process, self.complaints.clone(), self.bounds);
        let mut peak = self.peak;
        let stopped = tokio::select! {
            said = self.exchange(expression) => match said? {
                Some(answer) => {
                    self.peak = peak;
                    return Ok(Ok(answer));
                }
                None => None,
            },
            () = sleep_until(until) => Some(Ended::TooLong),
            stopped = watch(process, &complaints, &bounds, warden, &mut peak) => Some(stopped),
        };
        self.peak = peak;
        Ok(Err(self.end(stopped).await?))
    }

    async fn end(&mut self, stopped: Option<Ended>) -> io::Result<Ended> {
        self.group.kill();
        let status = self.group.wait().await?;
        let words = self.complaints.last_words().await;
        Ok(match stopped {
            None => Ended::Exited(status, words),
            Some(Ended::TooMuchSaid(_)) => Ended::TooMuchSaid(words),
            Some(stopped) => stopped,
        })
    }

    /// One question and its answer; `None`: it ended instead.
    async fn exchange(&mut self, expression: &str) -> io::Result<Option<Answer>> {
        let mark = &self.mark;
        let question = format!("{expression}\n{WHOLE}\nbuiltins.trace \"{mark}\" \"{mark}\"\n");
        // One that has ended takes no questions.
        if self.stdin.write_all(question.as_bytes()).await.is_err() {
            return Ok(None);
        }
        let mut said = None;
        loop {
            let mut line = Vec::new();
            let mut bounded = (&mut self.stdout).take(ANSWER_MAX);
            if bounded.read_until(b'\n', &mut line).await? == 0 || !line.ends_with(b"\n") {
                return Ok(None);
            }
            match text_of(&String::from_utf8_lossy(&line)) {
                Some(text) if text == self.mark => break,
                Some(text) => said = Some(text),
                None => {}
            }
        }
        self.marks += 1;
        Ok(Some(match said {
            Some(said) => Answer::Said(said),
            None => Answer::Failed(told(self.complaints.before(self.marks).await)),
        }))
    }

    /// What `builtins.currentTime` is to it, in seconds since 1970.
    pub(crate) fn time(&self) -> &str {
        &self.time
    }

    /// The memory that it has, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        proc::memory(self.process).unwrap_or(0)
    }

    /// The most memory that it was seen to have, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.peak.max(proc::peak_memory(self.process).unwrap_or(0))
    }

    /// How many things it has looked at in its tree; `None`: nobody can tell.
    pub(crate) fn look_count(&self) -> Option<usize> {
        self.reads.as_ref()?.count()
    }

    /// What it has looked at in its tree, in order; from then on, that is nothing.
    pub(crate) fn take_looks(&self) -> IndexSet<Look> {
        self.reads.as_ref().map(Reads::take).unwrap_or_default()
    }

    /// How many bytes it has written.
    pub fn written(&self) -> u64 {
        proc::written(self.process).unwrap_or(0)
    }

    /// How much processor time it has used; `None`: the kernel does not tell.
    pub fn processor_time(&self) -> Option<Duration> {
        proc::processor_time(self.process)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.group.kill();
    }
}

/// What a question's message says of the tree, rather than of how it was asked.
fn told(message: String) -> String {
    let taken_on = message.contains(TAKEN_ON) && message.contains(&format!("2| {WHOLE}\n"));
    if taken_on {
        CUT_OFF.to_owned()
    } else {
        message
    }
}

/// Watches a worker until it has to be stopped.
async fn watch(
    process: Pid,
    complaints: &Complaints,
    bounds: &Bounds,
    warden: &impl Warden,
    peak: &mut u64,
) -> Ended {
    let mut looks = interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        let memory = proc::memory(process).unwrap_or(0);
        *peak = memory.max(*peak);
        if warden.has_too_much(memory) {
            return Ended::TooMuchMemory;
        }
        if warden.wrote_too_much(proc::written(process).unwrap_or(0)) {
            return Ended::TooMuchWritten;
        }
        if complaints.bytes() > bounds.complaints {
            return Ended::TooMuchSaid(String::new());
        }
    }
}

/// Stops nothing.
struct Unwatched;

impl Warden for Unwatched {
    fn has_too_much(&self, _: u64) -> bool {
        false
    }

    fn wrote_too_much(&self, _: u64) -> bool {
        false
    }
}

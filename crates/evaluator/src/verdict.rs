//! What it means that a worker has ended.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use picket_domain::EvaluationLimit;

use crate::jobs::JobError;
use crate::limits::Limits;
use crate::nix_error::{evaluation_error, is_machines_fault, is_out_of_memory};
use crate::worker::Ended;

/// Whose fault it is, as far as one can tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The job's.
    Job(JobError),
    /// The job needs more memory than there was beside others.
    Crowded(JobError),
    /// Nobody's: it was ended from outside.
    Nobody(JobError),
    /// The machine's, if it can be believed: what Nix said.
    Machine(String),
}

/// Judges the end of a worker at a job that was given `seconds`.
pub(crate) fn judge(ended: Ended, seconds: u64, tree: &Path, limits: &Limits) -> Verdict {
    let excessive = |message: String| Verdict::Job(JobError::Excessive { message });
    match ended {
        Ended::TooLong => Verdict::Job(JobError::Stopped {
            cause: EvaluationLimit::Time,
            message: format!("its evaluation took longer than {seconds} s and was stopped"),
        }),
        Ended::TooMuchMemory => Verdict::Crowded(too_much_memory("", limits)),
        Ended::TooMuchWritten => excessive(format!(
            "its evaluation writes more than the {} MiB that a job may write to the store",
            limits.job_disk_bytes >> 20
        )),
        Ended::TooMuchSaid(last) => excessive(format!(
            "its evaluation prints more than {} MiB; the last of it:\n{}",
            limits.job_output_bytes >> 20,
            last_line(&last)
        )),
        Ended::Exited(status, said) => exited(status, &evaluation_error(&said, tree), limits),
    }
}

fn exited(status: ExitStatus, error: &str, limits: &Limits) -> Verdict {
    if is_machines_fault(error) {
        return Verdict::Machine(error.to_owned());
    }
    if is_out_of_memory(error) {
        return Verdict::Job(too_much_memory(error, limits));
    }
    match signal(status) {
        // What an endless recursion may end in.
        Some(6 | 11) => Verdict::Job(JobError::Fails {
            message: format!("{error} (the evaluation crashed, as by a stack overflow)"),
        }),
        Some(signal) => Verdict::Nobody(JobError::Stopped {
            cause: EvaluationLimit::Killed,
            message: format!("the evaluation was stopped from outside (signal {signal})"),
        }),
        None => Verdict::Job(JobError::Fails {
            message: error.to_owned(),
        }),
    }
}

/// The signal that ended a program, by itself or as the sandbox around it says it.
fn signal(status: ExitStatus) -> Option<i32> {
    let told = || status.code().filter(|code| (129..160).contains(code));
    status.signal().or_else(|| told().map(|code| code - 128))
}

fn too_much_memory(error: &str, limits: &Limits) -> JobError {
    let mib = limits.memory().unwrap_or_default() >> 20;
    let message = format!(
        "the evaluation needed more than the {mib} MiB of memory that it may have\n{error}"
    );
    JobError::Stopped {
        cause: EvaluationLimit::Memory,
        message: message.trim_end().to_owned(),
    }
}

fn last_line(said: &str) -> String {
    let clean = picket_nix::text::clean(said);
    let line = clean.trim_end().lines().next_back().unwrap_or_default();
    picket_nix::text::head(line, 500)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(code: i32, said: &str) -> Verdict {
        let ended = Ended::Exited(ExitStatus::from_raw(code), said.to_owned());
        judge(ended, 1, Path::new("/t"), &Limits::default())
    }

    #[test]
    fn an_end_is_somebodys_fault() {
        let exit = |code: i32| code << 8;
        let killed = |code| matches!(judged(code, ""), Verdict::Nobody(_));
        assert!(killed(9) && killed(exit(128 + 9)) && !killed(exit(1)) && !killed(11));
        let crashed = judged(exit(128 + 11), "error: stack overflow");
        assert!(matches!(crashed, Verdict::Job(JobError::Fails { .. })));
        let full = judged(exit(1), "error: writing to file: No space left on device");
        assert!(matches!(full, Verdict::Machine(_)));
        let memory = judged(exit(1), "GC Warning: x\nerror: out of memory");
        let cause = EvaluationLimit::Memory;
        assert!(matches!(memory, Verdict::Job(JobError::Stopped { cause: c, .. }) if c == cause));
    }
}

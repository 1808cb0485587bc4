//! Processor time, of this thread and of another process.

use std::{fs, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// This thread's processor time at some point.
pub(super) struct ThreadCpu(Duration);

impl ThreadCpu {
    pub(super) fn now() -> Self {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
        Self(Duration::new(seconds, nanoseconds))
    }

    pub(super) fn elapsed_ns(&self) -> u64 {
        let elapsed = Self::now().0.saturating_sub(self.0);
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// What a process is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    Working,
    /// It waits, for input as a rule.
    Waiting,
    /// It has ended.
    Gone,
}

/// A single-threaded process, watched through `/proc`.
pub(super) struct Watched {
    pid: u32,
}

impl Watched {
    pub(super) const fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// Its processor time in nanoseconds, also after its end, until it is waited for.
    pub(super) fn cpu_ns(&self) -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{}/schedstat", self.pid)).ok()?;
        text.split_whitespace().next()?.parse().ok()
    }

    pub(super) fn activity(&self) -> Activity {
        let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", self.pid)) else {
            return Activity::Gone;
        };
        // The state follows the name, which is in parentheses and may hold anything.
        match stat
            .rsplit(')')
            .next()
            .and_then(|rest| rest.trim_start().chars().next())
        {
            Some('S') => Activity::Waiting,
            Some('Z' | 'X') | None => Activity::Gone,
            Some(_) => Activity::Working,
        }
    }
}

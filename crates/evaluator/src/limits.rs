//! What evaluating may take.

use std::num::NonZero;
use std::thread::available_parallelism;

/// Bounds on evaluating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Whether evaluation is kept to the tree: it can then read no other file, fetch nothing and
    /// build nothing. On, unless the tree's own code is trusted.
    pub restricted: bool,
    /// Whether what nobody has approved is evaluated although there is no sandbox here.
    pub unsandboxed: bool,
    /// Seconds that one evaluation may take.
    pub seconds: u64,
    /// Seconds that one job of it may take.
    pub job_seconds: u64,
    /// Bytes of memory that all workers of all evaluations may have together; `None`: half of the
    /// machine's.
    pub memory_bytes: Option<u64>,
    /// How many workers one evaluation may have; `None`: as many as the machine has cores.
    pub workers: Option<usize>,
    /// Bytes that one job may write, to the store above all. An evaluation may write 64 times as
    /// much.
    pub job_disk_bytes: u64,
    /// Bytes that one job may write to the error output.
    pub job_output_bytes: u64,
    /// How many workers one evaluation may lose: to jobs that overflow the stack, take too long, ..
    pub losses: u32,
    /// How many evaluations run at a time, over all channels; at least 1.
    pub at_once: usize,
    /// Seconds after which a revision that does not evaluate, and nobody can mend, is evaluated
    /// again.
    pub failed_seconds: u64,
    /// How many names a job set may have, in all of its sets.
    pub jobs: u32,
    /// How deep a job may lie in the job set's nested attribute sets.
    pub depth: u32,
}

/// With less memory than this for each, one worker fewer is started.
const WORKER_MIN: u64 = 1 << 30;

impl Limits {
    /// The memory that the workers of one evaluation may have together, in bytes; `None`: there is
    /// no telling what half of the machine's would be.
    pub fn memory(&self) -> Option<u64> {
        let all = self.memory_bytes.or_else(|| {
            memory_total(&std::fs::read_to_string("/proc/meminfo").ok()?).map(|m| m / 2)
        });
        all.map(|all| all / self.at_once.max(1) as u64)
    }

    /// How many workers an evaluation has at most.
    pub fn seats(&self) -> usize {
        let cores = || available_parallelism().map_or(1, NonZero::get);
        let wanted = self.workers.unwrap_or_else(cores).max(1);
        let fits = self.memory().map_or(u64::MAX, |memory| memory / WORKER_MIN);
        wanted
            .min(usize::try_from(fits).unwrap_or(usize::MAX))
            .max(1)
    }
}

/// The machine's memory in bytes, from `/proc/meminfo`: `MemTotal:  24000000 kB`.
fn memory_total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            restricted: true,
            unsandboxed: false,
            seconds: 1800,
            job_seconds: 600,
            memory_bytes: None,
            workers: None,
            job_disk_bytes: 256 << 20,
            job_output_bytes: 16 << 20,
            losses: 200,
            at_once: 1,
            failed_seconds: 3600,
            jobs: 250_000,
            depth: 16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_memory_is_read() {
        let meminfo = "MemTotal:       24689348 kB\nMemFree:        20000000 kB\n";
        assert_eq!(memory_total(meminfo), Some(24_689_348 << 10));
        assert_eq!(memory_total("MemFree: 1 kB\n"), None);
    }

    #[test]
    fn workers_are_as_many_as_memory_allows() {
        let limits = |memory: u64| Limits {
            workers: Some(4),
            memory_bytes: Some(memory),
            ..Limits::default()
        };
        assert_eq!(limits(8 << 30).seats(), 4);
        assert_eq!(limits(2 << 30).seats(), 2);
        assert_eq!(limits(1 << 20).seats(), 1);
    }
}

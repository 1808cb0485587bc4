//! What the kernel tells of processes, and lets be set for them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// Bounds a process's address space, and that of all that it will start.
pub(super) fn limit_memory(process: Pid, bytes: u64) -> io::Result<()> {
    limit(process, Resource::As, bytes)
}

/// Bounds one of a process's resources, and that of all that it will start.
///
/// # Errors
/// Where the kernel refuses.
pub fn limit(process: Pid, resource: Resource, most: u64) -> io::Result<()> {
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    match prlimit(Some(process), resource, limit) {
        // It has ended already.
        Ok(_) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The most memory that a process ever had, in bytes; `None`: it has ended.
pub fn peak_memory(process: Pid) -> Option<u64> {
    Some(field(process, "status", "VmHWM:")? << 10)
}

/// The memory that a process has, in bytes; `None`: it has ended.
pub fn memory(process: Pid) -> Option<u64> {
    Some(field(process, "status", "VmRSS:")? << 10)
}

/// How many bytes a process has written, to whatever; `None`: it has ended, or is another user's.
pub fn written(process: Pid) -> Option<u64> {
    field(process, "io", "wchar:")
}

/// How much processor time a process has used; `None`: it has ended.
pub fn processor_time(process: Pid) -> Option<Duration> {
    /// What the kernel counts in, whatever the machine.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    let ticks = ticks_of(&stat)?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

/// The time in the program and in the kernel for it, in `/proc/<process>/stat`: the 14th and the 15th
/// field, of which the second is a name.
fn ticks_of(stat: &str) -> Option<u64> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace().skip(11);
    let mut field = || fields.next()?.parse::<u64>().ok();
    Some(field()? + field()?)
}

/// A number in one of the files that the kernel has about a process.
fn field(process: Pid, file: &str, name: &str) -> Option<u64> {
    let file = format!("/proc/{}/{file}", process.as_raw_nonzero());
    let content = fs::read_to_string(file).ok()?;
    let value = content.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

/// The process that a program has become: the last of the chain of processes that it started one
/// from the other, or itself. That is what runs within the wrappers around it.
pub fn innermost(process: Pid) -> Pid {
    descendants(process).last().copied().unwrap_or(process)
}

/// All processes that a process started, or that those started, and that still have their parent.
pub(super) fn descendants(process: Pid) -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<Pid>> = BTreeMap::new();
    for (child, parent) in processes() {
        children.entry(parent).or_default().push(child);
    }
    let mut found = Vec::new();
    let mut waiting = vec![process];
    while let Some(parent) = waiting.pop() {
        let started = children.remove(&parent.as_raw_nonzero().get());
        for child in started.unwrap_or_default() {
            found.push(child);
            waiting.push(child);
        }
    }
    found
}

/// Each process with its parent.
fn processes() -> impl Iterator<Item = (Pid, i32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        Some((Pid::from_raw(process)?, parent_of(&stat)?))
    })
}

/// The parent in `/proc/<process>/stat`: `12 (name) S 7 ..`. Names may hold anything.
fn parent_of(stat: &str) -> Option<i32> {
    let (_, after) = stat.rsplit_once(')')?;
    after.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_whatever_the_name() {
        assert_eq!(parent_of("12 (sh) S 7 12 12 0"), Some(7));
        assert_eq!(parent_of("12 (a) S 1 (b) R 8 12"), Some(8));
        assert_eq!(parent_of(""), None);
        let stat = "12 (a) b) S 7 12 12 0 -1 4194304 1 0 0 0 250 30 0 0 20";
        assert_eq!(ticks_of(stat), Some(280));
    }
}

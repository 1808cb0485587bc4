//! What was measured, and how it is told.

use std::time::Duration;

use serde::Serialize;

use crate::sizes::Size;

/// A page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) median: Duration,
    pub(crate) bytes: usize,
}

/// The binary cache's answers while others reload the queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnderLoad {
    pub(crate) median: Duration,
    /// The 99th percentile.
    pub(crate) worst_of_100: Duration,
    pub(crate) reloads_a_second: f64,
}

/// One world's figures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) size: Size,
    pub(crate) queue: Page,
    pub(crate) channel: Page,
    pub(crate) candidate: Page,
    pub(crate) search: Page,
    /// One look of a worker with nothing new: as the service tells it where it does, or else as it
    /// is in this process.
    pub(crate) look: Duration,
    pub(crate) look_in_process: Duration,
    pub(crate) cache: UnderLoad,
    pub(crate) rss_mib: u64,
    /// The machine's load average before anything was measured: what else it was busy with.
    pub(crate) load_before: f64,
}

/// The last line of `--json`: times in milliseconds, sizes in thousands of bytes.
#[derive(Serialize)]
pub(crate) struct Json {
    queue_ms: f64,
    channel_ms: f64,
    candidate_ms: f64,
    search_ms: f64,
    look_ms: f64,
    cache_under_load_ms: f64,
    rss_mib: u64,
    cache_under_load_p99_ms: f64,
    queue_kb: f64,
    channel_kb: f64,
    candidate_kb: f64,
    search_kb: f64,
    candidates: u64,
    load_before: f64,
}

impl From<&Figures> for Json {
    fn from(of: &Figures) -> Self {
        Self {
            queue_ms: ms(of.queue.median),
            channel_ms: ms(of.channel.median),
            candidate_ms: ms(of.candidate.median),
            search_ms: ms(of.search.median),
            look_ms: ms(of.look),
            cache_under_load_ms: ms(of.cache.median),
            rss_mib: of.rss_mib,
            cache_under_load_p99_ms: ms(of.cache.worst_of_100),
            queue_kb: kb(of.queue.bytes),
            channel_kb: kb(of.channel.bytes),
            candidate_kb: kb(of.candidate.bytes),
            search_kb: kb(of.search.bytes),
            candidates: of.size.candidates,
            load_before: of.load_before,
        }
    }
}

/// The two worlds side by side.
pub(crate) fn table(small: &Figures, large: &Figures) -> String {
    let page = |page: Page| format!("{} ms, {} kB", ms(page.median), kb(page.bytes));
    let time = |time: Duration| format!("{} ms", ms(time));
    let mut lines = vec![line(
        "candidates",
        |it| it.size.candidates.to_string(),
        small,
        large,
    )];
    lines.push(line("GET /queue", |it| page(it.queue), small, large));
    lines.push(line("GET /channels/X", |it| page(it.channel), small, large));
    lines.push(line(
        "GET /candidates/N",
        |it| page(it.candidate),
        small,
        large,
    ));
    lines.push(line(
        "GET /search?q=NAME",
        |it| page(it.search),
        small,
        large,
    ));
    lines.push(line(
        "a look with nothing new",
        |it| time(it.look),
        small,
        large,
    ));
    lines.push(line(
        "  the same in this process",
        |it| time(it.look_in_process),
        small,
        large,
    ));
    lines.push(line(
        "GET /cache/nix-cache-info *",
        |it| time(it.cache.median),
        small,
        large,
    ));
    lines.push(line(
        "  99th percentile",
        |it| time(it.cache.worst_of_100),
        small,
        large,
    ));
    let reloads = |it: &Figures| format!("{:.0} a second", it.cache.reloads_a_second);
    lines.push(line("  reloads meanwhile", reloads, small, large));
    lines.push(line(
        "memory of the service",
        |it| format!("{} MiB", it.rss_mib),
        small,
        large,
    ));
    lines.push(line(
        "the machine's load before",
        |it| format!("{:.2}", it.load_before),
        small,
        large,
    ));
    lines.push("medians; * while 8 clients reload /queue".to_owned());
    lines.join("\n")
}

fn line(
    what: &str,
    figure: impl Fn(&Figures) -> String,
    small: &Figures,
    large: &Figures,
) -> String {
    format!("{what:<30}{:>20}{:>20}", figure(small), figure(large))
}

/// The middle one.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// To a hundredth.
fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

fn kb(bytes: usize) -> f64 {
    (bytes as f64 / 100.0).round() / 10.0
}

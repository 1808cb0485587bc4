//! Metrics of the sources of evidence.

use std::time::SystemTime;

use picket_domain::Timestamp;
use picket_evidence::Standing;

use super::prometheus::Metric;

/// How each source is.
pub(super) struct SourceMetrics {
    readable: Metric,
    entries: Metric,
    odd: Metric,
    age: Metric,
}

impl SourceMetrics {
    pub(super) fn new() -> Self {
        Self {
            readable: Metric::gauge(
                "picket_evidence_readable",
                "Whether a source of evidence can be read as it is now.",
            ),
            entries: Metric::gauge(
                "picket_evidence_entries",
                "Entries that are known of a source of evidence.",
            ),
            odd: Metric::gauge(
                "picket_evidence_odd_entries",
                "Entries of a source of evidence that could not be read.",
            ),
            age: Metric::gauge(
                "picket_evidence_age_seconds",
                "Seconds since the newest file was written of what is known of a source of evidence.",
            ),
        }
    }

    /// A source that was not looked at yet is neither readable nor not.
    pub(super) fn add(&mut self, standing: &Standing, now: Timestamp) {
        if !standing.was_looked_at {
            return;
        }
        let source = [("source", standing.name.as_str())];
        let is_readable = standing.problem.is_none();
        self.readable
            .sample(&source, f64::from(u8::from(is_readable)));
        self.entries.sample(&source, standing.entries as f64);
        self.odd.sample(&source, standing.odd as f64);
        if let Some(written) = standing.written {
            self.age.sample(&source, age(written, now));
        }
    }

    pub(super) fn all(&self) -> [&Metric; 4] {
        [&self.readable, &self.entries, &self.odd, &self.age]
    }
}

fn age(written: SystemTime, now: Timestamp) -> f64 {
    let written = written.duration_since(SystemTime::UNIX_EPOCH);
    now.as_unix() as f64 - written.unwrap_or_default().as_secs() as f64
}

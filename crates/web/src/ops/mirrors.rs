//! Metrics of the public folder's mirrors.

use picket_domain::{MirrorStanding, Timestamp};

use super::prometheus::Metric;

/// How far behind mirrors are, and what they cost.
pub(super) struct MirrorMetrics {
    age: Metric,
    current: Metric,
    failures: Metric,
    written: Metric,
    objects: Metric,
    bytes: Metric,
}

impl MirrorMetrics {
    pub(super) fn new() -> Self {
        Self {
            age: Metric::gauge(
                "picket_mirror_age_seconds",
                "Seconds since a mirror was last found or brought up to date; none before the first time.",
            ),
            current: Metric::gauge(
                "picket_mirror_current_timestamp_seconds",
                "When a mirror was last found or brought up to date; 0 before the first time.",
            ),
            failures: Metric::counter(
                "picket_mirror_failures_total",
                "Runs that were to bring a mirror up to date, and failed.",
            ),
            written: Metric::counter(
                "picket_mirror_written_bytes_total",
                "Bytes that were written to a mirror.",
            ),
            objects: Metric::gauge("picket_mirror_objects", "Files that a mirror has."),
            bytes: Metric::gauge("picket_mirror_bytes", "Bytes that a mirror has."),
        }
    }

    pub(super) fn add(&mut self, to: &str, standing: &MirrorStanding, now: Timestamp) {
        let labels = [("mirror", to)];
        if let Some(at) = standing.current_at {
            self.age.sample(&labels, now.seconds_since(at) as f64);
        }
        let at = standing.current_at.map_or(0, Timestamp::as_unix);
        self.current.sample(&labels, at as f64);
        self.failures.sample(&labels, standing.failures as f64);
        self.written.sample(&labels, standing.written_bytes as f64);
        self.objects.sample(&labels, standing.objects as f64);
        self.bytes.sample(&labels, standing.bytes as f64);
    }

    pub(super) fn all(&self) -> [&Metric; 6] {
        [
            &self.age,
            &self.current,
            &self.failures,
            &self.written,
            &self.objects,
            &self.bytes,
        ]
    }
}

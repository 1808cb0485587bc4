//! Metrics of what is written on pull requests.

use picket_domain::CommentTraffic;

use super::prometheus::Metric;

/// What was written, and what is to be.
pub(super) struct CommentMetrics {
    requests: Metric,
    pull_requests: Metric,
}

impl CommentMetrics {
    pub(super) fn new() -> Self {
        Self {
            requests: Metric::counter(
                "picket_github_comment_requests_total",
                "Requests for comments on pull requests that were made of GitHub, by what came of them.",
            ),
            pull_requests: Metric::gauge(
                "picket_github_comments",
                "Pull requests that are told what became of them: those that have a comment, that wait for a change \
                 of it, and on which nothing more is written.",
            ),
        }
    }

    pub(super) fn add(&mut self, traffic: CommentTraffic) {
        let answered = traffic.requests - traffic.failures;
        for (outcome, count) in [("answered", answered), ("failed", traffic.failures)] {
            self.requests.sample(&[("outcome", outcome)], count as f64);
        }
        for (state, count) in [
            ("written", traffic.written),
            ("waiting", traffic.waiting),
            ("ended", traffic.ended),
        ] {
            self.pull_requests.sample(&[("state", state)], count as f64);
        }
    }

    pub(super) fn all(&self) -> [&Metric; 2] {
        [&self.requests, &self.pull_requests]
    }
}

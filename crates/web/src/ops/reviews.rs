//! Metrics of asking GitHub for reviews and CI.

use picket_domain::ReviewTraffic;

use super::prometheus::Metric;

/// What was asked, and what GitHub still allows.
pub(super) struct ReviewMetrics {
    requests: Metric,
    limit: Metric,
    remaining: Metric,
    unread: Metric,
}

impl ReviewMetrics {
    pub(super) fn new() -> Self {
        Self {
            requests: Metric::counter(
                "picket_github_review_requests_total",
                "Requests for reviews and CI that were made of GitHub, by what came of them.",
            ),
            limit: Metric::gauge(
                "picket_github_review_points_limit",
                "Points that GitHub allows an hour for reviews and CI.",
            ),
            remaining: Metric::gauge(
                "picket_github_review_points_remaining",
                "Points that GitHub still allows until that limit is reset.",
            ),
            unread: Metric::gauge(
                "picket_github_unread_reviews",
                "Candidates whose reviews and CI are to be read, or to be read again by now.",
            ),
        }
    }

    /// Where there is no token, nothing is asked.
    pub(super) fn add(&mut self, traffic: ReviewTraffic) {
        if !traffic.has_token {
            return;
        }
        let answered = traffic.requests - traffic.failures;
        for (outcome, count) in [("answered", answered), ("failed", traffic.failures)] {
            self.requests.sample(&[("outcome", outcome)], count as f64);
        }
        self.unread.sample(&[], traffic.unread as f64);
        if let (Some(limit), Some(remaining)) = (traffic.limit, traffic.remaining) {
            self.limit.sample(&[], limit as f64);
            self.remaining.sample(&[], remaining as f64);
        }
    }

    pub(super) fn all(&self) -> [&Metric; 4] {
        [&self.requests, &self.limit, &self.remaining, &self.unread]
    }
}

//! How well real pull requests are recognised, which people have labelled by hand.
//!
//! Of those without a look, a third (those whose number three divides) was held back while the rules
//! were written. The others were unseen when they were first looked at; what they taught is in the
//! rules since.

use picket_recognise::{Recognition, Subject, recognise};
use serde::Deserialize;

const PULL_REQUESTS: &str = include_str!("data/pull-requests.jsonl");

#[derive(Deserialize)]
struct PullRequest {
    number: u64,
    title: String,
    body: Option<String>,
    base: String,
    #[serde(default)]
    files: Vec<String>,
    look: Option<u8>,
    security: bool,
    source: String,
}

impl PullRequest {
    fn recognise(&self) -> Recognition {
        recognise(&Subject {
            title: &self.title,
            body: self.body.as_deref().unwrap_or_default(),
            base: &self.base,
            paths: self.files.iter().map(String::as_str).collect(),
            ..Subject::default()
        })
    }
}

fn all() -> Vec<PullRequest> {
    let lines = PULL_REQUESTS.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line of the set is as described"))
        .collect()
}

/// How many were recognised rightly, wrongly, and not.
#[derive(Default)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    fn of<'a>(pull_requests: impl Iterator<Item = &'a PullRequest>) -> Self {
        let mut score = Self::default();
        for pull_request in pull_requests {
            match (
                pull_request.recognise().is_security(),
                pull_request.security,
            ) {
                (true, true) => score.right += 1,
                (true, false) => score.wrong += 1,
                (false, true) => score.missed += 1,
                (false, false) => {}
            }
        }
        score
    }

    fn assert_at_least(&self, precision: usize, recall: usize, part: &str) {
        let of = |whole| self.right * 1000 / whole;
        let (found, there) = (self.right + self.wrong, self.right + self.missed);
        println!(
            "{part}: precision {} of {found}, recall of {there}",
            self.right
        );
        assert!(
            of(found) >= precision * 10,
            "{part}: precision is {} ‰",
            of(found)
        );
        assert!(
            of(there) >= recall * 10,
            "{part}: recall is {} ‰",
            of(there)
        );
    }
}

fn is_held_back(pull_request: &&PullRequest) -> bool {
    pull_request.look.is_none() && pull_request.number.is_multiple_of(3)
}

#[test]
fn most_security_fixes_are_recognised_and_little_else() {
    let all = all();
    Score::of(all.iter()).assert_at_least(95, 95, "all");
    Score::of(all.iter().filter(is_held_back)).assert_at_least(95, 95, "held back");
    let looked_up = all.iter().filter(|it| it.look.is_some());
    Score::of(looked_up).assert_at_least(90, 90, "looked up unseen");
}

#[test]
fn the_set_is_what_it_says() {
    let all = all();
    assert!(all.len() >= 200);
    let fixes: Vec<_> = all.iter().filter(|it| it.security).collect();
    let nameless = fixes.iter().filter(|it| {
        let reasons = it.recognise().reasons;
        !reasons
            .iter()
            .any(|reason| reason.to_string().contains("names "))
    });
    assert!(nameless.count() * 4 >= fixes.len());
    for pull_request in &all {
        let page = format!(
            "https://github.com/NixOS/nixpkgs/pull/{}",
            pull_request.number
        );
        assert_eq!(pull_request.source, page);
    }
    assert!(all.is_sorted_by_key(|it| it.number));
}

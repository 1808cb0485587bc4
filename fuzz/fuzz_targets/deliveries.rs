//! Webhook deliveries of any content, and what pull requests say of themselves: both come from anybody.

#![no_main]

use picket_recognise::{Subject, recognise};
use picket_watcher::hint;

/// The kinds of deliveries that are read.
const EVENTS: [&str; 3] = ["pull_request", "issues", "pull_request_review"];

libfuzzer_sys::fuzz_target!(|data: (u8, String, String)| {
    let (kind, body, title) = data;
    let event = EVENTS[usize::from(kind) % EVENTS.len()];
    // An error says what is wrong with it; nothing else may come of it.
    let _ = hint(event, &body, "NixOS/nixpkgs");
    let subject = Subject {
        title: &title,
        body: &body,
        base: "master",
        paths: vec![&title],
        labels: vec![&body],
        commits: vec![&body, &title],
        added_lines: vec![&body],
    };
    for reason in recognise(&subject).reasons {
        assert!(!reason.to_string().is_empty());
    }
});

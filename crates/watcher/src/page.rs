//! One page of a list.

use std::collections::BTreeMap;

use picket_domain::{Candidate, PassedBy, PortOf, PrNumber, Scope, Timestamp, port_of};
use picket_recognise::{Subject, bumps, in_scope, recognise};

use crate::client::Answer;
use crate::error::WatchError;
use crate::known::Known;
use crate::rows::{self, Head, split};
use crate::schedule::OVERLAP;
use crate::walk::Walk;
use crate::wanted::{AllWanted, want};

/// Which pull requests are worth a look, besides those that are wanted.
pub(crate) struct Interest<'a> {
    pub(crate) label: &'a str,
    /// Whether what says that it is a security fix is, without the label.
    pub(crate) unlabelled: bool,
    /// The packages all of whose pull requests are.
    pub(crate) scope: &'a Scope,
    pub(crate) known: &'a Known,
}

/// What a page showed.
#[derive(Default)]
pub(crate) struct Page {
    /// The pull requests of interest.
    pub(crate) candidates: BTreeMap<PrNumber, Candidate>,
    /// When each row changed, in their order.
    pub(crate) times: Vec<Option<Timestamp>>,
    /// What is no candidate by itself; it may be the port of one that is further down.
    others: Vec<Candidate>,
    /// Version bumps among them that are no ports.
    pub(crate) passed_by: Vec<PassedBy>,
}

impl Page {
    /// Reads a page of a list. What is of interest and not to be read in this list becomes wanted.
    pub(crate) fn read(
        answer: &Answer,
        interest: &Interest<'_>,
        walk: &mut Walk,
        wanted: &mut AllWanted,
    ) -> Result<Self, WatchError> {
        let mut page = Self::default();
        for row in split(&answer.body)? {
            let head = match Head::read(row) {
                Ok(head) => head,
                Err(reason) => {
                    unreadable(rows::number(row), &reason, answer.date, wanted);
                    continue;
                }
            };
            page.times.push(head.updated_at());
            match walk {
                Walk::Changes { newest, .. } => {
                    *newest = (*newest).max(dated(&head, answer.date));
                    page.add(&head, row.get(), interest, (answer.date, wanted));
                }
                Walk::Recent { until, .. } if head.updated_at() < Some(*until) => {}
                Walk::Recent { .. } | Walk::Rows { .. } => {
                    page.add(&head, row.get(), interest, (answer.date, wanted));
                }
                Walk::Labelled { seen, .. } => {
                    seen.insert(head.number);
                    interest.want(&head, wanted);
                }
                Walk::LabelledSince { .. } => interest.want(&head, wanted),
            }
        }
        page.take_ports();
        Ok(page)
    }

    /// Takes the ports of what the page shows, too, and notes bumps among the rest.
    fn take_ports(&mut self) {
        for other in std::mem::take(&mut self.others) {
            let is_here = |it: &PortOf| self.candidates.contains_key(&it.pr);
            if port_of(&other).iter().any(is_here) {
                self.candidates.entry(other.pr).or_insert(other);
            } else if !bumps(&other.title, other.base_branch.as_str()).is_empty() {
                self.passed_by.push(PassedBy {
                    pr: other.pr,
                    title: other.title,
                    base_branch: other.base_branch,
                    updated_at: other.updated_at,
                });
            }
        }
    }

    fn add(
        &mut self,
        head: &Head,
        row: &str,
        interest: &Interest<'_>,
        (now, wanted): (Timestamp, &mut AllWanted),
    ) {
        let number = head.number;
        let is_covered = wanted.contains_key(&number) || interest.covers(head);
        if !is_covered && !interest.may_recognise(number) {
            return;
        }
        match rows::candidate(row) {
            Ok(candidate) if !is_covered && !interest.admits(&candidate) => {
                if interest.unlabelled {
                    self.others.push(candidate);
                }
            }
            Ok(candidate) => {
                wanted.remove(&number);
                // The list may have shifted while it was read, and show it twice.
                let shown = self.candidates.get(&number);
                if shown.is_none_or(|shown| shown.updated_at <= candidate.updated_at) {
                    self.candidates.insert(number, candidate);
                }
            }
            // Nothing says that it is of interest.
            Err(_) if !is_covered => {}
            Err(reason) => unreadable(Some(number), &reason, now, wanted),
        }
    }
}

impl Interest<'_> {
    /// Whether a row is to be looked at: it has the label, or may be newer than what is known. A row
    /// of the same second may be.
    fn covers(&self, head: &Head) -> bool {
        match self.known.get(&head.number) {
            Some(known) => head.updated_at() >= Some(known.updated_at),
            None => head.has_label(self.label),
        }
    }

    /// Whether a row without the label is to be read for what it says of itself.
    fn may_recognise(&self, number: PrNumber) -> bool {
        let is_read = self.unlabelled || !self.scope.is_empty();
        is_read && !self.known.contains_key(&number)
    }

    /// Whether one without the label is a candidate: it is about a package in the scope, says that it
    /// is a security fix, or that it is the port of one that is a candidate.
    fn admits(&self, candidate: &Candidate) -> bool {
        let subject = Subject::from(candidate);
        let is_watched = |it: &PortOf| self.known.contains_key(&it.pr);
        let says_so =
            || recognise(&subject).is_security() || port_of(candidate).iter().any(is_watched);
        in_scope(&subject, self.scope).is_some() || (self.unlabelled && says_so())
    }

    /// A list of labels showed it: a row of it is wanted, unless it is known as it is.
    fn want(&self, head: &Head, wanted: &mut AllWanted) {
        let known = self.known.get(&head.number);
        let is_known = known.is_some_and(|known| head.updated_at() <= Some(known.updated_at));
        if head.is_pull_request() && !is_known {
            want(wanted, head.number, head.updated_at(), Some(head.is_open()));
        }
    }
}

/// A row that is dated ahead says nothing of how far was read.
fn dated(head: &Head, now: Timestamp) -> Option<Timestamp> {
    let latest = now.plus_seconds(OVERLAP);
    head.updated_at().filter(|at| *at <= latest)
}

/// What cannot be read in a list may be readable by itself, or later.
fn unreadable(number: Option<PrNumber>, reason: &str, now: Timestamp, wanted: &mut AllWanted) {
    let Some(number) = number else {
        tracing::warn!("skipped a row that has no number: {reason}");
        return;
    };
    // Whether one without readable labels is of interest, only its own page can tell.
    want(wanted, number, None, None).unreadable(reason, now);
}

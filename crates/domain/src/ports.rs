//! Which candidates are one matter: an original and its ports.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::candidate::{Candidate, UpstreamState};
use crate::facts::Facts;
use crate::id::{CommitSha, PrNumber};
use crate::port::{PortEvidence, PortOf, Series, distinct};

/// The originals and the ports among a channel's candidates.
///
/// Takes time in proportion to the candidates to work out, and none to ask about one of them. It
/// goes one step from a port to its originals and back, so that it does not matter where texts send
/// it in a circle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports {
    originals: BTreeMap<PrNumber, Vec<PortOf>>,
    ports: BTreeMap<PrNumber, Vec<PrNumber>>,
}

impl Ports {
    /// Works them out.
    pub fn of(facts: &Facts) -> Self {
        let mut said = by_commits(facts);
        for (port, originals) in facts.said_ports.iter() {
            let said = said.entry(*port).or_default();
            said.extend(originals.iter().map(|it| (it.pr, it.how)));
        }
        let mut found = Self::default();
        for (port, mut said) in said {
            // The best word for each comes first.
            said.sort_by_key(|(_, how)| *how);
            let mut originals = distinct(port, said.into_iter());
            originals.sort();
            for original in &originals {
                let ports: &mut Vec<_> = found.ports.entry(original.pr).or_default();
                ports.push(port);
            }
            if !originals.is_empty() {
                found.originals.insert(port, originals);
            }
        }
        found
    }

    /// What a pull request is a port of, by number. An original need not be a candidate.
    pub fn originals(&self, port: PrNumber) -> &[PortOf] {
        self.originals.get(&port).map_or(&[], Vec::as_slice)
    }

    /// The candidates that are ports of a pull request, by number.
    pub fn ports(&self, original: PrNumber) -> &[PrNumber] {
        self.ports.get(&original).map_or(&[], Vec::as_slice)
    }

    /// On whose word one is a port of the other.
    pub fn evidence(&self, port: PrNumber, original: PrNumber) -> Option<PortEvidence> {
        let mut originals = self.originals(port).iter();
        originals.find(|it| it.pr == original).map(|it| it.how)
    }

    /// Whether upstream's bot made it, as a port of this original.
    pub fn is_by_bot(&self, port: PrNumber, original: PrNumber) -> bool {
        self.evidence(port, original) == Some(PortEvidence::Bot)
    }

    /// The other ports of what a pull request is the port of: of one original, since with those of
    /// several it may have no more in common than a part.
    pub fn siblings(&self, port: PrNumber) -> impl Iterator<Item = PrNumber> {
        let ports = match self.originals(port) {
            [only] => self.ports(only.pr),
            [] | [_, ..] => &[],
        };
        ports.iter().copied().filter(move |it| *it != port)
    }

    /// The ports of a pull request, those first that are likeliest to be what upstream ships: what is
    /// not closed, what it merged, what its bot made, what is finished, what is newer.
    pub fn best_first<'a>(&self, facts: &'a Facts, original: PrNumber) -> Vec<&'a Candidate> {
        let ports = self.ports(original).iter();
        let ports = ports.filter_map(|pr| facts.candidates.get(pr));
        let mut ports: Vec<_> = ports.map(AsRef::as_ref).collect();
        ports.sort_by_cached_key(|it| {
            let is_closed = it.upstream == UpstreamState::Closed;
            let is_merged = matches!(it.upstream, UpstreamState::Merged { .. });
            let is_by_bot = self.is_by_bot(it.pr, original);
            (
                is_closed,
                !is_merged,
                !is_by_bot,
                it.is_draft,
                Reverse(it.pr),
            )
        });
        ports
    }

    /// The first of those that goes to a release's branch and is not closed.
    pub fn to_release<'a>(
        &self,
        facts: &'a Facts,
        original: PrNumber,
        series: &Series,
    ) -> Option<&'a Candidate> {
        let mut ports = self.best_first(facts, original).into_iter();
        ports.find(|it| {
            it.upstream != UpstreamState::Closed
                && Series::of(it.base_branch.as_str()).as_ref() == Some(series)
        })
    }
}

type Said = BTreeMap<PrNumber, Vec<(PrNumber, PortEvidence)>>;

/// What candidates' commits say that they were picked from, where those are another candidate's.
fn by_commits(facts: &Facts) -> Said {
    let ports: Vec<_> = facts
        .candidates
        .values()
        .filter(|it| is_picked(it))
        .collect();
    let wanted = ports.iter().flat_map(|it| picked_from(it)).collect();
    let owners = owners(facts, &wanted);
    let mut said = Said::new();
    for port in ports {
        let found = picked_from(port).filter_map(|id| *owners.get(id)?);
        let other_branch = found.filter(|it| it.base_branch != port.base_branch);
        let found: BTreeSet<_> = other_branch.map(|it| it.pr).collect();
        let found = found.into_iter().map(|pr| (pr, PortEvidence::Commits));
        said.entry(port.pr).or_default().extend(found);
    }
    said
}

fn is_picked(candidate: &Candidate) -> bool {
    picked_from(candidate).next().is_some() && Series::of(candidate.base_branch.as_str()).is_some()
}

fn picked_from(candidate: &Candidate) -> impl Iterator<Item = &CommitSha> {
    candidate.commits().iter().flat_map(|it| &it.picked_from)
}

/// Whose these commits are, before they were merged or by it; `None` where several have them.
fn owners<'a>(
    facts: &'a Facts,
    wanted: &BTreeSet<&CommitSha>,
) -> BTreeMap<&'a CommitSha, Option<&'a Candidate>> {
    let mut owners = BTreeMap::new();
    if wanted.is_empty() {
        return owners;
    }
    for candidate in facts.candidates.values() {
        let merged = match &candidate.upstream {
            UpstreamState::Merged { commit, .. } => commit.as_ref(),
            UpstreamState::Open | UpstreamState::Closed => None,
        };
        let commits = candidate.commits().iter().map(|it| &it.sha).chain(merged);
        for id in commits.filter(|id| wanted.contains(id)) {
            let owner = owners.entry(id).or_insert(Some(candidate.as_ref()));
            if owner.is_some_and(|owner| owner.pr != candidate.pr) {
                *owner = None;
            }
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::candidate::{Details, SourceCommit};
    use crate::fixtures::{candidate, policy, sha};
    use crate::id::{BranchName, Login};
    use crate::port::port_of;
    use crate::time::Timestamp;

    fn port(pr: u64, branch: &str, body: &str) -> Candidate {
        Candidate {
            body: body.to_owned(),
            base_branch: BranchName::parse(branch).unwrap(),
            ..candidate(pr, &format!("head {pr}"))
        }
    }

    fn facts(candidates: Vec<Candidate>) -> Facts {
        let mut facts = Facts::new(policy(2));
        for candidate in candidates {
            let said = port_of(&candidate);
            if !said.is_empty() {
                facts.said_ports.insert(candidate.pr, said.into());
            }
            facts.candidates.insert(candidate.pr, Arc::new(candidate));
        }
        facts
    }

    fn commit(name: &str, picked_from: &[&str]) -> Details {
        let commit = SourceCommit {
            sha: sha(name),
            subject: name.to_owned(),
            author: "A".to_owned(),
            picked_from: picked_from.iter().map(|it| sha(it)).collect(),
        };
        Details {
            commits: vec![commit],
            ..Details::default()
        }
    }

    fn series() -> Series {
        Series::of("nixos-26.05").unwrap()
    }

    #[test]
    fn originals_and_ports_know_each_other_and_a_circle_is_no_harm() {
        let facts = facts(vec![
            candidate(1, "one"),
            port(2, "release-26.05", "Backport of #1"),
            port(3, "release-25.11", "Backport of #1"),
            port(4, "release-26.05", "Backport of #5"),
            port(5, "release-25.11", "Backport of #4"),
            port(6, "release-26.05", "Backport of #1 and #777"),
        ]);
        let ports = Ports::of(&facts);
        assert_eq!(ports.ports(PrNumber(1)), [2, 3, 6].map(PrNumber));
        assert_eq!(ports.originals(PrNumber(1)), []);
        let of: Vec<_> = ports
            .originals(PrNumber(6))
            .iter()
            .map(|it| it.pr.0)
            .collect();
        assert_eq!(of, [1, 777]);
        assert_eq!(ports.ports(PrNumber(777)), [PrNumber(6)]);
        let siblings = |pr| {
            ports
                .siblings(PrNumber(pr))
                .map(|it| it.0)
                .collect::<Vec<_>>()
        };
        assert_eq!((siblings(2), siblings(6)), (vec![3, 6], vec![]));
        assert_eq!(
            ports.ports(PrNumber(4)),
            ports
                .siblings(PrNumber(4))
                .chain([PrNumber(5)])
                .collect::<Vec<_>>()
        );
        let said = PortEvidence::Description;
        assert_eq!(ports.evidence(PrNumber(2), PrNumber(1)), Some(said));
        assert_eq!(ports.evidence(PrNumber(1), PrNumber(2)), None);
    }

    #[test]
    fn commits_that_were_picked_from_a_candidates_make_a_port_of_it() {
        let mut original = candidate(1, "fix");
        original.details = Some(commit("fix", &[]));
        original.upstream = UpstreamState::Merged {
            at: Timestamp::from_unix(0),
            commit: Some(sha("squashed")),
        };
        let picked = |pr, branch, from| {
            let details = Some(commit(&format!("pick {pr}"), &[from]));
            Candidate {
                details,
                ..port(pr, branch, "Backport of #1")
            }
        };
        let again = Candidate {
            body: String::new(),
            ..picked(5, "release-26.05", "squashed")
        };
        let all = vec![
            original,
            picked(2, "release-26.05", "fix"),
            picked(3, "release-25.11", "unknown"),
            picked(4, "master", "fix"),
            again,
        ];
        let ports = Ports::of(&facts(all));
        assert_eq!(ports.ports(PrNumber(1)), [2, 3, 5].map(PrNumber));
        let evidence = |pr| ports.evidence(PrNumber(pr), PrNumber(1)).unwrap();
        let all = [evidence(2), evidence(3), evidence(5)];
        assert_eq!(
            all.map(PortEvidence::name),
            ["commits", "description", "commits"]
        );
    }

    #[test]
    fn a_commit_of_two_pull_requests_tells_of_neither() {
        let with = |pr, name: &str, from: &[&str], branch| Candidate {
            details: Some(commit(name, from)),
            ..port(pr, branch, "")
        };
        let all = vec![
            with(1, "fix", &[], "master"),
            with(2, "fix", &[], "master"),
            with(3, "pick", &["fix"], "release-26.05"),
        ];
        let ports = Ports::of(&facts(all.clone()));
        assert_eq!(ports.originals(PrNumber(3)), []);
        let ports = Ports::of(&facts(all[1..].to_vec()));
        assert_eq!(ports.originals(PrNumber(3)).len(), 1);
    }

    #[test]
    fn the_port_to_a_release_is_the_one_that_upstream_ships() {
        let bots = |pr, branch| Candidate {
            author: Login::parse("nixpkgs-ci[bot]").unwrap(),
            ..port(pr, branch, "Backport of #1")
        };
        let mut all = vec![
            candidate(1, "one"),
            port(9, "staging-26.05", "Backport of #1"),
        ];
        let best = |all: &[Candidate]| {
            let facts = facts(all.to_vec());
            let ports = Ports::of(&facts);
            let found = ports.to_release(&facts, PrNumber(1), &series());
            found.map(|it| it.pr.0)
        };
        assert_eq!(best(&all), Some(9));
        all.push(bots(2, "release-26.05"));
        all.push(bots(8, "release-25.11"));
        assert_eq!(
            best(&all),
            Some(2),
            "anybody may have written the other one"
        );
        all[2].upstream = UpstreamState::Closed;
        assert_eq!(best(&all), Some(9));
        all[2].upstream = UpstreamState::Open;
        all[1].upstream = UpstreamState::Merged {
            at: Timestamp::from_unix(0),
            commit: None,
        };
        assert_eq!(best(&all), Some(9), "it is what upstream ships");
        assert_eq!(best(&all[..1]), None);
    }
}

//! Which jobs of a revision read a file: those that a change to it may change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use picket_domain::JobName;
use picket_reads::What;

use super::{Noted, Trace};
use crate::jobs::Evaluated;

/// Which jobs of a revision read what.
#[derive(Debug)]
pub struct Readers {
    evaluated: Evaluated,
    /// The workers that looked at a path, and how many looks they had taken before.
    looks: BTreeMap<PathBuf, Vec<Seen>>,
    /// What each job's worker had looked at.
    jobs: Vec<Reader>,
    /// Jobs of which nobody can tell.
    unknown: Vec<JobName>,
}

#[derive(Debug)]
struct Reader {
    job: JobName,
    worker: u32,
    looks: u32,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    worker: u32,
    before: u32,
    what: What,
}

/// What becomes of a path of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathChange<'a> {
    /// What is in it, or its mode, is another one.
    Modified(&'a Path),
    /// It comes or goes, and so do names in folders.
    Named(&'a Path),
}

impl Readers {
    pub(crate) fn new(evaluated: Evaluated, trace: &Trace) -> Self {
        let mut looks: BTreeMap<PathBuf, Vec<Seen>> = BTreeMap::new();
        for (worker, places) in (0..).zip(&trace.workers) {
            for (before, place) in (0..).zip(places) {
                let Some((look, _)) = trace.looks.get(*place as usize) else {
                    continue;
                };
                let what = look.what;
                let seen = Seen {
                    worker,
                    before,
                    what,
                };
                looks.entry(look.path.clone()).or_default().push(seen);
                if let Some(real) = trace.real.get(place) {
                    looks.entry(real.clone()).or_default().push(seen);
                }
            }
        }
        let nodes = trace.nodes.iter();
        let jobs: Vec<_> = nodes
            .filter(|(_, (noted, _))| *noted == Noted::Job)
            .filter_map(|(node, (_, moment))| {
                Some(Reader {
                    job: JobName::parse(node.as_str()).ok()?,
                    worker: moment.worker,
                    looks: moment.looks,
                })
            })
            .collect();
        let known: BTreeSet<_> = jobs.iter().map(|it| &it.job).collect();
        let names = evaluated.jobs.keys();
        let unknown = names
            .filter(|name| !known.contains(name))
            .cloned()
            .collect();
        Self {
            looks,
            jobs,
            unknown,
            evaluated,
        }
    }

    /// The evaluation that read this.
    pub fn evaluated(&self) -> &Evaluated {
        &self.evaluated
    }

    /// The jobs that read anything of what changes, or of which nobody can tell: no other job of the
    /// revision changes by it.
    pub fn of<'a>(&self, changes: impl IntoIterator<Item = PathChange<'a>>) -> Vec<&JobName> {
        let mut first: BTreeMap<u32, u32> = BTreeMap::new();
        for change in changes {
            for seen in self.seen(change) {
                let before = first.entry(seen.worker).or_insert(seen.before);
                *before = seen.before.min(*before);
            }
        }
        let reads = |job: &&Reader| first.get(&job.worker).is_some_and(|at| *at < job.looks);
        let jobs = self.jobs.iter().filter(reads).map(|reader| &reader.job);
        let mut jobs: Vec<_> = jobs.chain(&self.unknown).collect();
        jobs.sort_unstable();
        jobs
    }

    /// The looks that may show something else.
    fn seen<'a>(&'a self, change: PathChange<'a>) -> impl Iterator<Item = &'a Seen> {
        let (path, folders) = match change {
            PathChange::Modified(path) => (path, None),
            PathChange::Named(path) => (path, path.parent()),
        };
        // What lies below it was reached through it: it may be a link, or become one.
        let from = self.looks.range(path.to_owned()..);
        let below = from.take_while(move |(at, _)| at.starts_with(path));
        let folders = folders.into_iter().flat_map(Path::ancestors);
        let listed = folders.filter_map(|folder| self.looks.get(folder));
        let is_listed = |seen: &&Seen| seen.what == What::Content;
        below
            .flat_map(|(_, seen)| seen)
            .chain(listed.flatten().filter(is_listed))
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::{EvaluationCost, Sha256};
    use picket_reads::Look;

    use super::super::{Moment, Node};
    use super::*;
    use crate::jobs::JobError;
    use crate::queue::Item;

    const LOOKS: [(&str, What); 5] = [
        ("default.nix", What::Content),
        ("folder", What::Content),
        ("a.nix", What::Content),
        ("linked/inner.nix", What::Content),
        ("b.nix", What::Content),
    ];

    /// Three jobs: two of one worker, one of another; and one of which nothing is known.
    fn readers() -> Readers {
        let looks = LOOKS.map(|(path, what)| {
            let path = path.into();
            (Look { path, what }, Sha256::of(b""))
        });
        let node = |name: &str| Node::of(&Item::root(0, vec![name.to_owned()]));
        let at = |worker, looks| (Noted::Job, Moment { worker, looks });
        let trace = Trace {
            looks: looks.to_vec(),
            workers: vec![vec![0, 1, 2], vec![0, 3, 4]],
            nodes: [
                (node("early"), at(0, 2)),
                (node("late"), at(0, 3)),
                (node("other"), at(1, 3)),
            ]
            .into(),
            real: [(3, "inside/inner.nix".into())].into(),
            job_set: String::new(),
        };
        let jobs = ["early", "late", "other", "unknown"].map(|name| {
            let error = JobError::TooDeep { most: 1 };
            (JobName::parse(name).unwrap(), Err(error))
        });
        let evaluated = Evaluated {
            jobs: jobs.into(),
            cost: EvaluationCost::default(),
            taken_over: 0,
        };
        Readers::new(evaluated, &trace)
    }

    fn touched(change: PathChange<'_>) -> Vec<String> {
        let readers = readers();
        let jobs = readers.of([change]).into_iter();
        jobs.map(ToString::to_string).collect()
    }

    #[test]
    fn jobs_that_read_what_changes_are_told_with_those_of_which_nobody_can_tell() {
        let modified = |path: &'static str| touched(PathChange::Modified(Path::new(path)));
        assert_eq!(
            modified("default.nix"),
            ["early", "late", "other", "unknown"]
        );
        assert_eq!(modified("a.nix"), ["late", "unknown"]);
        assert_eq!(modified("b.nix"), ["other", "unknown"]);
        assert_eq!(modified("unread.nix"), ["unknown"]);
    }

    #[test]
    fn a_file_is_found_behind_links_and_a_link_before_files() {
        let modified = |path: &'static str| touched(PathChange::Modified(Path::new(path)));
        assert_eq!(modified("inside/inner.nix"), ["other", "unknown"]);
        assert_eq!(modified("linked"), ["other", "unknown"]);
    }

    #[test]
    fn a_name_that_comes_is_seen_by_who_lists_its_folder() {
        let path = Path::new("folder/new/default.nix");
        assert_eq!(touched(PathChange::Modified(path)), ["unknown"]);
        assert_eq!(
            touched(PathChange::Named(path)),
            ["early", "late", "unknown"]
        );
    }
}

//! What an evaluation read, as it is kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use picket_domain::Sha256;
use picket_reads::Look;
use serde::{Deserialize, Serialize};

use crate::job_set::JobSet;

use super::{Digests, Moment, Node, Noted, Notes};

/// What an evaluation read.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Trace {
    /// What was evaluated, as JSON: what a job set's arguments are, only that can tell. It is the
    /// first, so that it can be read alone.
    pub(super) job_set: String,
    /// Every look, and what it showed.
    pub(super) looks: Vec<(Look, Sha256)>,
    /// Each worker's looks in order, as places in the list above.
    pub(super) workers: Vec<Vec<u32>>,
    pub(super) nodes: BTreeMap<Node, (Noted, Moment)>,
    /// The paths of looks without links in them, where these are others, by the looks' places.
    pub(super) real: BTreeMap<u32, PathBuf>,
}

impl Trace {
    /// The trace of an evaluation, with what its looks show in its tree. What was found after a look
    /// of which nobody can tell that is not in it.
    pub(crate) fn new(job_set: &JobSet, notes: Notes, digests: &mut Digests) -> Self {
        let mut trace = Self {
            job_set: as_json(job_set),
            ..Self::default()
        };
        let places: Vec<_> = notes
            .looks
            .into_all()
            .map(|look| trace.place(look, digests))
            .collect();
        for looks in notes.workers {
            let known = looks.iter().map_while(|look| places[*look as usize]);
            trace.workers.push(known.collect());
        }
        let known = |(_, moment): &(Noted, Moment)| trace.looks_until(*moment).is_some();
        let mut nodes = notes.nodes;
        nodes.retain(|_, found| known(found));
        Self { nodes, ..trace }
    }

    /// Adds a look and what it shows; `None`: nobody can tell.
    fn place(&mut self, look: Look, digests: &mut Digests) -> Option<u32> {
        let shows = digests.digest(&look)?;
        let place = u32::try_from(self.looks.len()).expect("a tree has fewer paths");
        let real = digests.real_path(&look);
        self.real.extend(real.map(|real| (place, real)));
        self.looks.push((look, shows));
        Some(place)
    }

    /// A look of the list.
    pub(super) fn look(&self, place: u32) -> &Look {
        &self.looks[place as usize].0
    }

    /// Whether a written trace that begins so is of an evaluation of this job set.
    pub(crate) fn begins_for(written: &[u8], job_set: &JobSet) -> bool {
        let job_set_of = postcard::take_from_bytes::<String>(written);
        job_set_of.is_ok_and(|(of, _)| of == as_json(job_set))
    }

    /// What a worker had looked at, as places in the list of looks; `None`: that is not known whole.
    pub(super) fn looks_until(&self, moment: Moment) -> Option<&[u32]> {
        let worker = self.workers.get(moment.worker as usize)?;
        worker.get(..moment.looks as usize)
    }

    /// For each worker, how many of its looks show the same in another tree: those before the first
    /// one that does not.
    pub(super) fn unchanged(&self, digests: &mut Digests) -> Vec<u32> {
        let same: Vec<bool> = self
            .looks
            .iter()
            .map(|(look, shows)| digests.digest(look) == Some(*shows))
            .collect();
        let unchanged = |worker: &Vec<u32>| {
            let is_same = |place: &&u32| same.get(**place as usize) == Some(&true);
            let until = worker.iter().take_while(is_same).count();
            u32::try_from(until).unwrap_or(0)
        };
        self.workers.iter().map(unchanged).collect()
    }
}

fn as_json(job_set: &JobSet) -> String {
    serde_json::to_string(job_set).expect("every key is text")
}

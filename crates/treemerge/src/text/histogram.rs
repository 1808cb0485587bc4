//! Histogram diff, step for step as git's xdiff does it: the region to split at is the longest
//! run of common lines among those with the fewest occurrences in the old file. Where every common
//! line is too frequent, the classic algorithm ([`super::myers`]) takes the region over.
//!
//! Line numbers count from one and zero means none, as the tie-breaks depend on it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{lines::Class, myers};

/// A line that occurs more often than this in the old region never leads a split.
const MAX_OCCURRENCES: u32 = 64;

/// The longest chain of git's hash table.
const MAX_CHAIN: usize = 64;

/// git itself fails over this input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BeyondGit;

/// Marks the lines of both sides that are not common.
pub(super) fn diff(
    old: &[Class],
    new: &[Class],
    class_count: usize,
) -> Result<(Vec<bool>, Vec<bool>), BeyondGit> {
    let mut histogram = Histogram {
        old,
        new,
        old_changed: vec![false; old.len()],
        new_changed: vec![false; new.len()],
        first: vec![0; class_count],
        occurrences: vec![0; class_count],
        next: vec![0; old.len() + 1],
    };
    histogram.regions(Region {
        old: 1,
        old_count: old.len(),
        new: 1,
        new_count: new.len(),
    })?;
    Ok((histogram.old_changed, histogram.new_changed))
}

struct Histogram<'a> {
    old: &'a [Class],
    new: &'a [Class],
    old_changed: Vec<bool>,
    new_changed: Vec<bool>,
    /// By class: its first line in the old region under work, or zero.
    first: Vec<u32>,
    /// By class: how many lines of the old region under work are of it.
    occurrences: Vec<u32>,
    /// By old line: the next line of the same class in the region, or zero.
    next: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Region {
    old: usize,
    old_count: usize,
    new: usize,
    new_count: usize,
}

impl Region {
    fn old_end(self) -> usize {
        self.old + self.old_count - 1
    }

    fn new_end(self) -> usize {
        self.new + self.new_count - 1
    }
}

/// A run of common lines, both ends included.
#[derive(Default)]
struct Common {
    old: usize,
    old_end: usize,
    new: usize,
    new_end: usize,
}

enum Split {
    At(Common),
    Nothing,
    TooFrequent,
}

impl Histogram<'_> {
    /// Splits regions until none is left. They do not depend on each other, and a list of them
    /// takes any number where recursion would not.
    fn regions(&mut self, whole: Region) -> Result<(), BeyondGit> {
        let mut open = vec![whole];
        while let Some(region) = open.pop() {
            if region.old_count == 0 || region.new_count == 0 {
                self.mark_changed(region);
                continue;
            }
            match self.split(region)? {
                Split::Nothing => self.mark_changed(region),
                Split::TooFrequent => self.classic(region),
                Split::At(common) => {
                    open.push(Region {
                        old: common.old_end + 1,
                        old_count: region.old_end() - common.old_end,
                        new: common.new_end + 1,
                        new_count: region.new_end() - common.new_end,
                    });
                    open.push(Region {
                        old: region.old,
                        old_count: common.old - region.old,
                        new: region.new,
                        new_count: common.new - region.new,
                    });
                }
            }
        }
        Ok(())
    }

    fn mark_changed(&mut self, region: Region) {
        self.old_changed[region.old - 1..region.old - 1 + region.old_count].fill(true);
        self.new_changed[region.new - 1..region.new - 1 + region.new_count].fill(true);
    }

    fn classic(&mut self, region: Region) {
        let old = region.old - 1..region.old - 1 + region.old_count;
        let new = region.new - 1..region.new - 1 + region.new_count;
        let (old_changed, new_changed) = myers::diff(
            &self.old[old.clone()],
            &self.new[new.clone()],
            self.first.len(),
        );
        self.old_changed[old].copy_from_slice(&old_changed);
        self.new_changed[new].copy_from_slice(&new_changed);
    }

    fn split(&mut self, region: Region) -> Result<Split, BeyondGit> {
        if self.overfills_a_bucket(region) {
            return Err(BeyondGit);
        }
        self.index(region);
        let mut search = Search {
            region,
            best: Common::default(),
            fewest: MAX_OCCURRENCES + 1,
            any: false,
        };
        let mut new = region.new;
        while new <= region.new_end() {
            new = search.try_line(self, new);
        }
        let found = search;
        self.forget(region);
        Ok(if found.any && found.fewest > MAX_OCCURRENCES {
            Split::TooFrequent
        } else if found.best.old == 0 && found.best.new == 0 {
            Split::Nothing
        } else {
            Split::At(found.best)
        })
    }

    /// Whether git's hash table for the region would hold too many different lines in one of its
    /// buckets, at which git ends with an error. Lines have to be chosen for that.
    fn overfills_a_bucket(&self, region: Region) -> bool {
        // Classes of one bucket are about as far apart as there are buckets, which are no fewer
        // than the region's lines: in most regions there are too few classes for this many.
        if region.old_count <= MAX_CHAIN || self.first.len() / MAX_CHAIN < region.old_count - 1 {
            return false;
        }
        let bits = region.old_count.next_power_of_two().trailing_zeros();
        let lines = &self.old[region.old - 1..region.old_end()];
        let mut chains = FxHashMap::<Class, FxHashSet<Class>>::default();
        lines.iter().any(|class| {
            let bucket = class.wrapping_add(class >> bits) & ((1 << bits) - 1);
            let chain = chains.entry(bucket).or_default();
            chain.insert(*class);
            chain.len() > MAX_CHAIN
        })
    }

    fn index(&mut self, region: Region) {
        for line in (region.old..=region.old_end()).rev() {
            let class = self.old[line - 1] as usize;
            self.next[line] = self.first[class];
            // A file has fewer than 2^32 lines: its size is below 1 GiB.
            self.first[class] = u32::try_from(line).unwrap_or(u32::MAX);
            self.occurrences[class] += 1;
        }
    }

    fn forget(&mut self, region: Region) {
        for line in region.old..=region.old_end() {
            let class = self.old[line - 1] as usize;
            self.first[class] = 0;
            self.occurrences[class] = 0;
        }
    }

    fn same(&self, old: usize, new: usize) -> bool {
        self.old[old - 1] == self.new[new - 1]
    }

    fn occurrences_of(&self, old: usize) -> u32 {
        self.occurrences[self.old[old - 1] as usize]
    }
}

struct Search {
    region: Region,
    best: Common,
    /// The fewest occurrences of any line of the best run so far.
    fewest: u32,
    /// Whether any line is common, however frequent.
    any: bool,
}

impl Search {
    /// Tries every run through the new file's line `new`; returns the next line to try.
    fn try_line(&mut self, histogram: &Histogram<'_>, new: usize) -> usize {
        let mut next_new = new + 1;
        let class = histogram.new[new - 1] as usize;
        let mut old = histogram.first[class] as usize;
        if old == 0 {
            return next_new;
        }
        self.any = true;
        if histogram.occurrences[class] > self.fewest {
            return next_new;
        }
        loop {
            let (run, fewest) = self.grow(histogram, old, new);
            next_new = next_new.max(run.new_end + 1);
            if self.best.old_end - self.best.old < run.old_end - run.old || fewest < self.fewest {
                self.fewest = fewest;
                let run_end = run.old_end;
                self.best = run;
                old = next_after(histogram, old, run_end);
            } else {
                old = next_after(histogram, old, run.old_end);
            }
            if old == 0 {
                return next_new;
            }
        }
    }

    /// The longest run of common lines through a pair, and its rarest line's occurrences.
    fn grow(&self, histogram: &Histogram<'_>, old: usize, new: usize) -> (Common, u32) {
        let region = self.region;
        let mut fewest = histogram.occurrences_of(old);
        let mut run = Common {
            old,
            old_end: old,
            new,
            new_end: new,
        };
        while region.old < run.old
            && region.new < run.new
            && histogram.same(run.old - 1, run.new - 1)
        {
            run.old -= 1;
            run.new -= 1;
            if fewest > 1 {
                fewest = fewest.min(histogram.occurrences_of(run.old));
            }
        }
        while run.old_end < region.old_end()
            && run.new_end < region.new_end()
            && histogram.same(run.old_end + 1, run.new_end + 1)
        {
            run.old_end += 1;
            run.new_end += 1;
            if fewest > 1 {
                fewest = fewest.min(histogram.occurrences_of(run.old_end));
            }
        }
        (run, fewest)
    }
}

/// The next old line of the same class as `old` that lies after `end`.
fn next_after(histogram: &Histogram<'_>, old: usize, end: usize) -> usize {
    let mut next = histogram.next[old] as usize;
    while next != 0 && next <= end {
        next = histogram.next[next] as usize;
    }
    next
}

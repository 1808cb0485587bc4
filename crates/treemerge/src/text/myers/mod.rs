//! The classic diff of git's xdiff: Myers' linear-space algorithm on lines that remain once lines
//! without a counterpart are set aside, with its heuristics that give up on minimality.
//! It only runs where the histogram algorithm finds every common line too frequent.

mod front;

use super::lines::Class;
use front::Front;

/// Upper bound of what counts as "too many matches" for a line.
const MAX_MATCH_LIMIT: usize = 1024;
/// How far around a frequent line its neighbours are looked at.
const NEIGHBOUR_WINDOW: usize = 100;
/// A frequent line is set aside when this share of its neighbours have no match.
const KEEP_RATIO: usize = 4;
/// A search costs at least this many steps before it may be cut short.
const MIN_COST_CAP: i64 = 256;
/// From this cost on, a good diagonal ends the search.
const HEURISTIC_COST: i64 = 256;
/// A run of this many equal lines is a good snake.
const SNAKE: i64 = 20;
const HEURISTIC_FACTOR: i64 = 4;

/// Marks the lines of both sides that are not common.
pub(super) fn diff(old: &[Class], new: &[Class], class_count: usize) -> (Vec<bool>, Vec<bool>) {
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let suffix = old[prefix..]
        .iter()
        .rev()
        .zip(new[prefix..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut old_side = Side::new(old, prefix, suffix, &occurrences(new, class_count));
    let mut new_side = Side::new(new, prefix, suffix, &occurrences(old, class_count));
    Search::new(old_side.kept.len(), new_side.kept.len()).run(&mut old_side, &mut new_side);
    (old_side.changed, new_side.changed)
}

fn occurrences(lines: &[Class], class_count: usize) -> Vec<u32> {
    let mut counts = vec![0; class_count];
    for class in lines {
        counts[*class as usize] += 1;
    }
    counts
}

/// One file, reduced to the lines worth comparing.
struct Side {
    changed: Vec<bool>,
    kept: Vec<Class>,
    /// Where each kept line stands in the file.
    position: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Matches {
    None,
    Some,
    Many,
}

impl Side {
    fn new(lines: &[Class], prefix: usize, suffix: usize, in_other: &[u32]) -> Self {
        let limit = rough_square_root(lines.len()).min(MAX_MATCH_LIMIT);
        let inner = prefix..lines.len() - suffix;
        let matches: Vec<Matches> = lines[inner.clone()]
            .iter()
            .map(|class| match in_other[*class as usize] as usize {
                0 => Matches::None,
                count if count >= limit => Matches::Many,
                _ => Matches::Some,
            })
            .collect();
        let mut side = Self {
            changed: vec![false; lines.len()],
            kept: Vec::new(),
            position: Vec::new(),
        };
        for (index, line) in inner.enumerate() {
            let keep = match matches[index] {
                Matches::Some => true,
                Matches::None => false,
                Matches::Many => !is_noise(&matches, index),
            };
            if keep {
                side.kept.push(lines[line]);
                side.position.push(line);
            } else {
                side.changed[line] = true;
            }
        }
        side
    }

    fn mark(&mut self, from: i64, to: i64) {
        for index in from..to {
            let line = self.position[at(index)];
            self.changed[line] = true;
        }
    }
}

/// Whether a frequent line stands between lines without a match, and so is best set aside.
fn is_noise(matches: &[Matches], index: usize) -> bool {
    let from = index.saturating_sub(NEIGHBOUR_WINDOW);
    let to = (matches.len() - 1).min(index + NEIGHBOUR_WINDOW);
    let (none_before, many_before) = run_of_odd(matches[from..index].iter().rev());
    if none_before == 0 {
        return false;
    }
    let (none_after, many_after) = run_of_odd(matches[index + 1..=to].iter());
    if none_after == 0 {
        return false;
    }
    let none = none_before + none_after;
    // Each direction counts the line itself.
    let many = many_before + many_after + 2;
    many * KEEP_RATIO < many + none
}

fn run_of_odd<'a>(neighbours: impl Iterator<Item = &'a Matches>) -> (usize, usize) {
    let (mut none, mut many) = (0, 0);
    for neighbour in neighbours {
        match neighbour {
            Matches::None => none += 1,
            Matches::Many => many += 1,
            Matches::Some => break,
        }
    }
    (none, many)
}

/// xdiff's integer square root: a power of two.
fn rough_square_root(mut n: usize) -> usize {
    let mut root = 1;
    while n > 0 {
        root <<= 1;
        n >>= 2;
    }
    root
}

fn at(index: i64) -> usize {
    usize::try_from(index).unwrap_or(0)
}

/// A rectangle of the edit graph: old lines `old..old_end` against new lines `new..new_end`.
#[derive(Clone, Copy)]
struct Area {
    old: i64,
    old_end: i64,
    new: i64,
    new_end: i64,
}

/// Leaves equal lines at both ends out.
fn shrink(mut area: Area, old: &[Class], new: &[Class]) -> Area {
    while area.old < area.old_end
        && area.new < area.new_end
        && old[at(area.old)] == new[at(area.new)]
    {
        area.old += 1;
        area.new += 1;
    }
    while area.old < area.old_end
        && area.new < area.new_end
        && old[at(area.old_end - 1)] == new[at(area.new_end - 1)]
    {
        area.old_end -= 1;
        area.new_end -= 1;
    }
    area
}

struct Cut {
    old: i64,
    new: i64,
    minimal_before: bool,
    minimal_after: bool,
}

/// Furthest points by diagonal, forward and backward.
struct Search {
    forward: Vec<i64>,
    backward: Vec<i64>,
    /// What to add to a diagonal's number for its index.
    origin: i64,
    cost_cap: i64,
}

impl Search {
    fn new(old_count: usize, new_count: usize) -> Self {
        let diagonals = old_count + new_count + 3;
        let cap = i64::try_from(rough_square_root(diagonals)).unwrap_or(i64::MAX);
        Self {
            forward: vec![0; diagonals + 2],
            backward: vec![0; diagonals + 2],
            origin: i64::try_from(new_count).unwrap_or(i64::MAX) + 1,
            cost_cap: cap.max(MIN_COST_CAP),
        }
    }

    fn run(&mut self, old: &mut Side, new: &mut Side) {
        let area = Area {
            old: 0,
            old_end: i64::try_from(old.kept.len()).unwrap_or(i64::MAX),
            new: 0,
            new_end: i64::try_from(new.kept.len()).unwrap_or(i64::MAX),
        };
        self.compare(old, new, area);
    }

    /// Divides areas until only lines of one side are left in each. They do not depend on each
    /// other, and a list of them takes any number where recursion would not.
    fn compare(&mut self, old: &mut Side, new: &mut Side, whole: Area) {
        let mut open = vec![(whole, false)];
        while let Some((area, minimal)) = open.pop() {
            let area = shrink(area, &old.kept, &new.kept);
            if area.old == area.old_end {
                new.mark(area.new, area.new_end);
            } else if area.new == area.new_end {
                old.mark(area.old, area.old_end);
            } else {
                let cut = self.cut(&old.kept, &new.kept, area, minimal);
                let before = Area {
                    old_end: cut.old,
                    new_end: cut.new,
                    ..area
                };
                let after = Area {
                    old: cut.old,
                    new: cut.new,
                    ..area
                };
                open.push((after, cut.minimal_after));
                open.push((before, cut.minimal_before));
            }
        }
    }

    fn index(&self, diagonal: i64) -> usize {
        at(diagonal + self.origin)
    }

    fn cut(&mut self, old: &[Class], new: &[Class], area: Area, minimal: bool) -> Cut {
        let mut front = Front::new(self, area);
        for cost in 1.. {
            let mut good_snake = false;
            if let Some(cut) = front.step_forward(self, old, new, &mut good_snake) {
                return cut;
            }
            if let Some(cut) = front.step_backward(self, old, new, &mut good_snake) {
                return cut;
            }
            if minimal {
                continue;
            }
            if good_snake
                && cost > HEURISTIC_COST
                && let Some(cut) = front.good_diagonal(self, old, new, cost)
            {
                return cut;
            }
            if cost >= self.cost_cap {
                return front.furthest(self);
            }
        }
        unreachable!("the two fronts meet")
    }
}

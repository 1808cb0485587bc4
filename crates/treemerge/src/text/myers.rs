//! The classic diff of git's xdiff: Myers' linear-space algorithm on lines that remain once lines
//! without a counterpart are set aside, with its heuristics that give up on minimality.
//! It only runs where the histogram algorithm finds every common line too frequent.

use super::lines::Class;

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

/// The range of diagonals that both directions have reached.
struct Front {
    area: Area,
    low: i64,
    high: i64,
    forward_mid: i64,
    backward_mid: i64,
    forward: (i64, i64),
    backward: (i64, i64),
    odd: bool,
}

impl Front {
    fn new(search: &mut Search, area: Area) -> Self {
        let forward_mid = area.old - area.new;
        let backward_mid = area.old_end - area.new_end;
        let (forward, backward) = (search.index(forward_mid), search.index(backward_mid));
        search.forward[forward] = area.old;
        search.backward[backward] = area.old_end;
        Self {
            area,
            low: area.old - area.new_end,
            high: area.old_end - area.new,
            forward_mid,
            backward_mid,
            forward: (forward_mid, forward_mid),
            backward: (backward_mid, backward_mid),
            odd: (forward_mid - backward_mid) & 1 != 0,
        }
    }

    fn step_forward(
        &mut self,
        search: &mut Search,
        old: &[Class],
        new: &[Class],
        good_snake: &mut bool,
    ) -> Option<Cut> {
        self.forward = self.widen(self.forward, -1, search.origin, &mut search.forward);
        let (first, last) = self.forward;
        let mut d = last;
        while d >= first {
            let (below, above) = (
                search.forward[search.index(d - 1)],
                search.forward[search.index(d + 1)],
            );
            let start = if below >= above { below + 1 } else { above };
            let mut i1 = start;
            while i1 < self.area.old_end
                && i1 - d < self.area.new_end
                && old[at(i1)] == new[at(i1 - d)]
            {
                i1 += 1;
            }
            *good_snake |= i1 - start > SNAKE;
            let index = search.index(d);
            search.forward[index] = i1;
            if self.odd
                && self.backward.0 <= d
                && d <= self.backward.1
                && search.backward[index] <= i1
            {
                return Some(Cut {
                    old: i1,
                    new: i1 - d,
                    minimal_before: true,
                    minimal_after: true,
                });
            }
            d -= 2;
        }
        None
    }

    fn step_backward(
        &mut self,
        search: &mut Search,
        old: &[Class],
        new: &[Class],
        good_snake: &mut bool,
    ) -> Option<Cut> {
        self.backward = self.widen(self.backward, i64::MAX, search.origin, &mut search.backward);
        let (first, last) = self.backward;
        let mut d = last;
        while d >= first {
            let (below, above) = (
                search.backward[search.index(d - 1)],
                search.backward[search.index(d + 1)],
            );
            let start = if below < above { below } else { above - 1 };
            let mut i1 = start;
            while i1 > self.area.old
                && i1 - d > self.area.new
                && old[at(i1 - 1)] == new[at(i1 - d - 1)]
            {
                i1 -= 1;
            }
            *good_snake |= start - i1 > SNAKE;
            let index = search.index(d);
            search.backward[index] = i1;
            if !self.odd
                && self.forward.0 <= d
                && d <= self.forward.1
                && i1 <= search.forward[index]
            {
                return Some(Cut {
                    old: i1,
                    new: i1 - d,
                    minimal_before: true,
                    minimal_after: true,
                });
            }
            d -= 2;
        }
        None
    }

    /// Takes in one more diagonal on each side, or leaves one out at the area's border, so that
    /// the parity stays right.
    fn widen(
        &self,
        (mut first, mut last): (i64, i64),
        outside: i64,
        origin: i64,
        points: &mut [i64],
    ) -> (i64, i64) {
        if first > self.low {
            first -= 1;
            points[at(first - 1 + origin)] = outside;
        } else {
            first += 1;
        }
        if last < self.high {
            last += 1;
            points[at(last + 1 + origin)] = outside;
        } else {
            last -= 1;
        }
        (first, last)
    }

    /// After many steps, a diagonal that has come far and ends in a snake is good enough.
    fn good_diagonal(
        &self,
        search: &Search,
        old: &[Class],
        new: &[Class],
        cost: i64,
    ) -> Option<Cut> {
        let area = self.area;
        let mut best = (0, 0, 0);
        let mut d = self.forward.1;
        while d >= self.forward.0 {
            let i1 = search.forward[search.index(d)];
            let i2 = i1 - d;
            let gain = (i1 - area.old) + (i2 - area.new) - (d - self.forward_mid).abs();
            if gain > HEURISTIC_FACTOR * cost
                && gain > best.0
                && area.old + SNAKE <= i1
                && i1 < area.old_end
                && area.new + SNAKE <= i2
                && i2 < area.new_end
                && (1..=SNAKE).all(|k| old[at(i1 - k)] == new[at(i2 - k)])
            {
                best = (gain, i1, i2);
            }
            d -= 2;
        }
        if best.0 > 0 {
            let (_, old, new) = best;
            return Some(Cut {
                old,
                new,
                minimal_before: true,
                minimal_after: false,
            });
        }
        let mut d = self.backward.1;
        while d >= self.backward.0 {
            let i1 = search.backward[search.index(d)];
            let i2 = i1 - d;
            let gain = (area.old_end - i1) + (area.new_end - i2) - (d - self.backward_mid).abs();
            if gain > HEURISTIC_FACTOR * cost
                && gain > best.0
                && area.old < i1
                && i1 <= area.old_end - SNAKE
                && area.new < i2
                && i2 <= area.new_end - SNAKE
                && (0..SNAKE).all(|k| old[at(i1 + k)] == new[at(i2 + k)])
            {
                best = (gain, i1, i2);
            }
            d -= 2;
        }
        let (gain, old, new) = best;
        (gain > 0).then_some(Cut {
            old,
            new,
            minimal_before: false,
            minimal_after: true,
        })
    }

    /// Enough is enough: the point furthest from its corner.
    fn furthest(&self, search: &Search) -> Cut {
        let area = self.area;
        let (mut forward, mut forward_old) = (-1, -1);
        let mut d = self.forward.1;
        while d >= self.forward.0 {
            let mut i1 = search.forward[search.index(d)].min(area.old_end);
            let mut i2 = i1 - d;
            if area.new_end < i2 {
                i1 = area.new_end + d;
                i2 = area.new_end;
            }
            if forward < i1 + i2 {
                forward = i1 + i2;
                forward_old = i1;
            }
            d -= 2;
        }
        let (mut backward, mut backward_old) = (i64::MAX, i64::MAX);
        let mut d = self.backward.1;
        while d >= self.backward.0 {
            let mut i1 = search.backward[search.index(d)].max(area.old);
            let mut i2 = i1 - d;
            if i2 < area.new {
                i1 = area.new + d;
                i2 = area.new;
            }
            if i1 + i2 < backward {
                backward = i1 + i2;
                backward_old = i1;
            }
            d -= 2;
        }
        if (area.old_end + area.new_end) - backward < forward - (area.old + area.new) {
            Cut {
                old: forward_old,
                new: forward - forward_old,
                minimal_before: true,
                minimal_after: false,
            }
        } else {
            Cut {
                old: backward_old,
                new: backward - backward_old,
                minimal_before: false,
                minimal_after: true,
            }
        }
    }
}

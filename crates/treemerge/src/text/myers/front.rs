//! One search for where to cut an area: from both of its corners towards each other.

use super::{Area, Class, Cut, HEURISTIC_FACTOR, SNAKE, Search, at};

/// The range of diagonals that both directions have reached.
pub(super) struct Front {
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
    pub(super) fn new(search: &mut Search, area: Area) -> Self {
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

    pub(super) fn step_forward(
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

    pub(super) fn step_backward(
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
    pub(super) fn good_diagonal(
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
    pub(super) fn furthest(&self, search: &Search) -> Cut {
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

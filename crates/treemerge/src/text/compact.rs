//! Where a run of changed lines could as well stand some lines further up or down, git moves it:
//! joined with a neighbour if it meets one, else against a change of the other file, else as far
//! down as it goes. (Merges do not use the indent heuristic that `git diff` has.)

use super::lines::Class;

/// The changed lines of one file.
pub(super) struct Changes<'a> {
    pub(super) classes: &'a [Class],
    pub(super) changed: Vec<bool>,
}

impl Changes<'_> {
    fn len(&self) -> usize {
        self.classes.len()
    }

    fn is_changed(&self, line: usize) -> bool {
        self.changed.get(line).copied().unwrap_or(false)
    }

    fn slide_down(&mut self, group: &mut Group) -> bool {
        if group.end >= self.len() || self.classes[group.start] != self.classes[group.end] {
            return false;
        }
        self.changed[group.start] = false;
        group.start += 1;
        self.changed[group.end] = true;
        group.end += 1;
        while self.is_changed(group.end) {
            group.end += 1;
        }
        true
    }

    fn slide_up(&mut self, group: &mut Group) -> bool {
        if group.start == 0 || self.classes[group.start - 1] != self.classes[group.end - 1] {
            return false;
        }
        group.start -= 1;
        self.changed[group.start] = true;
        group.end -= 1;
        self.changed[group.end] = false;
        while group.start > 0 && self.is_changed(group.start - 1) {
            group.start -= 1;
        }
        true
    }
}

/// A run of changed lines between two unchanged ones, often empty.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    /// The first unchanged line after the run.
    end: usize,
}

impl Group {
    fn first(file: &Changes<'_>) -> Self {
        let mut group = Self { start: 0, end: 0 };
        group.extend(file);
        group
    }

    fn extend(&mut self, file: &Changes<'_>) {
        while file.is_changed(self.end) {
            self.end += 1;
        }
    }

    fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Moves to the next group; false at the end of the file.
    fn next(&mut self, file: &Changes<'_>) -> bool {
        if self.end == file.len() {
            return false;
        }
        self.start = self.end + 1;
        self.end = self.start;
        self.extend(file);
        true
    }

    fn previous(&mut self, file: &Changes<'_>) {
        self.end = self.start.saturating_sub(1);
        self.start = self.end;
        while self.start > 0 && file.is_changed(self.start - 1) {
            self.start -= 1;
        }
    }
}

/// Moves the groups of `file`; `other` is the file it was compared with.
pub(super) fn compact(file: &mut Changes<'_>, other: &Changes<'_>) {
    let mut group = Group::first(file);
    let mut twin = Group::first(other);
    loop {
        if !group.is_empty() {
            place(file, other, &mut group, &mut twin);
        }
        if !group.next(file) {
            return;
        }
        twin.next(other);
    }
}

fn place(file: &mut Changes<'_>, other: &Changes<'_>, group: &mut Group, twin: &mut Group) {
    loop {
        let size = group.end - group.start;
        let mut meets_other = false;
        while file.slide_up(group) {
            twin.previous(other);
        }
        let highest_end = group.end;
        meets_other |= !twin.is_empty();
        while file.slide_down(group) {
            twin.next(other);
            meets_other |= !twin.is_empty();
        }
        if size != group.end - group.start {
            // It has grown into a neighbour: again from the top.
            continue;
        }
        if group.end != highest_end && meets_other {
            while twin.is_empty() {
                file.slide_up(group);
                twin.previous(other);
            }
        }
        return;
    }
}

//! Where a run of changed lines could as well be some lines further up or down, it is moved: as far down as it goes, or
//! to where the other text changes too.

/// One text.
pub(super) struct Side<'l> {
    lines: &'l [usize],
    /// The lengths of the runs of changed lines before each common line, and behind the last.
    runs: Vec<usize>,
}

impl<'l> Side<'l> {
    /// A text and which of its lines changed.
    pub(super) fn new(lines: &'l [usize], changed: &[bool]) -> Self {
        let mut runs = vec![0];
        for changed in changed {
            match runs.last_mut() {
                Some(run) if *changed => *run += 1,
                _ => runs.push(0),
            }
        }
        Self { lines, runs }
    }

    /// The lengths of the runs of changed lines before each common line, and behind the last.
    pub(super) fn runs(&self) -> &[usize] {
        &self.runs
    }

    /// Moves all runs; `other` are those of the other text.
    pub(super) fn slide(&mut self, other: &[usize]) {
        let mut place = Place { gap: 0, end: 0 };
        loop {
            place.end += self.runs[place.gap];
            if self.runs[place.gap] > 0 {
                self.settle(&mut place, other);
            }
            if place.gap + 1 == self.runs.len() {
                return;
            }
            place.gap += 1;
            place.end += 1;
        }
    }

    /// Finds the best place for one run. It takes in those that it meets on its way.
    fn settle(&mut self, place: &mut Place, other: &[usize]) {
        loop {
            let len = self.runs[place.gap];
            while self.can_rise(place) {
                self.rise(place);
            }
            let mut beside = (other[place.gap] > 0).then_some(place.gap);
            while self.can_sink(place) {
                self.sink(place);
                if other[place.gap] > 0 {
                    beside = Some(place.gap);
                }
            }
            if self.runs[place.gap] == len {
                while beside.is_some_and(|gap| gap < place.gap) {
                    self.rise(place);
                }
                return;
            }
        }
    }

    fn can_rise(&self, place: &Place) -> bool {
        let start = place.end - self.runs[place.gap];
        start > 0 && self.lines[start - 1] == self.lines[place.end - 1]
    }

    fn can_sink(&self, place: &Place) -> bool {
        let start = place.end - self.runs[place.gap];
        place.end < self.lines.len() && self.lines[start] == self.lines[place.end]
    }

    fn rise(&mut self, place: &mut Place) {
        let run = std::mem::take(&mut self.runs[place.gap]);
        place.gap -= 1;
        place.end -= 1;
        self.runs[place.gap] += run;
    }

    fn sink(&mut self, place: &mut Place) {
        let run = std::mem::take(&mut self.runs[place.gap]);
        place.gap += 1;
        place.end += 1 + self.runs[place.gap];
        self.runs[place.gap] += run;
    }
}

/// A run of changes: which, and the line behind it.
struct Place {
    gap: usize,
    end: usize,
}

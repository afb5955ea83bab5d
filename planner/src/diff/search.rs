//! A shortest way from one list of lines to another, by Myers' algorithm in linear space ("An O(ND) Difference Algorithm
//! and Its Variations", 1986): where the ways from the start and from the end meet, the problem is cut in two.

use std::ops::Range;

/// So many changes from either end are looked through for a meeting point. Beyond that the best cut known is taken, so
/// that the time stays in proportion to the size of the texts.
const MAX_CHANGES: usize = 1024;

/// Calls `old_changed` and `new_changed` with the lines that are not common to both.
pub(super) fn changes(
    old: &[usize],
    new: &[usize],
    mut old_changed: impl FnMut(Range<usize>),
    mut new_changed: impl FnMut(Range<usize>),
) {
    let mut search = Search::new(old, new);
    let mut boxes = vec![(0..old.len(), 0..new.len())];
    while let Some((mut x, mut y)) = boxes.pop() {
        let before = old[x.clone()].iter().zip(&new[y.clone()]).take_while(|(a, b)| a == b).count();
        (x.start, y.start) = (x.start + before, y.start + before);
        let behind = old[x.clone()].iter().rev().zip(new[y.clone()].iter().rev()).take_while(|(a, b)| a == b).count();
        (x.end, y.end) = (x.end - behind, y.end - behind);
        if x.is_empty() || y.is_empty() {
            old_changed(x);
            new_changed(y);
            continue;
        }
        let (middle_x, middle_y) = search.cut(&x, &y);
        boxes.push((middle_x..x.end, middle_y..y.end));
        boxes.push((x.start..middle_x, y.start..middle_y));
    }
}

/// The ways tried so far. A diagonal holds the places with the same difference between the line of the old text (`x`)
/// and that of the new one (`y`).
struct Search<'l> {
    old: &'l [usize],
    new: &'l [usize],
    /// How far each diagonal was reached from the start, as `x`.
    forward: Vec<isize>,
    /// How far each diagonal was reached from the end.
    backward: Vec<isize>,
    /// What is added to a diagonal to make an index.
    zero: isize,
}

/// The diagonals that one direction has got to, every other one of them.
#[derive(Clone, Copy)]
struct Fan {
    low: isize,
    high: isize,
}

impl Fan {
    /// Opens by one diagonal to both sides, or closes where the box ends.
    fn step(&mut self, limits: Fan, reached: &mut [isize], zero: isize, unreached: isize) {
        if self.low > limits.low {
            self.low -= 1;
            reached[(zero + self.low - 1) as usize] = unreached;
        } else {
            self.low += 1;
        }
        if self.high < limits.high {
            self.high += 1;
            reached[(zero + self.high + 1) as usize] = unreached;
        } else {
            self.high -= 1;
        }
    }

    fn holds(self, diagonal: isize) -> bool {
        (self.low..=self.high).contains(&diagonal)
    }

    /// From the highest down.
    fn diagonals(self) -> impl Iterator<Item = isize> {
        (self.low..=self.high).rev().step_by(2)
    }
}

impl<'l> Search<'l> {
    fn new(old: &'l [usize], new: &'l [usize]) -> Self {
        let size = old.len() + new.len() + 3;
        Self { old, new, forward: vec![0; size], backward: vec![0; size], zero: new.len() as isize + 1 }
    }

    /// A place on a shortest way through the box, which is not empty and starts and ends with changes.
    fn cut(&mut self, x: &Range<usize>, y: &Range<usize>) -> (usize, usize) {
        let (start, end) = ((x.start as isize, y.start as isize), (x.end as isize, y.end as isize));
        let limits = Fan { low: start.0 - end.1, high: end.0 - start.1 };
        let (from_start, from_end) = (start.0 - start.1, end.0 - end.1);
        let mut ahead = Fan { low: from_start, high: from_start };
        let mut back = Fan { low: from_end, high: from_end };
        self.forward[(self.zero + from_start) as usize] = start.0;
        self.backward[(self.zero + from_end) as usize] = end.0;
        let is_odd = (from_start - from_end) % 2 != 0;
        for _ in 0..MAX_CHANGES {
            ahead.step(limits, &mut self.forward, self.zero, -1);
            for diagonal in ahead.diagonals() {
                let x = self.advance(diagonal, end);
                if is_odd && back.holds(diagonal) && self.backward[(self.zero + diagonal) as usize] <= x {
                    return (x as usize, (x - diagonal) as usize);
                }
            }
            back.step(limits, &mut self.backward, self.zero, isize::MAX);
            for diagonal in back.diagonals() {
                let x = self.retreat(diagonal, start);
                if !is_odd && ahead.holds(diagonal) && x <= self.forward[(self.zero + diagonal) as usize] {
                    return (x as usize, (x - diagonal) as usize);
                }
            }
        }
        let farthest = ahead.diagonals().map(|diagonal| (self.forward[(self.zero + diagonal) as usize], diagonal));
        let inside = farthest.filter(|(x, diagonal)| *x <= end.0 && x - diagonal <= end.1);
        let cut = inside.max_by_key(|(x, diagonal)| 2 * x - diagonal);
        cut.map_or((x.end, y.start), |(x, diagonal)| (x as usize, (x - diagonal) as usize))
    }

    /// Goes on from the start along `diagonal`, by one change and all common lines behind it.
    fn advance(&mut self, diagonal: isize, end: (isize, isize)) -> isize {
        let index = (self.zero + diagonal) as usize;
        let (below, above) = (self.forward[index - 1], self.forward[index + 1]);
        let mut x = if below < above { above } else { below + 1 };
        while x < end.0 && x - diagonal < end.1 && self.old[x as usize] == self.new[(x - diagonal) as usize] {
            x += 1;
        }
        self.forward[index] = x;
        x
    }

    /// The same from the end.
    fn retreat(&mut self, diagonal: isize, start: (isize, isize)) -> isize {
        let index = (self.zero + diagonal) as usize;
        let (below, above) = (self.backward[index - 1], self.backward[index + 1]);
        let mut x = if below < above { below } else { above - 1 };
        while x > start.0 && x - diagonal > start.1 && self.old[x as usize - 1] == self.new[(x - diagonal) as usize - 1]
        {
            x -= 1;
        }
        self.backward[index] = x;
        x
    }
}

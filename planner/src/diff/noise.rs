//! Lines that are left out of the search: those that the other text does not have, and among many of those also the ones
//! that it has all over the place, such as closing braces.

/// How many equal lines of the other text make a line frequent, in a text of up to 256 lines.
const MANY: usize = 5;

/// What a line is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// To be compared.
    Compared,
    /// Found too often in the other text to say much.
    Frequent,
    /// Not found in the other text.
    Unmatched,
}

/// Which of `lines` to compare with the other text, which has `counts[line]` of each.
pub(super) fn compared(lines: &[usize], counts: &[usize]) -> Vec<bool> {
    let many = MANY * square_root(lines.len() / 64);
    let worth = |line: &usize| match counts[*line] {
        0 => Worth::Unmatched,
        count if count > many => Worth::Frequent,
        _ => Worth::Compared,
    };
    let mut worths: Vec<Worth> = lines.iter().map(worth).collect();
    for run in worths.chunk_by_mut(|a, b| (*a == Worth::Compared) == (*b == Worth::Compared)) {
        if run[0] != Worth::Compared {
            judge(run);
        }
    }
    worths.into_iter().map(|worth| worth == Worth::Compared).collect()
}

/// Decides which of the frequent lines in a run of frequent and unmatched ones are left out.
fn judge(run: &mut [Worth]) {
    let is_unmatched = |worth: &Worth| *worth == Worth::Unmatched;
    let first = run.iter().position(is_unmatched).unwrap_or(run.len());
    let last = run.iter().rposition(is_unmatched).map_or(first, |last| last + 1);
    run[..first].fill(Worth::Compared);
    run[last..].fill(Worth::Compared);
    let run = &mut run[first..last];
    let n_frequent = run.iter().filter(|worth| **worth == Worth::Frequent).count();
    let too_many = if n_frequent * 4 > run.len() { 1 } else { 1 + square_root(run.len() / 4) };
    for stretch in run.chunk_by_mut(|a, b| a == b) {
        if stretch[0] == Worth::Frequent && stretch.len() >= too_many {
            stretch.fill(Worth::Compared);
        }
    }
    keep_outer(run.iter_mut());
    keep_outer(run.iter_mut().rev());
}

/// Has the frequent lines compared that stand before three unmatched ones in a row, or near the end of the run.
fn keep_outer<'w>(run: impl Iterator<Item = &'w mut Worth>) {
    let mut in_a_row = 0;
    for (at, worth) in run.enumerate() {
        if *worth == Worth::Unmatched {
            in_a_row += 1;
            if at >= 8 || in_a_row == 3 {
                return;
            }
        } else {
            *worth = Worth::Compared;
            in_a_row = 0;
        }
    }
}

/// About the square root: a power of two, and at least one.
fn square_root(n: usize) -> usize {
    1 << (n.checked_ilog2().unwrap_or(0) / 2)
}

//! From two texts to the lines that `diff -u` prints.

use std::collections::HashMap;
use std::fmt::Write;

use similar::udiff::UnifiedHunkHeader;
use similar::{DiffOp, group_diff_ops};

use crate::diff::noise::compared;
use crate::diff::search::changes;
use crate::diff::slide::Side;

/// How many lines are shown around changes.
const CONTEXT: usize = 3;

/// What changed from `old` to `new`, as `diff -u` with these labels prints it. Empty when nothing did.
pub fn unified_diff(old: &str, new: &str, old_label: &str, new_label: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let script = script(&old, &new);
    if script.iter().all(|operation| matches!(operation, DiffOp::Equal { .. })) {
        return String::new();
    }
    let mut text = format!("--- {old_label}\n+++ {new_label}\n");
    for hunk in group_diff_ops(script, CONTEXT) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", UnifiedHunkHeader::new(&hunk));
        for operation in hunk {
            let (old, new) = (&old[operation.old_range()], &new[operation.new_range()]);
            if let DiffOp::Equal { .. } = operation {
                put(&mut text, ' ', old);
            } else {
                put(&mut text, '-', old);
                put(&mut text, '+', new);
            }
        }
    }
    text
}

fn put(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// What to do with the lines of `old` to get those of `new`, from the first line to the last.
fn script(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let before = common(old.iter().zip(new)).saturating_sub(CONTEXT);
    let (old, new) = (&old[before..], &new[before..]);
    let rest = old.len().min(new.len());
    let behind = common(old.iter().rev().zip(new.iter().rev()).take(rest)).saturating_sub(CONTEXT);
    let (old_runs, new_runs) = runs(&old[..old.len() - behind], &new[..new.len() - behind]);
    operations(before, &old_runs, &new_runs, behind)
}

fn common<'l>(lines: impl Iterator<Item = (&'l &'l str, &'l &'l str)>) -> usize {
    lines.take_while(|(old, new)| old == new).count()
}

/// The lengths of the runs of changed lines of both texts, before each common line and behind the last.
fn runs(old: &[&str], new: &[&str]) -> (Vec<usize>, Vec<usize>) {
    let mut ids = HashMap::new();
    let (old, new) = (numbered(old, &mut ids), numbered(new, &mut ids));
    let n_ids = ids.len();
    let count = |lines: &[usize]| {
        let mut counts = vec![0; n_ids];
        lines.iter().for_each(|line| counts[*line] += 1);
        counts
    };
    let (old_kept, new_kept) = (places(&compared(&old, &count(&new))), places(&compared(&new, &count(&old))));
    let pick = |lines: &[usize], kept: &[usize]| -> Vec<usize> { kept.iter().map(|at| lines[*at]).collect() };
    let (mut old_changed, mut new_changed) = (vec![true; old.len()], vec![true; new.len()]);
    old_kept.iter().for_each(|at| old_changed[*at] = false);
    new_kept.iter().for_each(|at| new_changed[*at] = false);
    changes(
        &pick(&old, &old_kept),
        &pick(&new, &new_kept),
        |range| old_kept[range].iter().for_each(|at| old_changed[*at] = true),
        |range| new_kept[range].iter().for_each(|at| new_changed[*at] = true),
    );
    let (mut old, mut new) = (Side::new(&old, &old_changed), Side::new(&new, &new_changed));
    old.slide(new.runs());
    new.slide(old.runs());
    (old.runs().to_vec(), new.runs().to_vec())
}

/// A number for each line, the same for equal lines.
fn numbered<'t>(lines: &[&'t str], ids: &mut HashMap<&'t str, usize>) -> Vec<usize> {
    let mut number = |line: &&'t str| {
        let next = ids.len();
        *ids.entry(line).or_insert(next)
    };
    lines.iter().map(&mut number).collect()
}

fn places(kept: &[bool]) -> Vec<usize> {
    (0..kept.len()).filter(|at| kept[*at]).collect()
}

/// Runs of changes between `before` common lines and `behind` others.
fn operations(before: usize, old_runs: &[usize], new_runs: &[usize], behind: usize) -> Vec<DiffOp> {
    let mut operations = Vec::new();
    let (mut old_index, mut new_index, mut len) = (0, 0, before);
    for (gap, (old_len, new_len)) in old_runs.iter().copied().zip(new_runs.iter().copied()).enumerate() {
        len += usize::from(gap > 0);
        if old_len + new_len > 0 {
            operations.push(DiffOp::Equal { old_index, new_index, len });
            (old_index, new_index, len) = (old_index + len, new_index + len, 0);
            operations.push(DiffOp::Replace { old_index, old_len, new_index, new_len });
            (old_index, new_index) = (old_index + old_len, new_index + new_len);
        }
    }
    operations.push(DiffOp::Equal { old_index, new_index, len: len + behind });
    operations.retain(|operation| !operation.old_range().is_empty() || !operation.new_range().is_empty());
    operations
}

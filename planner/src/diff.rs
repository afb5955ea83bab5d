//! Two layouts of one text side by side, as `diff -u` shows them. Pure.
//!
//! A layout changes lines and never their number, so each line has its counterpart in the same place and none has to be
//! searched for: what is shown is what was done, whatever lines happen to be alike.

use std::fmt::Write;

use similar::udiff::UnifiedHunkHeader;
use similar::{DiffOp, group_diff_ops};

/// How many lines are shown around changes.
const CONTEXT: usize = 3;

/// What changed from `old` to `new`, as `diff -u` with these labels prints it. Empty when nothing did. Lines that one of
/// them has more than the other stand at the end.
pub fn unified_diff(old: &str, new: &str, old_label: &str, new_label: &str) -> String {
    if old == new {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let mut text = format!("--- {old_label}\n+++ {new_label}\n");
    for hunk in group_diff_ops(operations(&old, &new), CONTEXT) {
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
fn operations(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let common = old.len().min(new.len());
    let pairs: Vec<bool> = old.iter().zip(new).map(|(old, new)| old == new).collect();
    let mut operations = Vec::new();
    let mut at = 0;
    for run in pairs.chunk_by(|a, b| a == b) {
        operations.push(match run[0] {
            true => DiffOp::Equal { old_index: at, new_index: at, len: run.len() },
            false => DiffOp::Replace { old_index: at, old_len: run.len(), new_index: at, new_len: run.len() },
        });
        at += run.len();
    }
    if old.len() > common {
        operations.push(DiffOp::Delete { old_index: common, old_len: old.len() - common, new_index: common });
    }
    if new.len() > common {
        operations.push(DiffOp::Insert { old_index: common, new_index: common, new_len: new.len() - common });
    }
    operations
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `old` and `new` have a line per word.
    fn hunks(old: &str, new: &str) -> String {
        let lines = |words: &str| words.split_whitespace().map(|word| format!("{word}\n")).collect::<String>();
        let text = unified_diff(&lines(old), &lines(new), "o", "n");
        text.strip_prefix("--- o\n+++ n\n").unwrap_or(&text).trim_end().replace('\n', " ").replace("  ", " ")
    }

    #[test]
    fn hunks_are_those_of_diff() {
        for (old, new, expected) in [
            ("", "", ""),
            ("a b c", "a b c", ""),
            ("", "a", "@@ -0,0 +1 @@ +a"),
            ("a", "", "@@ -1 +0,0 @@ -a"),
            ("a", "b", "@@ -1 +1 @@ -a +b"),
            ("1 2 3 4 5 6 7 8 9", "1 2 3 4 x 6 7 8 9", "@@ -2,7 +2,7 @@ 2 3 4 -5 +x 6 7 8"),
            // Six lines between two changes are shown, seven part them.
            ("a 1 2 3 4 5 6 b", "x 1 2 3 4 5 6 y", "@@ -1,8 +1,8 @@ -a +x 1 2 3 4 5 6 -b +y"),
            ("a 1 2 3 4 5 6 7 b", "x 1 2 3 4 5 6 7 y", "@@ -1,4 +1,4 @@ -a +x 1 2 3 @@ -6,4 +6,4 @@ 5 6 7 -b +y"),
        ] {
            assert_eq!(hunks(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn a_missing_line_end_is_told() {
        const NONE: &str = "\\ No newline at end of file\n";
        for (old, new, expected) in [
            ("a=1", "a = 1", format!("@@ -1 +1 @@\n-a=1\n{NONE}+a = 1\n{NONE}")),
            ("a", "a\n", format!("@@ -1 +1 @@\n-a\n{NONE}+a\n")),
            ("b\na", "c\na", format!("@@ -1,2 +1,2 @@\n-b\n+c\n a\n{NONE}")),
            ("a\r\n", "a\n", "@@ -1 +1 @@\n-a\r\n+a\n".to_owned()),
        ] {
            assert_eq!(unified_diff(old, new, "old/x", "new/x"), format!("--- old/x\n+++ new/x\n{expected}"));
        }
    }
}

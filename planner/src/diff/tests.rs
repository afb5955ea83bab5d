//! Texts and what `diff -u` says about them, recorded from GNU diff.

use crate::diff::unified_diff;

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
        // As far down as it goes.
        ("a { } b", "a { } { } b", "@@ -1,4 +1,6 @@ a { } +{ +} b"),
        // To where the other text changes too.
        ("c a b c", "c a c b b b", "@@ -1,4 +1,6 @@ c a -b c +b +b +b"),
        ("a b a c", "b b a b c", "@@ -1,4 +1,5 @@ -a +b b a +b c"),
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

/// Without their neighbours such lines would pair up at random.
#[test]
fn lines_found_everywhere_do_not_part_a_change() {
    let old: String = (0..9).map(|n| format!("    key{n} = {n}\n  }}\n")).collect();
    let new: String = (0..9).map(|n| format!("  key{n} = {n}\n}}\n")).collect();
    let text = unified_diff(&format!("{{\n{old}}}\n}}\n"), &format!("{{\n{new}}}\n}}\n"), "o", "n");
    assert_eq!(text.matches("@@ -").count(), 1, "{text}");
    let signs: String = text.lines().skip(3).filter_map(|line| line.chars().next()).collect();
    assert_eq!(signs, format!(" {}{}  ", "-".repeat(18), "+".repeat(18)), "{text}");
}

/// Quadratic time would take minutes here.
#[test]
fn many_changes_take_little_time() {
    let line = |n: usize, shift: usize| [" a\n", "a\n", "  a\n"][(n * n / 7 + shift * n) % 3];
    let (old, new): (String, String) =
        ((0..30_000).map(|n| line(n, 0)).collect(), (0..30_000).map(|n| line(n, 1)).collect());
    let text = unified_diff(&old, &new, "o", "n");
    let sum = |sign: char| text.lines().skip(2).filter(|line| line.starts_with(sign)).count();
    assert_eq!(sum('-'), sum('+'));
    assert!(sum('-') > 1_000);
}

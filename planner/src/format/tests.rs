//! Texts and their layout. Recorded rows of the reference are in `tests/vectors`; these say what is meant.

use proptest::prelude::*;

use crate::format::format;
use crate::syntax::scan::{Mode, scan_all};
use crate::syntax::token::TokenKind;

#[track_caller]
fn check(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(format(text), *expected, "{text:?}");
        assert_eq!(format(expected), *expected, "a second time: {text:?}");
        assert_eq!(tokens(text), tokens(expected), "{text:?}");
    }
}

fn tokens(text: &str) -> Vec<(TokenKind, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    scan_all(text, Mode::Body).into_iter().map(|token| (token.kind, token.text(text))).collect()
}

#[test]
fn tokens_of_a_line_stand_apart_by_style() {
    check(&[
        ("a=1", "a = 1"),
        ("b{}", "b {}"),
        ("b  \"x\"   \"y\"{ a=1 }", "b \"x\" \"y\" { a = 1 }"),
        ("a = f ( 1,-2,b * c,d ... )", "a = f(1, -2, b * c, d...)"),
        ("a=ns :: f ( )", "a = ns::f()"),
        ("a = b . c [ 0 ] . * . d", "a = b.c[0].*.d"),
        ("a=[ for x in [y]:x if!z ]", "a = [for x in [y] : x if !z]"),
        ("a={for k,v in m:k=>v...}", "a = { for k, v in m : k => v... }"),
        ("a=!b&&c||d?- e:-f", "a = !b && c || d ? -e : -f"),
        ("a=(1-2)- - 3", "a = (1 - 2) - -3"),
        ("a=1>=2==true", "a = 1 >= 2 == true"),
        ("a = [ [ ] ]", "a = [[]]"),
        ("a = f(b) [0]", "a = f(b)[0]"),
    ]);
}

#[test]
fn strings_are_left_alone_but_for_what_is_evaluated() {
    check(&[
        ("a = \" b  ${ c } ${d}${ e }  \"", "a = \" b  ${c} ${d}${e}  \""),
        ("a = \"${~ b ~}%{if c}d%{ else }e%{endif}\"", "a = \"${~b~}%{if c}d%{else}e%{endif}\""),
        ("a = \"${{b=1}}\"", "a = \"${ { b = 1 } }\""),
        ("a = \"$${ b } %%{ c } \\\"\"", "a = \"$${ b } %%{ c } \\\"\""),
        ("a=\"${f(\"${ b }\" )}\"", "a = \"${f(\"${b}\")}\""),
        (
            "b {\na = <<-EOT\n   x  = ${ y }\n\n  \t}\n  EOT\nbb=1\n}\n",
            "b {\n  a  = <<-EOT\n   x  = ${y}\n\n  \t}\n  EOT\n  bb = 1\n}\n",
        ),
    ]);
}

#[test]
fn lines_are_indented_by_open_brackets() {
    check(&[
        ("a {\nb {\nc = [\n1,\n2\n]\n}\n}\n", "a {\n  b {\n    c = [\n      1,\n      2\n    ]\n  }\n}\n"),
        // A line is one level, however many brackets it opens.
        ("a = [{\nb = 1\n}]\n", "a = [{\n  b = 1\n}]\n"),
        ("a = [[\n[\n1]]\n]\n", "a = [[\n  [\n  1]]\n]\n"),
        ("a = f(b, {\nc = 1\n}, [\n2,\n])\n", "a = f(b, {\n  c = 1\n  }, [\n  2,\n])\n"),
        ("  a = 1\n\t\tb = 2\n", "a = 1\nb = 2\n"),
        ("}\n}\na = 1\n", "}\n}\na = 1\n"),
        ("a {\n\n  \n\t\n}\n", "a {\n\n\n\n}\n"),
        ("a = <<EOT\n${[\n1\n]}\nEOT\n", "a = <<EOT\n${[\n1\n]}\nEOT\n"),
    ]);
}

#[test]
fn equals_signs_of_neighbours_are_aligned() {
    check(&[
        ("a = 1\nlonger = 2\n", "a      = 1\nlonger = 2\n"),
        ("a = 1\n\nlonger = 2\n", "a = 1\n\nlonger = 2\n"),
        ("a = 1\n# c\nlonger = 2\n", "a = 1\n# c\nlonger = 2\n"),
        ("a = 1\nb {}\nlonger = 2\n", "a = 1\nb {}\nlonger = 2\n"),
        // What goes on below is no neighbour.
        ("a = [\n1]\nlonger = 2\n", "a = [\n1]\nlonger = 2\n"),
        ("a = 1\nlonger = {\nb = 1\nccc = 2 }\n", "a = 1\nlonger = {\n  b = 1\nccc = 2 }\n"),
        ("a = { b = 1 }\nlonger = { b = 1 }\n", "a      = { b = 1 }\nlonger = { b = 1 }\n"),
        ("é = 1\n文字 = 2\n\u{1d49c}b = 3\n", "é  = 1\n文字 = 2\n\u{1d49c}b = 3\n"),
    ]);
}

#[test]
fn comments_are_kept_and_those_behind_code_aligned() {
    check(&[
        ("a = 1 # x\nlonger = 22 // y\n", "a      = 1  # x\nlonger = 22 // y\n"),
        ("b {} # x\na = 1 # y\n", "b {}  # x\na = 1 # y\n"),
        ("   # x\nb { # y\n   // z\n}\n", "# x\nb { # y\n  // z\n}\n"),
        ("a=/* x */1/* y */\n", "a = /* x */ 1 /* y */\n"),
        ("/* x\n   y */ a=1\n", "/* x\n   y */ a = 1\n"),
        ("a = [ # x\n1, # y\n22 # z\n]\n", "a = [ # x\n  1,  # y\n  22  # z\n]\n"),
        ("a = \"🇬🇧\" # x\nb = \"abc\" # y\n", "a = \"🇬🇧\"   # x\nb = \"abc\" # y\n"),
    ]);
}

#[test]
fn line_ends_and_the_end_of_the_file_stay() {
    check(&[
        ("", ""),
        ("\n\n", "\n\n"),
        ("a=1\r\nbb=2\r\n", "a  = 1\r\nbb = 2\r\n"),
        ("a {\r\n  # x\r\nb=1}\r\n", "a {\r\n  # x\r\nb = 1 }\r\n"),
        ("a=<<E\r\n x\r\nE\r\n", "a = <<E\r\n x\r\nE\r\n"),
        ("\u{feff}a=1", "a = 1"),
        ("\u{feff}", ""),
        // Nothing is cut off at the end, as the reference has it.
        ("a = 1\t ", "a = 1  "),
    ]);
}

/// The reference writes these together, and reads something else when it comes back: other values or none.
#[test]
fn a_blank_stays_where_tokens_would_become_others() {
    check(&[
        ("a = b.0 .1\n", "a = b.0 .1\n"),
        ("a = b . 0. 1\n", "a = b.0 .1\n"),
        ("a = 1. .e5\n", "a = 1 ..e5\n"),
        ("a = 1 ... .5\n", "a = 1 ....5\n"),
        ("a = 1 ... 5\n", "a = 1... 5\n"),
        ("a = b . . . c\n", "a = b.. .c\n"),
        ("a = b . ... c\n", "a = b. ... c\n"),
        ("a = ! = b\n", "a = ! = b\n"),
        ("a = \"${ ~b}\"\n", "a = \"${ ~ b}\"\n"),
        ("a = \"${b ~ }\"\n", "a = \"${b ~ }\"\n"),
        ("a = \"b\n${c}\"\n", "a = \"b\n${c}\"\n"),
        ("a = \r \n", "a = \r \n"),
        ("\u{feff}\u{feff}a", " \u{feff} a"),
    ]);
}

/// Any of these would show quadratic time.
#[test]
fn long_texts_are_no_problem() {
    let n = 50_000;
    for text in [
        format!("a = [{}]\n", "1,".repeat(n)),
        format!("a = {}{}\n", "[".repeat(n), "]".repeat(n)),
        "a = {(".repeat(n),
        (0..n).map(|i| format!("a{i}=1 # c\n")).collect(),
        "/* ".repeat(n),
        "a = <<E\n${<<E\n".repeat(n),
        "\"${".repeat(n),
        format!("a = \"{}\" # c\n", "$".repeat(n)),
        format!("a = \"e{}\" # c\n", "\u{301}".repeat(n)),
        format!("a = \"{}\" # c\n", "क\u{94d}".repeat(n)),
        format!("a = 1{}5\n", " ... .".repeat(n)),
    ] {
        let once = format(&text);
        assert_eq!(tokens(&text), tokens(&once));
    }
}

const TEMPLATES: [&str; 4] = [
    include_str!("../../../examples/hello/hello.pkr.hcl"),
    include_str!("../../../examples/estate/sources.pkr.hcl"),
    include_str!("../../../examples/estate/locals.pkr.hcl"),
    "a   = \"é${ b }\" # x\nbb = <<-E\n  $${c} ${ d[ 0 ].e } $%\n %{ if f~}\n E\n\tc = 1.5e3 // y\r\nd {\r\n/* z\n*/ }\n",
];

const PIECES: &str = "\" ${ %{ ${~ ~} } { [ ] ( ) \\ ~ $ % ' # // /* */ = == => ! != < << && | , . ... :: : ? * / + - \
                      e5 1 1.5 in for é \u{301} \u{feff} <<E\n <<-E\n E\n # c\n \r\n \n \r a=1\n \t";

/// A share of the text's length, how much to take out, and what to put there.
fn edit() -> impl Strategy<Value = (f64, f64, &'static str)> {
    let pieces: Vec<&'static str> = PIECES.split(' ').chain([" ", "  ", ""]).collect();
    (0.0..1.0, prop_oneof![Just(0.0), 0.0..0.05], prop::sample::select(pieces))
}

fn apply(text: &mut String, (at, len, piece): (f64, f64, &str)) {
    let boundary = |share: f64| text.floor_char_boundary((text.len() as f64 * share) as usize);
    text.replace_range(boundary(at)..boundary((at + len).min(1.0)), piece);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_blanks_change_and_only_once(which in 0..TEMPLATES.len(), edits in prop::collection::vec(edit(), 0..8)) {
        let mut text = TEMPLATES[which].to_owned();
        edits.into_iter().for_each(|edit| apply(&mut text, edit));
        let once = format(&text);
        prop_assert_eq!(tokens(&text), tokens(&once));
        prop_assert_eq!(&once, &format(&once));
    }
}

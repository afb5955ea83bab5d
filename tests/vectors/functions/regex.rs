//! `regex`, `regexall`, `regex_replace`.

use planner::eval::Host;

use super::call::{check, outcome};

#[test]
fn matches() {
    check(&[
        (r#"regex("[a-z]+", "53453453.345345aaabbbccc23454")"#, r#""aaabbbccc" string"#),
        (r#"regex("(\\d\\d)-(\\d)?", "a 12-")"#, r#"["12",null] tuple"#),
        (r#"regex("(?P<year>\\d+)-(?<month>\\d+)", "2026-11")"#, r#"{"month":"11","year":"2026"} object"#),
        (r#"regex("(?P<n>a)|(?P<n>b)", "b")"#, r#"{"n":"b"} object"#),
        (r#"regex("", "")"#, r#""" string"#),
        (r#"regex("(?i)K", "\u212a")"#, "\"K\" string"),
        (r#"regex("e\u0301", "é")"#, r#""é" string"#),
        (r#"regex("5", 15)"#, r#""5" string"#),
        (r#"regexall("[a-z]", "1a2b")"#, r#"["a","b"] list of string"#),
        (r#"regexall("(a)(b)?", "aab")"#, r#"[["a",null],["a","b"]] list of tuple"#),
        (r#"regexall("(?P<x>.)", "é!")"#, r#"[{"x":"é"},{"x":"!"}] list of object"#),
        (r#"regexall("x", "")"#, "[] list of string"),
        (r#"regexall("a*", "baac")"#, r#"["","aa",""] list of string"#),
        (r#"regex_replace("hello", "l+", "L")"#, r#""heLo" string"#),
        (r#"regex_replace("a1b2", "([a-z])(\\d)", "$2$1 ")"#, r#""1a 2b " string"#),
        (r#"regex_replace("ab", "(?P<x>a)", "[$${x}]")"#, r#""[a]b" string"#),
        (r#"regex_replace("ab", "(?P<1x>a)", "$1x $1 $$1")"#, r#""a a $1b" string"#),
        (r#"regex_replace("ab", "a", "$1x$9$")"#, r#""$b" string"#),
        (r#"regex_replace("ab", "", "-")"#, r#""-a-b-" string"#),
    ]);
}

#[test]
fn what_cannot_be_known_or_is_no_text() {
    check(&[
        (r#"regex(unk, "a")"#, "unknown dynamic"),
        (r#"regex("a", unk)"#, "unknown string"),
        (r#"regex("(a)", unk)"#, "unknown tuple"),
        (r#"regex("(?P<x>a)", unk)"#, "unknown object"),
        (r#"regexall(unk, "a")"#, "unknown list of dynamic"),
        (r#"regexall("(a)", unk)"#, "unknown list of tuple"),
        (r#"regex_replace("a", unk, "b")"#, "unknown string"),
        (r#"regex_replace(unk, "(", "b")"#, "unknown string"),
        (r#"regex(nul, "a")"#, r#"! Invalid value for "pattern" parameter: argument must not be null."#),
        (r#"regex("a", nuls)"#, r#"! Invalid value for "string" parameter: argument must not be null."#),
        (r#"regexall("a", [])"#, r#"! Invalid value for "string" parameter: string required."#),
        (r#"regex_replace("a", "b", nul)"#, r#"! Invalid value for "replace" parameter: argument must not be null."#),
        (
            r#"regex("(", unk)"#,
            "! Invalid function argument: Invalid value for \"pattern\" parameter: invalid regexp pattern: missing closing ) in (.",
        ),
        (r#"regex("(a)(?P<n>b)", unk)"#, "! invalid regexp pattern: cannot mix both named and unnamed capture groups."),
        (
            r#"regex("a", "b")"#,
            r#"! Call to function "regex" failed: pattern did not match any part of the given string."#,
        ),
        (
            r#"regex_replace("a", "(", "b")"#,
            r#"! Call to function "regex_replace" failed: error parsing regexp: missing closing ): `(`."#,
        ),
    ]);
}

/// Patterns that Go refuses, and some that it takes though they look odd.
#[test]
fn syntax() {
    let cases = [
        (r"a**", "invalid nested repetition operator in **"),
        (r"a++", "invalid nested repetition operator in ++"),
        (r"a{2}{3}", "invalid nested repetition operator in {2}{3}"),
        (r"*", "missing argument to repetition operator in *"),
        (r"(|+)", "missing argument to repetition operator in +"),
        (r"x{1001}", "invalid repeat count in {1001}"),
        (r"x{2,1}", "invalid repeat count in {2,1}"),
        (r"(x{30}){40}", "invalid repeat count in {40}"),
        (r"(?x)a", "invalid or unsupported Perl syntax in (?x"),
        (r"(?=a)", "invalid or unsupported Perl syntax in (?="),
        (r"(?<=a)", "invalid named capture in (?<=a)"),
        (r"(?P<a-b>x)", "invalid named capture in (?P<a-b>"),
        (r"a)", "unexpected ) in a)"),
        (r"[a", "missing closing ] in [a"),
        (r"[z-a]", "invalid character class range in z-a"),
        (r"[[:foo:]]", "invalid character class range in [:foo:]"),
        (r"\pX", r"invalid character class range in \pX"),
        (r"\p{Nope}", r"invalid character class range in \p{Nope}"),
        (r"\u0041", r"invalid escape sequence in \u"),
        (r"a\Z", r"invalid escape sequence in \Z"),
        (r"\C", r"invalid escape sequence in \C"),
        (r"\1", r"invalid escape sequence in \1"),
        (r"\x{110000}", r"invalid escape sequence in \x{110000"),
        ("\\", "trailing backslash at end of expression in "),
    ];
    for (pattern, refusal) in cases {
        let call = format!("regex({}, \"\")", planner::value::quote(pattern));
        let expected = format!(
            "! Invalid function argument: Invalid value for \"pattern\" parameter: invalid regexp pattern: {refusal}."
        );
        assert_eq!(outcome(&call, &Host::empty()), expected, "{pattern}");
    }
    check(&[
        (r#"regexall("a{,2}|{|x{", "a{,2}{x{")"#, r#"["a{,2}","{","x{"] list of string"#),
        (r#"regexall("[]a]|[a&&b]|[--~]", "]ab-")"#, r#"["]","a","b","-"] list of string"#),
        (r#"regexall("\\Qa.b\\E|\\x{e9}|\\101|\\07", "a.béA\u0007axb")"#, r#"["a.b","é","A","\u0007"] list of string"#),
        (r#"regexall("\\d|\\w|\\s", "٣é\u00a0x")"#, r#"["x"] list of string"#),
        (r#"regexall("\\bé|\\B!", "é !")"#, r#"["!"] list of string"#),
        (r#"regexall("(?m)^a$", "a\nb\na")"#, r#"["a","a"] list of string"#),
        (r#"regexall("^a$", "a\n")"#, "[] list of string"),
        (r#"regexall("a\\z|(?s:b.)", "b\na")"#, r#"["b\n","a"] list of string"#),
        (r#"regexall("(?U)a+|(?U:b+?)", "aabb")"#, r#"["a","a","bb"] list of string"#),
        (r#"regexall("\\pN+|\\p{greek}|\\p{^Lu}", "Ⅷ٣Ωa")"#, r#"["Ⅷ٣","Ω","a"] list of string"#),
        (r#"regexall("[[:^alpha:]\\pL]", "1é-")"#, r#"["1","é","-"] list of string"#),
        (r#"regexall("[\\x{D7FF}-\\x{E000}]|\\x{D800}", "a")"#, "[] list of string"),
    ]);
}

#[test]
fn large_patterns_and_texts() {
    let nested = |n: usize| format!("regex(\"{}a{}\", \"a\")", "(?:b|".repeat(n), ")".repeat(n));
    assert_eq!(outcome(&nested(490), &Host::empty()), "\"a\" string");
    for call in [nested(1_100), format!("regex(\"{}a{}\", \"a\")", "(".repeat(20_000), ")".repeat(20_000))] {
        assert!(outcome(&call, &Host::empty()).contains("expression nests too deeply in "));
    }
    let wide = format!("regex(\"(?:{}){{1000}}\", \"a\")", r"\\pL\\pN".repeat(100));
    assert!(outcome(&wide, &Host::empty()).contains("expression too large in "));
    check(&[
        (r#"length(regexall("\\w+", big))"#, "200000 number"),
        (r#"length(regexall("(s)(o|x)*", substr(big, 0, 100000)))"#, "10000 number"),
        (r#"length(regex_replace(big, "\\w", "xy"))"#, "1800000 number"),
        (r#"length(regex_replace(big, "(t)e", "$1$1$1"))"#, "1100000 number"),
        (r#"length(regexall("x*", big))"#, "900001 number"),
        (r#"regexall("(?:a?){20}a{20}z", big)"#, "[] list of string"),
    ]);
}

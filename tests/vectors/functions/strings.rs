//! Text: cases, parts, `format`, JSON.

use super::call::check;

#[test]
fn cases() {
    check(&[
        (r#"title("ǆ ǳ ა ᾳ ß ĳ x1y _a é-é")"#, r#""ǅ ǲ ა ᾼ ß Ĳ X1y _a É-É" string"#),
        (r#"title("")"#, r#""" string"#),
        (r#"title(5)"#, r#""5" string"#),
        (r#"upper("ა ǆ ı ſ")"#, r#""Ა Ǆ I S" string"#),
        (r#"lower("Ა Ǆ K Å İ")"#, r#""ა ǆ k å i" string"#),
        ("title(nul)", r#"! Invalid value for "str" parameter: argument must not be null."#),
        ("title(unk)", "unknown string"),
        ("length(upper(big))", "1000000 number"),
    ]);
}

#[test]
fn parts() {
    check(&[
        (r#"substr("क्षि!", 1, 1)"#, r#""षि" string"#),
        (r#"strrev("क्षि")"#, r#""षिक्" string"#),
        (r#"strrev("9́ำ")"#, r#""9́ำ" string"#),
        (r#"length("क्षि")"#, "2 number"),
        (r#"substr("abc", -5, 2)"#, r#""ab" string"#),
        (r#"substr("abc", -5, 0)"#, r#""abc" string"#),
        (r#"substr("abc", -2, 0)"#, r#""bc" string"#),
        (r#"substr("abc", -1, -1)"#, r#""c" string"#),
        (r#"substr("abc", 3, 0)"#, r#""" string"#),
        (r#"substr("abc", 4, 1)"#, r#""" string"#),
        (r#"substr("", -1, 1)"#, r#""" string"#),
        (r#"substr("abc", "1", "1")"#, r#""b" string"#),
        (r#"substr("abc", -9223372036854775808, 9223372036854775807)"#, r#""abc" string"#),
        (
            r#"substr("abc", 1.5, 1)"#,
            r#"! Call to function "substr" failed: value must be a whole number, between -9223372036854775808 and 9223372036854775807."#,
        ),
        (r#"substr("abc", 0, 1e30)"#, "! value must be a whole number"),
        (r#"substr("abc", [], 1)"#, r#"! Invalid value for "offset" parameter: number required."#),
        (r#"substr("abc", unk, 1)"#, "unknown string"),
        (r#"substr(nul, 0, 1)"#, r#"! Invalid value for "str" parameter: argument must not be null."#),
        ("length(strrev(big)) + length(substr(big, 1, 999998))", "1999998 number"),
        (r#"indent(1.5, "a")"#, "! value must be a whole number"),
        (r#"join("-", ["a"], ["b", null])"#, "! element 1 of list 2 is null; cannot concatenate null values."),
    ]);
}

#[test]
fn formats() {
    check(&[
        (r#"format("%.f|%.d|%5.f", 2.5, 0, 1.5)"#, r#""2||    2" string"#),
        (r#"format("%v", nul)"#, "unknown dynamic"),
        (r#"format("x", dyn)"#, "unknown dynamic"),
        (r#"format("%#v", nuls)"#, r#""null" string"#),
        (r#"formatlist("%v", nul)"#, "unknown dynamic"),
        (r#"formatlist("%v-%v", ["a", unk], "b")"#, "unknown list of string"),
        (r#"format("%v", 1/0)"#, r#""+Inf" string"#),
        (r#"format("%#v", 1/0)"#, r##"! unsupported value for "%#v" at 0: cannot serialize infinity as JSON."##),
        (
            r#"format("a", "b")"#,
            r#"! Invalid value for "args" parameter: too many arguments; no verbs in format string."#,
        ),
        (
            r#"format("%s", "a", "b")"#,
            r#"! Invalid value for "args" parameter: too many arguments; only 1 used by format string."#,
        ),
        (
            r#"formatlist("a", ["b"])"#,
            r#"! Call to function "formatlist" failed: error on format iteration 0: too many arguments; no verbs in format string."#,
        ),
        (r#"formatlist("%s")"#, r#"! failed: not enough arguments for "%s" at 0: need index 1 but have 0 total."#),
        (r#"format("%[0]d", 1)"#, "! unrecognized format character '0' at offset 2."),
        (r#"format("%[1x]d", 1)"#, "! unrecognized format character 'x' at offset 3."),
        (r#"format("%5é", 1)"#, "! unrecognized format character 'é' at offset 2."),
        (r#"format("%\n", 1)"#, r"! unrecognized format character '\n' at offset 1."),
        (r#"format("%\u200b", 1)"#, r"! unrecognized format character '\u200b' at offset 1."),
        (r#"format("ab%5", 1)"#, "! invalid format string starting at offset 4."),
        (r#"format("%5s|%-5s|", "क्षि", "é")"#, r#""   क्षि|é    |" string"#),
    ]);
}

#[test]
fn json() {
    check(&[
        (r#"jsondecode("1 ] x")"#, "1 number"),
        (r#"jsondecode("{} }")"#, "{} object"),
        (r#"jsondecode("\"\\ud83d\\ude00\\ud800\"")"#, "\"😀\u{fffd}\" string"),
        (r#"jsondecode("null")"#, "null dynamic"),
        (r#"jsondecode("")"#, r#"! Call to function "jsondecode" failed: EOF."#),
        (r#"jsondecode("[1,")"#, "! failed: EOF."),
        (r#"jsondecode("\"a")"#, "! failed: unexpected EOF."),
        (r#"jsondecode("nul")"#, "! failed: unexpected EOF."),
        (r#"jsondecode("trux")"#, "! invalid character 'x' in literal true (expecting 'e')."),
        (r#"jsondecode("1 2")"#, "! extraneous data after JSON object."),
        (r#"jsondecode("01")"#, "! extraneous data after JSON object."),
        (r#"jsondecode("[01]")"#, "! invalid character '1' after array element."),
        (r#"jsondecode("-a")"#, "! invalid character 'a' in numeric literal."),
        (r#"jsondecode("1.x")"#, "! invalid character 'x' after decimal point in numeric literal."),
        (r#"jsondecode("1ex")"#, "! invalid character 'x' in exponent of numeric literal."),
        (r#"jsondecode("1e999999999999")"#, "! a number is required."),
        (r#"jsondecode("{a:1}")"#, "! invalid character 'a'."),
        (r#"jsondecode("{\"a\":1,}")"#, "! invalid character '}' looking for beginning of object key string."),
        (r#"jsondecode("{\"a\" 1}")"#, "! invalid character '1' after object key."),
        (r#"jsondecode("{\"a\":1 1}")"#, "! invalid character '1' after object key:value pair."),
        (r#"jsondecode("é")"#, "! invalid character 'Ã' looking for beginning of value."),
        (r#"jsondecode("\"\\x\"")"#, "! invalid character 'x' in string escape code."),
        (r#"jsondecode("\"\\u12g4\"")"#, r"! invalid character 'g' in \u hexadecimal character escape."),
        (r#"jsondecode("\"\t\"")"#, r"! invalid character '\t' in string literal."),
        ("jsonencode(1/0)", "! cannot serialize infinity as JSON."),
        ("jsonencode(nul)", r#""null" string"#),
        ("length(jsondecode(jsonencode(big)))", "1000000 number"),
    ]);
}

//! `yamldecode`, `yamlencode`.

use planner::eval::Host;
use planner::value::quote;

use super::call::{check, outcome};

/// What `yamldecode` gives for each text.
#[track_caller]
fn check_texts(rows: &[(&str, &str)]) {
    let calls: Vec<String> = rows.iter().map(|(text, _)| call(text)).collect();
    let rows: Vec<(&str, &str)> = calls.iter().map(String::as_str).zip(rows.iter().map(|row| row.1)).collect();
    check(&rows);
}

fn call(text: &str) -> String {
    format!("yamldecode({})", quote(text).replace("${", "$${").replace("%{", "%%{").replace("\\x", "\\u00"))
}

#[test]
fn scalars() {
    check_texts(&[
        ("a", r#""a" string"#),
        ("[y, Yes, on, TRUE, n, No, off, false]", "[true,true,true,true,false,false,false,false] tuple"),
        ("[yEs, oN, tRUE, 'yes', \"no\"]", r#"["yEs","oN","tRUE","yes","no"] tuple"#),
        ("[~, null, NULL, nULL, ]", r#"[null,null,null,"nULL"] tuple"#),
        ("[1, -1, +1, 1.50, .5, 5., 1e3, 1_000, 012, -_1]", "[1,-1,1,1.5,0.5,5,1000,1000,12,-1] tuple"),
        ("[0b101, -0b11, 0x1F, 0o17, 1_a, _1, '1']", r#"[5,-3,"0x1F","0o17","1_a","_1","1"] tuple"#),
        ("[!!int 0x1F, !!int -0o17, !!float 1e2, !!str 12, !!null x]", r#"[31,-15,100,"12",null] tuple"#),
        ("!!int 18446744073709551615", "18446744073709551615 number"),
        (
            "[2001-12-14, 2001-1-2, 2001-12-14T1:2:3.5-05:00]",
            r#"["2001-12-14T00:00:00Z","2001-01-02T00:00:00Z","2001-12-14T01:02:03-05:00"] tuple"#,
        ),
        (
            "[2001-12-14 21:59:43, 2001-02-30, '2001-12-14']",
            r#"["2001-12-14T21:59:43Z","2001-02-30","2001-12-14"] tuple"#,
        ),
        ("!!binary aGk=", r#""aGk=" string"#),
        ("- |-\n  1.0\n- >-\n  yes\n- |\n  1.0\n", r#"["1","true","1.0\n"] tuple"#),
        ("\"a\\x41\\u00e9\\U0001F600\\n\\\n  b\"", r#""aAé😀\nb" string"#),
        ("'it''s'", r#""it's" string"#),
        ("a\n  b\n\n  c # d", r#""a b\nc" string"#),
        ("e\u{301}", r#""é" string"#),
        (".nan", "! floating point NaN is not supported."),
        ("!!int x", r#"! cannot parse "x" as tag:yaml.org,2002:int."#),
        ("!!bool x", r#"! cannot parse "x" as tag:yaml.org,2002:bool."#),
        ("!!binary x", r#"! cannot parse "x" as tag:yaml.org,2002:binary: not valid base64."#),
        ("!!timestamp x", r#"! cannot parse "x" as tag:yaml.org,2002:timestamp."#),
        ("!foo x", r#"! unsupported tag "!foo"."#),
        ("0b2", r#"! cannot parse "0b2" as tag:yaml.org,2002:int."#),
    ]);
}

#[test]
fn collections() {
    check_texts(&[
        ("a: 1\nb:\n- x\n- c: z\n", r#"{"a":1,"b":["x",{"c":"z"}]} object"#),
        ("{a: [1, {b: c}], 'd': , e}", r#"{"a":[1,{"b":"c"}],"d":null,"e":null} object"#),
        ("[a: b, ? c : d]", r#"[{"a":"b"},{"c":"d"}] tuple"#),
        ("? a\n: b\n? c\n", r#"{"a":"b","c":null} object"#),
        ("1.0: a\nyes: b\n", r#"{"1":"a","true":"b"} object"#),
        ("a: 1\na: x\n", r#"{"a":"x"} object"#),
        ("a: |\n  x\n   y\n\nb: >\n  x\n  y\n\n  z\n", r#"{"a":"x\n y\n","b":"x y\nz\n"} object"#),
        ("a: |+\n  x\n\nb: |2-\n   x\n", r#"{"a":"x\n\n","b":" x"} object"#),
        ("[]", "[] tuple"),
        ("--- # c\n{}\n...\n", "{} object"),
        ("\u{feff}a: b\r\nc: d\r\n", r#"{"a":"b","c":"d"} object"#),
        ("%YAML 1.1\n%TAG !t! tag:yaml.org,2002:\n---\n!t!str 1", r#""1" string"#),
        ("~: a", "! mapping key cannot be null."),
        ("[a]: b", "! only strings are allowed as mapping keys."),
        ("!!seq {}", "! can't interpret mapping as tag:yaml.org,2002:seq."),
        ("!!map []", "! can't interpret sequence as tag:yaml.org,2002:map."),
    ]);
}

#[test]
fn anchors_and_merges() {
    check_texts(&[
        ("a: &x [1]\nb: *x\n", r#"{"a":[1],"b":[1]} object"#),
        ("a: &x 1\nb: &x 2\nc: *x\n", r#"{"a":1,"b":2,"c":2} object"#),
        ("a: &x {k: 1, l: 2}\nb:\n  k: 0\n  <<: *x\n  l: 3\n", r#"{"a":{"k":1,"l":2},"b":{"k":1,"l":3}} object"#),
        ("<<: {a: 1}\nb: <<\n", r#"{"a":1,"b":"\u003c\u003c"} object"#),
        ("'<<': {a: 1}\n!!str <<: 2", r#"{"\u003c\u003c":2,"a":1} object"#),
        ("<<: [a]", "! cannot merge tuple into mapping."),
        ("*x", r#"! reference to undefined anchor "x"."#),
        ("&x k: *x", r#"! reference to undefined anchor "x"."#),
        ("&x [*x]", r#"! cannot refer to anchor "x" from inside its own definition."#),
    ]);
}

/// Lines count from zero for most faults, and places on line zero are not told: that is how the reference does it.
#[test]
fn documents_and_places() {
    check_texts(&[
        ("~", "unknown dynamic"),
        ("---\n", "unknown dynamic"),
        ("", "! Call to function \"yamldecode\" failed: on line 1, column 1: missing start of document."),
        ("# c\n", "! on line 1, column 1: missing start of document."),
        ("a\n---\nb", "! on line 1, column 1: unexpected extra content after value."),
        ("a: b\nc\n", "! on line 3, column 1: could not find expected ':'."),
        ("a: b: c", "! failed: mapping values are not allowed in this context."),
        ("a: 1\n\tb: 2", "! on line 2, column 1: found a tab character that violates indentation."),
        ("a: [1,\n  2", "! on line 2, column 1: did not find expected ',' or ']'."),
        ("b: 1\na: *x", r#"! on line 1, column 4: reference to undefined anchor "x"."#),
        ("a:\n  - b\n c", "! on line 2, column 2: did not find expected key."),
        ("'a", "! failed: found unexpected end of stream."),
        ("\"\\z\"", "! failed: found unknown escape character."),
        ("@a", "! failed: found character that cannot start any token."),
        ("%YAML 1.2\n---\na", "! failed: found incompatible YAML document."),
        ("!x!y z", "! failed: found undefined tag handle."),
        ("a: \u{1}", "! failed: control characters are not allowed."),
    ]);
    check(&[
        ("yamldecode(unk)", "unknown dynamic"),
        ("yamldecode(nul)", r#"! Invalid value for "src" parameter: argument must not be null."#),
        ("yamldecode([])", r#"! Invalid value for "src" parameter: string required."#),
        ("yamldecode(5)", "5 number"),
    ]);
}

#[test]
fn writing() {
    check(&[
        (r#"yamlencode({b = [1, {c = "x"}], a = {}})"#, r#""\"a\": {}\n\"b\":\n- 1\n- \"c\": \"x\"\n" string"#),
        ("yamlencode([[], [[true]]])", r#""- []\n- - - true\n" string"#),
        ("yamlencode([1e21, 1.50, -0.001])", r#""- 1000000000000000000000\n- 1.5\n- -0.001\n" string"#),
        ("yamlencode(null)", r#""null\n...\n" string"#),
        ("yamlencode(5)", r#""5\n...\n" string"#),
        ("yamlencode(1/0)", r#""+Inf\n...\n" string"#),
        (r#"yamlencode("yes")"#, r#""\"yes\"\n" string"#),
        (r#"yamlencode("a\nb")"#, r#""|-\n  a\n  b\n" string"#),
        (r#"yamlencode({a = "x\ny\n", b = " x\n\n"})"#, r#""\"a\": |\n  x\n  y\n\"b\": |2+\n   x\n\n" string"#),
        (r#"yamlencode("a \nb")"#, r#""\"a \\nb\"\n" string"#),
        (r#"yamlencode("\té\u0001\u2028😀\"\\")"#, r#""\"\\té\\x01\\L\\U0001F600\\\"\\\\\"\n" string"#),
        (r#"yamlencode({"a\nb" = 1})"#, r#""? |-\n  a\n  b\n: 1\n" string"#),
        (r#"substr(yamlencode({(substr(big, 0, 129)) = 1}), 0, 3)"#, r#""? \"" string"#),
        (r#"length(split("\n", yamlencode(substr(big, 0, 200))))"#, "4 number"),
        ("yamlencode(set)", r#""- \"a\"\n- \"b\"\n" string"#),
        ("yamlencode(map)", r#""\"k\": 1\n" string"#),
        ("yamlencode(unk)", "unknown string"),
        ("yamlencode({a = unk})", "unknown string"),
        ("yamlencode(nuls)", r#""null\n...\n" string"#),
        (
            r#"yamldecode(yamlencode({a = [1, "x\n"], "b c" = null, d = true}))"#,
            r#"{"a":[1,"x\n"],"b c":null,"d":true} object"#,
        ),
        ("yamldecode(yamlencode(big)) == big", "true bool"),
    ]);
}

#[test]
fn hostile_texts() {
    let deep = |open: &str, close: &str, n: usize| call(&format!("{}1{}", open.repeat(n), close.repeat(n)));
    let laughs = |n: usize| {
        let lines = (1..n).map(|level| format!("- &l{level} [{}]\n", vec![format!("*l{}", level - 1); 10].join(", ")));
        call(&format!("- &l0 [lol]\n{}", lines.collect::<String>()))
    };
    let chain = |n: usize| {
        let lines = (1..n).map(|level| format!("- &l{level} [*l{}]\n", level - 1));
        call(&format!("- &l0 [x]\n{}", lines.collect::<String>()))
    };
    for (text, expected) in [
        (deep("[", "]", 200), None),
        (deep("[", "]", 300), Some("exceeded max depth")),
        (deep("{a: ", "}", 300), Some("exceeded max depth")),
        (deep("[", "", 200_000), Some("exceeded max depth")),
        (deep("- ", "", 200_000), Some("exceeded max depth")),
        (deep("? ", "", 300), Some("only strings are allowed as mapping keys")),
        (laughs(5), None),
        (laughs(9), Some("aliases stand for more than 1000000 values")),
        (laughs(60), Some("aliases stand for more than 1000000 values")),
        (chain(200), None),
        (chain(2_000), Some("exceeded max depth")),
        (call(&"a: b\n".repeat(100_000)), None),
        (call(&format!("[{}]", "a, ".repeat(200_000))), None),
        (call(&format!("'{}'", "a\n".repeat(200_000))), None),
        (call(&format!("|\n{}", " a\n".repeat(200_000))), None),
        (call(&format!("a: {}", "x y ".repeat(200_000))), None),
        (call(&"#".repeat(1_000_000)), Some("missing start of document")),
        (call(&"&a ".repeat(200_000)), Some("did not find expected <document start>")),
        (call(&"!".repeat(200_000)), Some("unsupported tag")),
        (call(&"[{".repeat(100_000)), Some("only strings are allowed as mapping keys")),
    ] {
        let given = outcome(&text, &Host::empty());
        let error = given.strip_prefix("! ");
        let right = match expected {
            Some(said) => error.is_some_and(|error| error.contains(said)),
            None => error.is_none(),
        };
        assert!(
            right,
            "{}…: {}…",
            text.chars().take(60).collect::<String>(),
            given.chars().take(200).collect::<String>()
        );
    }
}

//! Rows of calls and what they give.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::eval::{Functions, Host, MapLookup, Scope, evaluate};
use crate::files::Files;
use crate::syntax::parse_expression;
use crate::value::{Type, Value, json};

/// The value of an expression as JSON and its type, or the details of its errors.
pub(super) fn run_with(text: &str, functions: &Functions, host: &Host) -> String {
    let mut files = Files::new();
    let file = files.add("t", text);
    let expr = parse_expression(&files, file).unwrap_or_else(|found| panic!("{text}: {found:?}"));
    let variables = MapLookup::from_iter([
        ("unk", Value::Unknown(Type::String)),
        ("unks", Value::Unknown(Type::list(Type::String))),
        ("dyn", Value::Unknown(Type::Dynamic)),
        ("nulls", Value::Null(Type::list(Type::String))),
        ("empty", Value::list(Vec::new(), Type::String)),
        ("set", Value::set(vec![Value::string("b"), Value::string("a")], Type::String)),
        ("map", Value::map([("k".into(), Value::int(1))].into(), Type::Number)),
    ]);
    let scope = Scope { variables: &variables, functions, host };
    let mut found = Diagnostics::new();
    let value = evaluate(&expr, &scope, &mut found);
    if !found.is_empty() {
        return found.iter().map(|one| format!("{}: {}", one.summary, one.detail)).collect::<Vec<_>>().join(" | ");
    }
    match json::encode(&value) {
        Ok(text) => format!("{text} {}", value.ty()),
        Err(_) => format!("unknown {}", value.ty()),
    }
}

pub(super) fn check(text: &str, expected: &str) {
    assert_eq!(run_with(text, &Functions::standard(), &Host::empty()), expected, "{text}");
}

/// The call fails and says this about itself or one of its arguments.
pub(super) fn check_error(text: &str, expected: &str) {
    let result = run_with(text, &Functions::standard(), &Host::empty());
    let said = result.strip_prefix("Error in function call: ").or(result.strip_prefix("Invalid function argument: "));
    assert!(said.is_some_and(|said| said.contains(expected)), "{text}\n  gives {result}\n  not   {expected}");
}

#[test]
fn strings() {
    check(r#"upper("straße ῳ ŉ")"#, r#""STRAßE ῼ ŉ" string"#);
    check(r#"lower("ÀİΣ")"#, r#""àiσ" string"#);
    check(r#"title("hello big-world o'clock été_x")"#, r#""Hello Big-World O'Clock Été_x" string"#);
    check(r#"join(",", [])"#, r#""" string"#);
    check(r#"join("-", ["a"], [1, true])"#, r#""a-1-true" string"#);
    check(r#"join("-", unks)"#, "unknown string");
    check_error(r#"join("-", ["a", null])"#, "element 1 is null; cannot concatenate null values.");
    check_error(r#"join("-", ["a"], ["b", null])"#, "element 1 of list 2 is null");
    check_error(r#"join("-")"#, "at least one list is required");
    check(r#"split(",", "")"#, r#"[""] list of string"#);
    check(r#"split("", "añ")"#, r#"["a","ñ"] list of string"#);
    check(r#"split("", "")"#, "[] list of string");
    check(r#"replace("aaa", "a", "b/")"#, r#""b/b/b/" string"#);
    check(r#"replace("a.b", "/./", "x")"#, r#""a.b" string"#);
    check(r#"replace("ab", "", "-")"#, r#""-a-b-" string"#);
    check(r#"trimspace("\t\u00a0 a b \n")"#, r#""a b" string"#);
    check(r#"trim("?!hi!?", "!?")"#, r#""hi" string"#);
    check(r#"trimprefix("aab", "a")"#, r#""ab" string"#);
    check(r#"trimsuffix("baa", "x")"#, r#""baa" string"#);
    check(r#"chomp("a\r\n\n")"#, r#""a" string"#);
    check(r#"indent(2, "a\nb\n")"#, r#""a\n  b\n  " string"#);
    check_error(r#"indent(-1, "a")"#, "between 0 and");
    check(r#"strrev("noe\u0308l🏳️‍🌈")"#, r#""🏳️‍🌈lëon" string"#);
    check(r#"startswith("abc", "ab") && endswith("abc", "bc") && strcontains("abc", "b")"#, "true bool");
    check("upper(unk)", "unknown string");
    check("upper(dyn)", "unknown string");
    check_error("upper(null)", r#"Invalid value for "str" parameter: argument must not be null"#);
    check_error("upper([])", r#"Invalid value for "str" parameter: string required"#);
}

#[test]
fn parts_of_strings() {
    check(r#"substr("hello", 1, 3)"#, r#""ell" string"#);
    check(r#"substr("hello", -3, -1)"#, r#""llo" string"#);
    check(r#"substr("hello", -9, 2)"#, r#""he" string"#);
    check(r#"substr("hello", -2, 0)"#, r#""lo" string"#);
    check(r#"substr("hello", 9, 2)"#, r#""" string"#);
    check(r#"substr("hello", 2, 0)"#, r#""" string"#);
    check(r#"substr("a👨‍👩‍👧b", 1, 1)"#, r#""👨‍👩‍👧" string"#);
    check(r#"substr("ab", 0, 9007199254740993)"#, r#""ab" string"#);
    check_error(r#"substr("ab", 0.5, 1)"#, "value must be a whole number, between");
}

#[test]
fn formats() {
    for (call, expected) in [
        (r#"format("%s %d%%", "a", 5)"#, "a 5%"),
        (r#"format("%v %v %v %v", "x", 1.5, true, convert(null, string))"#, "x 1.5 true null"),
        (r#"format("%v %#v", [1, "a"], "q<")"#, r#"[1,"a"] "q\u003c""#),
        (r#"format("%v", 1000000)"#, "1e+06"),
        (r#"format("%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42)"#, "   42|42   |00042|+42| 42"),
        (r#"format("%.3d|%x|%X|%#x|%b|%o|%#o", 5, 255, 255, 255, 5, 8, 8)"#, "005|ff|FF|0xff|101|10|010"),
        (r#"format("%d", -0)"#, "0"),
        (r#"format("%d", "123456789012345678901234567890")"#, "123456789012345678901234567890"),
        (
            r#"format("%.2f|%f|%8.1f|%-8.1f|%08.1f", 2.005, 1, 2.25, 2.25, -2.25)"#,
            "2.00|1.000000|     2.2|2.2     |-00002.2",
        ),
        (
            r#"format("%e|%E|%g|%G|%.3g", 1234.5, 0.00001, 1e21, 1e-7, 1234.5)"#,
            "1.234500e+03|1.000000E-05|1e+21|1E-07|1.23e+03",
        ),
        (r#"format("%5s|%-5s|%05s|%.2s|%q", "a", "b", "c", "déf", "<\"")"#, r#"    a|b    |0000c|dé|"\u003c\"""#),
        (r#"format("%[2]s %[1]s %s", "a", "b")"#, "b a b"),
        (r#"format("%t %t", "true", false)"#, "true false"),
        (r#"format("100%%")"#, "100%"),
        (r#"format("")"#, ""),
    ] {
        let given = run_with(call, &Functions::standard(), &Host::empty());
        assert_eq!(given, format!("{} string", json::encode(&Value::string(expected)).unwrap()), "{call}");
    }
    check_error(r#"format("%z", 1)"#, r#"unsupported format verb 'z' in "%z" at offset 0"#);
    check_error(r#"format("a%d", "x")"#, r#"unsupported value for "%d" at 1: a number is required"#);
    check_error(r#"format("%d", 1.5)"#, r#"unsupported value for "%d" at 0: an integer is required"#);
    check_error(
        r#"format("%d", convert(null, number))"#,
        r#"unsupported value for "%d" at 0: null value cannot be formatted"#,
    );
    check_error(r#"format("%s")"#, r#"not enough arguments for "%s" at 0: need index 1 but have 0 total"#);
    check_error(r#"format("a", 1)"#, "too many arguments; no verbs in format string");
    check_error(r#"format("%s", 1, 2)"#, "too many arguments; only 1 used by format string");
    check_error(r#"format("%")"#, "format");
    check_error(r#"format("%9999999d", 1)"#, "too large");
    check_error(r#"format("%[0]d", 1)"#, "unrecognized format character");
    check(r#"format("%s", unk)"#, "unknown string");
    check(r#"formatlist("%s-%s", ["a", "b"], 1)"#, r#"["a-1","b-1"] list of string"#);
    check(r#"formatlist("%s", [])"#, "[] list of string");
    check(r#"formatlist("x")"#, r#"["x"] list of string"#);
    check(r#"formatlist("%s", unks)"#, "unknown list of string");
    check_error(
        r#"formatlist("%s%s", ["a"], ["b", "c"])"#,
        "argument 2 has length 2, which is inconsistent with argument 1 of length 1",
    );
    check_error(r#"formatlist("%d", ["a"])"#, "error on format iteration 0: unsupported value");
}

#[test]
fn collections() {
    check("concat([1], [\"a\"], [true])", r#"[1,"a",true] tuple"#);
    check("concat(empty, empty)", "[] list of string");
    check("concat(unks, [1])", "unknown dynamic");
    check_error("concat()", "at least one argument is required");
    check_error("concat([], {})", "all arguments must be lists or tuples; got object");
    check("merge()", "{} object");
    check("merge({a = 1, b = 2}, null, {b = \"x\"})", r#"{"a":1,"b":"x"} object"#);
    check("merge(map, {a = 1})", r#"{"a":1,"k":1} object"#);
    check("merge(map, map)", r#"{"k":1} map of number"#);
    check_error("merge([])", "arguments must be maps or objects, got \"tuple\"");
    check(r#"length("ñ👨‍👩‍👧")"#, "2 number");
    check("[length([]), length({a = 1}), length(map), length(set)]", "[0,1,1,2] tuple");
    check("length(unks)", "unknown number");
    check("length([unk, unk])", "2 number");
    check_error("length(5)", "argument must be a string, a collection type, or a structural type");
    check_error("length(null)", "argument must not be null");
    check("contains([1, 2], 2)", "true bool");
    check("contains([1, 2], \"2\")", "false bool");
    check("contains(set, \"a\")", "true bool");
    check("contains([unk], \"a\")", "unknown bool");
    check_error("contains(\"a\", \"a\")", "argument must be list, tuple, or set");
    check("keys({b = 1, a = 2})", r#"["a","b"] tuple"#);
    check("keys(map)", r#"["k"] list of string"#);
    check("keys({a = unk})", r#"["a"] tuple"#);
    check_error("keys([])", "must have map or object type");
    check("values({b = 1, a = \"x\"})", r#"["x",1] tuple"#);
    check("values(map)", "[1] list of number");
    check_error("values([])", "requires a map");
    check("lookup({a = 1}, \"a\", 0)", "1 number");
    check("lookup({a = 1}, \"b\", \"d\")", r#""d" string"#);
    check("lookup(map, \"b\", \"7\")", "7 number");
    check_error("lookup(map, \"b\", \"x\")", "the default value must have the same type as the map elements");
    check_error("lookup([], \"b\", \"x\")", "requires a map as the first argument");
    check(
        "lookup({}, \"b\")",
        "Not enough function arguments: Function \"lookup\" expects 3 argument(s). Missing value for \"default\".",
    );
    check("flatten([[1, [2]], [], 3])", "[1,2,3] tuple");
    check("flatten([unks])", "unknown dynamic");
    check("flatten([set, [[]]])", r#"["a","b"] tuple"#);
    check("flatten({ a = unk })", "unknown dynamic");
    check_error("flatten({})", "can only flatten lists, sets and tuples");
    check("distinct([\"b\", \"a\", \"b\"])", r#"["b","a"] list of string"#);
    check("distinct([1, 1.0, 2])", "[1,2] list of number");
    check("distinct([[1], [1]])", "[[1]] list of tuple");
    check("distinct([])", "[] list of dynamic");
    check("compact([\"\", null, \"a\"])", r#"["a"] list of string"#);
    check("zipmap([\"a\", \"b\"], [1, \"x\"])", r#"{"a":1,"b":"x"} object"#);
    check("zipmap([\"a\", \"a\"], [1, 2])", r#"{"a":2} object"#);
    check_error("zipmap([\"a\"], [])", "number of keys (1) does not match number of values (0)");
}

#[test]
fn first_of_many() {
    check("coalesce(null, \"\", \"x\")", r#""x" string"#);
    check("coalesce(null, 0)", "0 number");
    check("coalesce(1, \"a\")", r#""1" string"#);
    check("coalesce(\"\", {}, dyn)", r#""" string"#);
    check("coalesce(set, convert([], list(number)))", "[] list of number");
    check("coalesce(unk, \"a\")", "unknown string");
    check("coalesce(\"a\", unk)", r#""a" string"#);
    check_error("coalesce(null, \"\")", "no non-null, non-empty-string arguments");
    check_error("coalesce([], {})", "all arguments must have the same type");
    check_error("coalesce()", "all arguments must have the same type");
    check("coalescelist([], nulls, [1])", "[1] tuple");
    check_error("coalescelist([], [])", "no non-null arguments");
    check("element([\"a\", \"b\"], 3)", r#""b" string"#);
    check("element(unks, 3)", "unknown string");
    check_error("element([1], -1)", "cannot use element function with a negative index");
    check_error("element([], 0)", "cannot use element function with an empty list");
    check_error("element([1], 0.5)", "invalid index");
    check_error("element({}, 0)", "cannot read elements from object");
    check("index([1, \"a\"], \"a\")", "1 number");
    check_error("index([1], 2)", "item not found");
    check_error("index([], 2)", "cannot search an empty list");
    check_error("index(set, \"a\")", "argument must be a list or tuple");
    check("alltrue([])", "true bool");
    check("alltrue([true, null])", "false bool");
    check("anytrue([null, true])", "true bool");
    check("anytrue([])", "false bool");
}

#[test]
fn sequences() {
    check("range(3)", "[0,1,2] list of number");
    check("range(-2)", "[0,-1] list of number");
    check("range(1, 2, 0.5)", "[1,1.5] list of number");
    check("range(5, 1, -2)", "[5,3] list of number");
    check("range(0)", "[] list of number");
    check("range(1, 1, 0)", "[] list of number");
    check("length(range(1024))", "1024 number");
    check_error("range(1025)", "more than 1024 values were generated");
    check_error("range(1/0)", "more than 1024 values were generated");
    check_error("range(0, 5, 0)", "step must not be zero");
    check_error("range(0, 5, -1)", "end must be less than start when step is negative");
    check_error("range(5, 0, 1)", "end must be greater than start when step is positive");
    check_error("range()", "must have one, two, or three arguments");
    check("reverse([1, \"a\"])", r#"["a",1] tuple"#);
    check("reverse(set)", r#"["b","a"] list of string"#);
    check("slice([1, 2, 3], 1, 3)", "[2,3] tuple");
    check("slice(empty, 0, 0)", "[] list of string");
    check_error("slice([1], 0, 2)", "end index must not be greater than the length of the list");
    check_error("slice([1], 1, 0)", "start index must not be greater than end index");
    check_error("slice(set, 0, 1)", "cannot slice a set");
    check("sort([\"b\", \"B\", \"a\", \"á\"])", r#"["B","a","b","á"] list of string"#);
    check_error("sort([null])", "given list element 0 is null; a null string cannot be sorted");
    check("chunklist([1, 2, 3], 2)", "[[1,2],[3]] list of list of number");
    check("chunklist([1, 2, 3], 0)", "[[1,2,3]] list of list of number");
    check_error("chunklist([1], -1)", "the size argument must be positive");
    check("setunion(set, [\"c\", \"a\"])", r#"["a","b","c"] set of string"#);
    check("setunion([], [1])", "[1] set of number");
    check("setintersection(set, [\"c\", \"a\"])", r#"["a"] set of string"#);
    check("setproduct([1, 2], [\"a\"])", r#"[[1,"a"],[2,"a"]] list of tuple"#);
    check("setproduct(set, [1])", r#"[["a",1],["b",1]] set of tuple"#);
    check_error("setproduct([1])", "at least two arguments are required");
    let many = "range(1000), range(1000), range(1000)";
    check_error(&format!("setproduct({many})"), "combinations");
}

#[test]
fn numbers() {
    check("[abs(-1.5), ceil(1.2), ceil(-1.2), floor(-1.2), floor(7)]", "[1.5,2,-1,-2,7] tuple");
    check("[max(1, \"3\", 2), min(1, -1), signum(-5), signum(0)]", "[3,-1,-1,0] tuple");
    check_error("max()", "must pass at least one number");
    check("max(1, unk)", "unknown number");
    check("parseint(\"-FF\", 16)", "-255 number");
    check("parseint(\"zZ\", 62)", "2231 number");
    check("parseint(\"123456789012345678901234567890\", 10)", "123456789012345678901234567890 number");
    check_error("parseint(\"8\", 8)", r#"cannot parse "8" as a base 8 integer"#);
    check_error("parseint(\"\", 10)", "cannot parse");
    check_error("parseint(10, 10)", "first argument must be a string, not number");
    check_error("parseint(\"1\", 63)", "base must be a whole number between 2 and 62 inclusive");
    check("sum([0.1, 0.2, \"1\"])", "1.3 number");
    check_error("sum([])", "cannot sum an empty list");
    check_error("sum(5)", "cannot sum noniterable");
    check_error("sum([1, null])", "argument must be list, set, or tuple of number values");
}

#[test]
fn encodings() {
    check(
        r#"jsonencode({a = "<&>", n = 1.50, l = [null]})"#,
        r#""{\"a\":\"\\u003c\\u0026\\u003e\",\"l\":[null],\"n\":1.5}" string"#,
    );
    check("jsonencode(null)", r#""null" string"#);
    check("jsonencode([unk])", "unknown string");
    check(r#"jsondecode("{\"a\":[1,true,null,\"x\"]}")"#, r#"{"a":[1,true,null,"x"]} object"#);
    check(r#"jsondecode("123456789012345678901234567890.5")"#, "123456789012345678901234567890.5 number");
    check_error(r#"jsondecode("{")"#, "EOF");
    check_error(r#"jsondecode("Nope")"#, "invalid character 'N' looking for beginning of value");
    check("jsondecode(unk)", "unknown dynamic");
    check(r#"base64encode("é")"#, r#""w6k=" string"#);
    check(r#"base64decode("w6k=")"#, r#""é" string"#);
    check_error(r#"base64decode("w6k")"#, "failed to decode base64 data 'w6k'");
    check_error(r#"base64decode("/w==")"#, "is not valid UTF-8");
    check(r#"urlencode("a b&ü~")"#, r#""a+b%26%C3%BC~" string"#);
    check(r#"md5("a")"#, r#""0cc175b9c0f1b6a831c399e269772661" string"#);
    check(r#"sha1("a")"#, r#""86f7e437faa5a7fce15d1ddcb9eaeaea377667b8" string"#);
    check(r#"substr(sha256("a"), 0, 8)"#, r#""ca978112" string"#);
    check(r#"length(sha512("a"))"#, "128 number");
    check("length(uuidv4())", "36 number");
    check("uuidv4() == uuidv4()", "false bool");
}

#[test]
fn dates() {
    let at = r#""2006-01-02T15:04:05+01:00""#;
    for (format, expected) in [
        ("YYYY-MM-DD'T'hh:mm:ssZ", "2006-01-02T15:04:05+01:00"),
        ("EEE EEEE D MMM MMMM M YY", "Mon Monday 2 Jan January 1 06"),
        ("H HH AA aa h m s ZZZZ ZZZZZ ZZZ", "3 03 PM pm 15 4 5 +0100 +01:00 +0100"),
        ("'it''s' ''", "it's '"),
        ("", ""),
    ] {
        check(&format!("formatdate(\"{format}\", {at})"), &format!("\"{expected}\" string"));
    }
    check(r#"formatdate("Z ZZZ H", "2020-02-29T00:00:00.25Z")"#, r#""Z UTC 12" string"#);
    check_error(&format!("formatdate(\"YYY\", {at})"), "invalid date format verb \"YYY\": year must either be");
    check_error(&format!("formatdate(\"x\", {at})"), "invalid date format verb \"x\"");
    check_error(&format!("formatdate(\"'a\", {at})"), "unterminated literal '");
    for bad in [
        "",
        "2006",
        "2006-01-02",
        "2006-01-02 15:04:05Z",
        "2006-13-02T15:04:05Z",
        "2006-02-30T15:04:05Z",
        "2006-01-02T25:04:05Z",
        "2006-01-02T15:04:05",
        "2006-01-02T15:04:05Zx",
        "é",
    ] {
        check_error(&format!("formatdate(\"D\", \"{bad}\")"), "not a valid RFC3339 timestamp");
    }
    check(&format!("timeadd({at}, \"-1h30m\")"), r#""2006-01-02T13:34:05+01:00" string"#);
    check(r#"timeadd("2017-11-22T00:00:00Z", "1.5s")"#, r#""2017-11-22T00:00:01Z" string"#);
    check_error(&format!("timeadd({at}, \"1 day\")"), "time:");
    check("timestamp()", r#""1970-01-01T00:00:00Z" string"#);
}

#[test]
fn control() {
    check("try(nosuch.x, 1)", "1 number");
    check("try(unk, 1)", "unknown dynamic");
    check("try([nosuch, 2]...)", "Unknown variable: There is no variable named \"nosuch\".");
    check_error("try()", "at least one argument is required");
    check_error(
        "try(nosuch, [][0])",
        "no expression succeeded:\n- Unknown variable\n  There is no variable named \"nosuch\".\n- Invalid index",
    );
    check("can(upper([]))", "false bool");
    check("can(1)", "true bool");
    check("can(unk)", "unknown bool");
    check(
        "can()",
        "Not enough function arguments: Function \"can\" expects 1 argument(s). Missing value for \"expression\".",
    );
    check("convert([1, \"2\"], list(number))", "[1,2] list of number");
    check("convert({a = 1, b = 0}, object({a = string, b = optional(string)}))", r#"{"a":"1","b":"0"} object"#);
    // Optional in name only, as in the reference.
    check_error("convert({a = 1}, object({a = string, b = optional(bool)}))", "attribute \"b\" is required");
    check("convert(null, string)", "null string");
    check("convert(unk, number)", "unknown number");
    check("convert([\"b\", \"a\", \"b\"], set(any))", r#"["a","b"] set of string"#);
    check_error("convert(\"a\", number)", r#"Invalid value for "value" parameter: a number is required"#);
    check("convert(1, text)", "Invalid type specification: The keyword \"text\" is not a valid type specification.");
    check("env(\"HOME\")", "Call to unknown function: There is no function named \"env\".");
    check("uper(1)", "Call to unknown function: There is no function named \"uper\". Did you mean \"upper\"?");
    let host = Host { environment: Arc::new(BTreeMap::from([("A".to_owned(), "x".to_owned())])), ..Host::empty() };
    let functions = Functions::for_variable_defaults();
    assert_eq!(run_with("[env(\"A\"), env(\"B\")]", &functions, &host), r#"["x",""] tuple"#);
    assert_eq!(run_with("abs(1)", &functions, &host), "Call to unknown function: There is no function named \"abs\".");
    assert_eq!(
        run_with("abs(1)", &Functions::none(), &host),
        "Function calls not allowed: Functions may not be called here."
    );
}

#[test]
fn files_and_paths() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    write("a.txt", "he\u{301}\n".as_bytes());
    write("bad", b"\xff");
    write("one.tpl", b"${list}");
    write("many.tpl", b"%{ for x in list ~}\n${upper(x)}\n%{ endfor ~}\n");
    write("fail.tpl", b"a\n${list.x} ${list.y}");
    write("loop.tpl", b"${templatefile(\"one.tpl\", {list = []})}");
    write("broken.tpl", b"${");
    let host = Host {
        base_dir: folder.path().to_owned(),
        working_dir: "/w/d".into(),
        home: Some("/home/u".into()),
        ..Host::empty()
    };
    let run =
        |text: &str| run_with(text, &Functions::standard(), &host).replace(&*folder.path().to_string_lossy(), "DIR");
    for (text, expected) in [
        ("file(\"a.txt\")", "\"hé\\n\" string"),
        ("file(\"./x/../a.txt\")", "\"hé\\n\" string"),
        ("file(\"none\")", "Error in function call: Call to function \"file\" failed: no file exists at DIR/none."),
        (
            "file(\"bad\")",
            "Error in function call: Call to function \"file\" failed: contents of bad are not valid UTF-8; use the filebase64 function for files that are not text.",
        ),
        ("file(\".\")", "Error in function call: Call to function \"file\" failed: failed to read DIR."),
        ("file(unk)", "unknown string"),
        ("[fileexists(\"a.txt\"), fileexists(\"none\")]", "[true,false] tuple"),
        ("templatefile(\"one.tpl\", {list = [1]})", "[1] tuple"),
        ("templatefile(\"many.tpl\", {list = [\"a\", \"b\"]})", "\"A\\nB\\n\" string"),
        (
            "templatefile(\"one.tpl\", {})",
            "Invalid function argument: Invalid value for \"vars\" parameter: vars map does not contain key \"list\", referenced at one.tpl:1,3-7.",
        ),
        (
            "templatefile(\"one.tpl\", {\"a b\" = 1})",
            "Invalid function argument: Invalid value for \"vars\" parameter: invalid template variable name \"a b\": must start with a letter, followed by zero or more letters, digits, and underscores.",
        ),
        (
            "templatefile(\"one.tpl\", [])",
            "Invalid function argument: Invalid value for \"vars\" parameter: invalid vars value: must be a map.",
        ),
        ("templatefile(\"one.tpl\", dyn)", "unknown dynamic"),
        ("basename(abspath(\"x/../y.txt\"))", "\"y.txt\" string"),
        ("abspath(\"x/../y.txt\")", "\"/w/d/y.txt\" string"),
        ("dirname(\"\")", "\".\" string"),
        ("pathexpand(\"~/a\")", "\"/home/u/a\" string"),
        ("pathexpand(\"a/~\")", "\"a/~\" string"),
    ] {
        assert_eq!(run(text), expected, "{text}");
    }
    for (text, part) in [
        ("fileexists(\".\")", "DIR is not a regular file, but \"d"),
        (
            "templatefile(\"fail.tpl\", {list = []})",
            "fail.tpl:2,7-9: Unsupported attribute; This value does not have any attributes, and 1 other diagnostic(s).",
        ),
        ("templatefile(\"loop.tpl\", {})", "cannot recursively call templatefile from inside templatefile call"),
        ("templatefile(\"broken.tpl\", {})", "broken.tpl:1,"),
        ("pathexpand(\"~other/a\")", "cannot expand user-specific home dir"),
    ] {
        assert!(run(text).contains(part), "{text}: {}", run(text));
    }
}

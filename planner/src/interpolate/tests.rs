//! Templates and what they render to, or why they do not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::eval::Host;
use crate::interpolate::{Facts, Interpolation, Promised, RenderError, RunData, UserVariables};
use crate::value::{Type, Value};

fn facts() -> Facts {
    let users = BTreeMap::from([("region".to_owned(), "eu".to_owned())]);
    Facts {
        build_name: "web".into(),
        build_type: "null".into(),
        core_version: "1.16.0".into(),
        template_dir: Some("/templates".into()),
        working_dir: Arc::new(PathBuf::from("/")),
        started: jiff::Timestamp::from_second(1_700_000_000).unwrap(),
        user: UserVariables::Known(Arc::new(users)),
        promised: Promised::Anything,
    }
}

fn defining() -> Interpolation {
    let environment = BTreeMap::from([("HOME".to_owned(), "/root".to_owned())]);
    let host = Host { environment: Arc::new(environment), ..Host::empty() };
    let UserVariables::Known(users) = facts().user else { unreachable!() };
    Interpolation::new(Facts { user: UserVariables::Defining(users, host), ..facts() })
}

#[test]
fn renders_at_preparation() {
    let rows = [
        ("plain", "plain"),
        ("{{build_name}}-{{build_type}}", "web-null"),
        ("{{packer_version}} {{template_dir}} {{pwd}}", "1.16.0 /templates /"),
        ("{{timestamp}} {{isotime}}", "1700000000 2023-11-14T22:13:20Z"),
        ("{{isotime \"2006-01-02\"}} {{strftime \"%H:%M\"}}", "2023-11-14 22:13"),
        ("{{user `region`}}", "eu"),
        ("<{{user `nope`}}>", "<>"),
        ("{{build `ID`}}/{{build `Host` | upper}}", "{{.ID}}/{{.HOST}}"),
        ("{{split build_name \"e\" 1}}{{split `a-b-c` `-` 2}}{{split `xyz` `` 1}}", "bcy"),
        ("{{replace `a` `b` 1 `aaa`}} {{replace `a` `b` -1 `aaa`}} {{replace_all `a` `b` `aaa`}}", "baa bbb bbb"),
        ("{{`a` | upper}}{{lower `B`}}", "Ab"),
        ("{{.Missing}} {{.Missing.Deeper}} {{.}}", "<no value> <no value> <no value>"),
        ("{{if eq build_type `null`}}n{{else}}x{{end}}", "n"),
        ("{{upper (user `region` | printf `%s-1`)}}", "EU-1"),
        ("{{define `t`}}[{{.}}{{upper `a`}}]{{end}}{{template `t` 3}}", "[3A]"),
    ];
    for (text, rendered) in rows {
        assert_eq!(Interpolation::new(facts()).at_prepare(text).as_deref(), Ok(rendered), "{text}");
    }
}

#[test]
fn says_where_and_why_not() {
    let at = |place: &str, call: &str| format!("template: root:{place}: executing \"root\" at <{call}>: ");
    let rows = [
        ("{{env `HOME`}}", at("1:2", "env `HOME`") + "error calling env: env vars are not allowed here"),
        (
            "{{consul_key `a`}}",
            at("1:2", "consul_key `a`") + "error calling consul_key: consul_key is not allowed here",
        ),
        (
            "a\n{{ vault \"a\"  `b` }}",
            at("2:3", "vault \"a\" `b`") + "error calling vault: Vault vars are only allowed in the variables section",
        ),
        (
            "{{upper (split `a` `-` 3)}}",
            at("1:9", "split `a` `-` 3")
                + "error calling split: there is no part 3 when \"a\" is split at \"-\": only 1 part(s) were found",
        ),
        ("{{upper}}", at("1:2", "upper") + "wrong number of args for upper: want 1 got 0"),
        ("{{upper `a` `b`}}", at("1:2", "upper") + "wrong number of args for upper: want 1 got 2"),
        ("{{upper 1}}", at("1:8", "1") + "expected string; found 1"),
        ("{{split `a` `b` `c`}}", at("1:16", "`c`") + "expected integer; found `c`"),
        ("{{upper nil}}", at("1:8", "nil") + "cannot assign nil to string"),
        ("{{upper .X}}", at("1:8", ".X") + "invalid value; expected string"),
        ("{{1 | upper}}", at("1:6", "upper") + "wrong type for value; expected string; got int"),
        (
            "{{isotime `a` `b`}}",
            at("1:2", "isotime `a` `b`") + "error calling isotime: too many values, 1 needed: [a b]",
        ),
        ("{{nosuch}}", "template: root:1: function \"nosuch\" not defined".to_owned()),
        ("\n{{if true}}{{nosuch .X}}{{end}}", "template: root:2: function \"nosuch\" not defined".to_owned()),
        ("{{.X", "template: root:1: unclosed action".to_owned()),
        ("{{$x = 1}}", at("1:7", "1") + "undefined variable: $x"),
        ("{{eq 1 `a`}}", at("1:2", "eq 1 `a`") + "error calling eq: incompatible types for comparison: int and string"),
        ("{{range `a`}}{{end}}", at("1:8", "`a`") + "range can't iterate over a"),
        ("{{template `t`}}", at("1:11", "{{template \"t\"}}") + "template \"t\" not defined"),
        ("{{build_name.X}}", at("1:2", "build_name") + "can't evaluate field X in type string"),
        ("{{nil}}", at("1:2", "nil") + "nil is not a command"),
        ("{{`a` 1}}", at("1:2", "`a`") + "can't give argument to non-function `a`"),
    ];
    for (text, expected) in rows {
        let error = Interpolation::new(facts()).at_prepare(text).unwrap_err().to_string();
        assert_eq!(error, expected, "{text}");
    }
}

#[test]
fn what_is_no_template_is_refused_as_go_does() {
    let rows = [
        ("{{", 1, "unclosed action"),
        ("{{upper\n`x`", 2, "unclosed action started at root:1"),
        ("{{\"a\n\"}}", 1, "unterminated quoted string"),
        ("{{`a", 1, "unterminated raw quoted string"),
        ("{{'ab'}}", 1, "malformed character constant: 'ab'"),
        ("{{\"\\q\"}}", 1, "invalid syntax"),
        ("{{item['x']}}", 1, "bad character U+005B '['"),
        ("{{a-b}}", 1, "bad character U+002D '-'"),
        ("{{item.x}}", 1, "function \"item\" not defined"),
        ("{{ foo bar }}", 1, "function \"foo\" not defined"),
        ("{{$x}}", 1, "undefined variable \"$x\""),
        ("{{5x}}", 1, "bad number syntax: \"5x\""),
        ("{{1__0}}", 1, "illegal number syntax: \"1__0\""),
        ("{{0x}}", 1, "illegal number syntax: \"0x\""),
        ("{{99999999999999999999}}", 1, "integer overflow: \"99999999999999999999\""),
        ("{{}}", 1, "missing value for command"),
        ("{{if}}x{{end}}", 1, "missing value for if"),
        ("{{| upper}}", 1, "unexpected \"|\" in command"),
        ("{{upper !x}}", 1, "unexpected \"!\" in operand"),
        ("{{`a` | `b`}}", 1, "non executable command in pipeline stage 2"),
        ("{{(upper `a`}}", 1, "unclosed left paren"),
        ("{{upper `a`)}}", 1, "unexpected right paren"),
        ("{{\"a\".b}}", 1, "unexpected . after term \"\\\"a\\\"\""),
        ("a{{end}}", 1, "unexpected {{end}}"),
        ("\n{{else}}", 2, "unexpected {{else}}"),
        ("{{if true}}x", 1, "unexpected EOF"),
        ("{{if true}}{{else}}{{else}}{{end}}", 1, "expected end; found {{else}}"),
        ("{{break}}", 1, "{{break}} outside {{range}}"),
        ("{{range $a, $b, $c := .}}{{end}}", 1, "too many declarations in range"),
        ("{{$a, $b := 1}}", 1, "too many declarations in command"),
        ("{{template x}}", 1, "unexpected \"x\" in template clause"),
        ("{{define `a`}}x{{end}}{{define `a`}}y{{end}}", 1, "template: multiple definition of template \"a\""),
        ("{{/* a", 1, "unclosed comment"),
        ("{{/* a */ }}", 1, "comment ends before closing delimiter"),
        ("{{\u{1}}}", 1, "unrecognized character in action: U+0001"),
        ("{{end of the line}}", 1, "unexpected \"of\" in end"),
        ("{{user\u{a0}`x`}}", 1, "bad character U+00A0"),
        ("{{block `b` 1}}\n{{else}}", 1, "unexpected {{else}} in block clause"),
        ("{{define `b`}}\n{{else}}", 2, "unexpected {{else}} in define clause"),
        ("{{upper else}}", 1, "unexpected <else> in operand"),
    ];
    for (text, line, message) in rows {
        let expected = RenderError::Syntax(format!("template: root:{line}: {message}"));
        assert_eq!(Interpolation::new(facts()).check(text), Err(expected), "{text}");
    }
    let deep = format!("{}1{}", "{{(".to_owned() + &"(".repeat(5_000), ")".repeat(5_001) + "}}");
    assert!(Interpolation::new(facts()).check(&deep).is_err());
    let endless = "{{define `t`}}{{if true}}{{template `t`}}{{end}}{{end}}{{template `t`}}";
    let error = Interpolation::new(facts()).at_prepare(endless).unwrap_err().to_string();
    assert!(error.ends_with("exceeded maximum template depth (200)"), "{error}");
    for endless in ["{{range 10000000000}}{{end}}", "{{$x := `abcdefgh`}}{{range 99}}{{$x = print $x $x}}{{end}}"] {
        assert!(Interpolation::new(facts()).at_prepare(endless).unwrap_err().to_string().contains(": more than "));
    }
    let nested = "{{if 1}}".repeat(5_000) + &"{{end}}".repeat(5_000);
    assert!(Interpolation::new(facts()).check(&nested).is_err());
}

#[test]
fn the_whole_language_is_there() {
    let rows = [
        ("a  {{- ` b ` -}}  c", "a b c"),
        ("{{/* nothing */}}x{{- /* nothing */ -}} y", "xy"),
        ("{{range 3}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{end}}", "02"),
        ("{{upper `a` | }}", "A"),
        ("{{range $i := 5}}{{if gt $i 1}}{{break}}{{end}}{{$i}}{{end}}", "01"),
        ("{{with `x`}}{{.}}{{else}}n{{end}}{{with ``}}y{{else with `z`}}{{.}}{{end}}", "xz"),
        ("{{if false}}a{{else if true}}b{{else}}c{{end}}", "b"),
        ("{{$x := `a`}}{{$x = upper $x}}{{$x}}", "A"),
        ("{{block `b` 5}}<{{.}}>{{end}}{{template `b` 6}}", "<5><6>"),
        ("{{printf `%s-%03d` (lower `A`) 7}} {{len `abc`}} {{'a'}} {{0x10}} {{1_0}} {{1.5e1}}", "a-007 3 97 16 10 15"),
        ("{{and true `x`}} {{or `` `y`}} {{not 1}} {{print 1 2}} {{\"\\u00e9\\t\"}}|", "x y false 1 2 é\t|"),
        ("{{html `<`}}{{urlquery `a b`}}{{js `'`}}", "&lt;a+b\\'"),
        ("{} {{`{{`}} }}", "{} {{ }}"),
    ];
    for (text, rendered) in rows {
        assert_eq!(Interpolation::new(facts()).at_prepare(text).as_deref(), Ok(rendered), "{text}");
    }
}

#[test]
fn hcl_templates_have_no_user_variables() {
    let hcl = Interpolation::new(Facts { user: UserVariables::None, ..facts() });
    assert!(hcl.at_prepare("{{user `x`}}").unwrap_err().to_string().contains("${var.x}"));
    assert!(hcl.check("{{.X").is_err());
    assert_eq!(hcl.check("{{.X}} {{build `ID`}} {{build_name}} {{env `X`}}"), Ok(()));
    assert!(hcl.check("{{nosuch .X}}").is_err());
}

#[test]
fn variables_may_look_outside() {
    let rows = [
        ("{{env `HOME`}}{{env `NOPE`}}", Ok("/root")),
        ("{{user `region`}}", Ok("eu")),
        ("{{user `nope`}}", Err("error calling user: Error: variable not set: nope")),
        ("{{vault `a` `b`}}", Err("error calling vault: services that keep secrets are not available here")),
        ("{{aws_secretsmanager}}", Err("error calling aws_secretsmanager: secret name must be provided")),
    ];
    for (text, expected) in rows {
        let rendered = defining().at_prepare(text).map_err(|error| error.to_string());
        match expected {
            Ok(expected) => assert_eq!(rendered.as_deref(), Ok(expected), "{text}"),
            Err(part) => assert!(rendered.clone().unwrap_err().ends_with(part), "{text}: {rendered:?}"),
        }
    }
}

#[test]
fn renders_until_nothing_changes() {
    let users = BTreeMap::from([
        ("a".to_owned(), "{{user `b`}}!".to_owned()),
        ("b".to_owned(), "{{upper `x`}}".to_owned()),
        ("loop".to_owned(), "{{user `loop`}}".to_owned()),
    ]);
    let interpolation = Interpolation::new(Facts { user: UserVariables::Known(Arc::new(users)), ..facts() });
    assert_eq!(interpolation.until_stable("{{user `a`}}").as_deref(), Ok("X!"));
    assert_eq!(interpolation.until_stable("{{user `loop`}}").as_deref(), Ok("{{user `loop`}}"));
}

#[test]
fn build_passes_on_what_was_promised() {
    let names = Promised::Names(Arc::new(BTreeSet::from(["ID".into(), "WinRMPassword".into()])));
    let missing = "error calling build: loaded data, but couldnt find Nope in it.";
    let never = "error calling build: Error validating build variable: the given variable ID will not be passed into \
                 your plugin.";
    let marked = "Build_ID. To set this dynamically in the Packer template, you must use the `build` function";
    let rows = [
        (names.clone(), "{{build `ID`}}", Ok("{{.ID}}")),
        (names.clone(), "{{build `Nope`}}", Err(missing)),
        (names.clone(), "{{.ID}}", Ok(marked)),
        (names.clone(), "{{.WinRMPassword}}", Ok("{{.WinRMPassword}}")),
        (names, "{{.Nope}}", Ok("<no value>")),
        (Promised::Nothing, "{{build `ID`}}", Err(never)),
        (Promised::Anything, "{{build `Nope`}}", Ok("{{.Nope}}")),
    ];
    for (promised, text, expected) in rows {
        let rendered = Interpolation::new(Facts { promised, ..facts() }).at_prepare(text);
        let rendered = rendered.map_err(|error| error.to_string());
        match expected {
            Ok(expected) => assert_eq!(rendered.as_deref(), Ok(expected), "{text}"),
            Err(end) => assert!(rendered.clone().unwrap_err().ends_with(end), "{text}: {rendered:?}"),
        }
    }
}

#[test]
fn renders_at_run_time() {
    let data = BTreeMap::from([
        ("ID".to_owned(), Value::string("i-1")),
        ("Port".to_owned(), Value::int(22)),
        ("Host".to_owned(), Value::Unknown(Type::String)),
    ]);
    let data = RunData::new(&data).with("Vars", "A='b'");
    let rows = [
        ("{{.Vars}} {{.ID}}:{{.Port}}", "A='b' i-1:22"),
        ("{{build `ID`}}", "i-1"),
        ("{{.Host}}", "<unknown>"),
        ("{{.Nope}}", "<no value>"),
    ];
    for (text, expected) in rows {
        assert_eq!(Interpolation::new(facts()).at_run(text, &data).as_deref(), Ok(expected), "{text}");
    }
    let error = Interpolation::new(facts()).at_run("{{build `Nope`}}", &data).unwrap_err().to_string();
    assert!(error.ends_with("error calling build: loaded data, but couldnt find Nope in it."), "{error}");
}

#[test]
fn uuids_are_well_formed_and_differ() {
    let one = Interpolation::new(facts()).at_prepare("{{uuid}}").unwrap();
    let other = Interpolation::new(facts()).at_prepare("{{uuid}}").unwrap();
    assert_ne!(one, other);
    assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
}

//! Whole templates: what is refused in which words, what variables become, which builds there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{Catalog, ComponentKind, Schema};
use crate::diagnostic::Diagnostics;
use crate::eval::Host;
use crate::files::Files;
use crate::legacy::{Console, Given, LegacyTemplate, analyse, multi_error, null_template, parse};
use crate::lower::analysis::Inputs;
use crate::lower::{Analysis, Extent, Limits, Program, lower};
use crate::node::{BuildId, ComponentUse, ProvisionerId};
use crate::select::Selection;
use crate::values::VariableInputs;

fn read(text: &str) -> Result<LegacyTemplate, String> {
    parse(&mut Files::new(), "t.json", text.as_bytes())
}

/// Analyses a template with values like `name=value` for variables; the error, if any, is its text.
fn analysed(template: LegacyTemplate, given: &[&str]) -> (Analysis, Option<String>) {
    let pairs = given.iter().filter_map(|pair| pair.split_once('='));
    let variables = VariableInputs {
        arguments: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        ..VariableInputs::default()
    };
    let environment = BTreeMap::from([("HOME".to_owned(), "/root".to_owned())]);
    let host = Host { environment: Arc::new(environment), ..Host::empty() };
    let inputs = Inputs { variables: &variables, host: &host, version: "1.16.0" };
    let given = Given::collect(&variables, &host.working_dir).expect("there are no files");
    let mut diags = Diagnostics::new();
    let analysis = analyse(template, given, inputs, &Files::new(), &mut diags);
    let error = diags.into_iter().next().map(|found| {
        assert_eq!((found.summary.as_str(), found.subject), ("", None));
        found.detail
    });
    (analysis, error)
}

/// Knows the builders `null` and `file`, and every other component but `unknown`.
struct Known;

impl Catalog for Known {
    fn schema(&self, kind: ComponentKind, name: &str) -> Option<Arc<Schema>> {
        let known =
            name != "unknown" && (kind != ComponentKind::Builder || self.names(kind).contains(&name.to_owned()));
        known.then(Arc::default)
    }

    fn names(&self, _kind: ComponentKind) -> Vec<String> {
        vec!["file".to_owned(), "null".to_owned()]
    }
}

fn compiled(text: &str, only: &[&str], except: &[&str]) -> Program {
    let (analysis, error) = analysed(read(text).unwrap(), &[]);
    assert_eq!(error, None, "{text}");
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let selection = Selection::exact(&owned(only), &owned(except));
    lower(analysis, &Known, &selection, (Limits::default(), Extent::Build), &mut Diagnostics::new())
}

#[test]
fn what_is_no_template_is_refused_in_known_words() {
    let rows = [
        ("[]", "'' expected a map, got 'slice'".to_owned()),
        (
            r#"{"a": 1, "_b": "c", "d": []}"#,
            several(&["Unknown root level key in template: 'a'", "Unknown root level key in template: 'd'"]),
        ),
        (r#"{"_b": 1}"#, "Failed to cast root level comment value in comment \"_b\" to string.".to_owned()),
        (r#"{"builders": [{"type": "a", "x": {"y": 1, "y": 2}}]}"#, "template has duplicate field: y".to_owned()),
        (r#"{"builders": [], "builders": []}"#, "template has duplicate field: builders".to_owned()),
        (r#"{"builders": 1e999}"#, "json: cannot unmarshal number 1e999 into Go value of type float64".to_owned()),
        (
            r#"{"builders": {}, "variables": [], "provisioners": "x", "description": 1}"#,
            "4 error(s) decoding:\n\n\
             * 'Description' expected type 'string', got unconvertible type 'float64', value: '1'\n\
             * 'Provisioners': source data must be an array or slice, got string\n\
             * 'Variables' expected a map, got 'slice'\n\
             * 'builders': source data must be an array or slice, got map"
                .to_owned(),
        ),
        (
            r#"{"builders": ["x", {"name": "y"}, {"type": "z"}, {"type": "z"}, {"type": []}]}"#,
            several(&[
                "builder 1: '' expected a map, got 'string'",
                "builder 2: missing 'type'",
                "builder 4: builder with name 'z' already exists",
                "builder 5: 1 error(s) decoding:\n\n\
                 * 'Type' expected type 'string', got unconvertible type '[]interface {}', value: '[]'",
            ]),
        ),
        (
            r#"{"variables": {"a": 1.5, "b": {"c": true}, "d": "e", "f": null}}"#,
            several(&[
                "variable a: '' expected type 'string', got unconvertible type 'float64', value: '1.5'",
                "variable b: '' expected type 'string', got unconvertible type 'map[string]interface {}', \
                 value: 'map[c:true]'",
            ]),
        ),
        (
            r#"{"post-processors": [1, [[], 2, "x"], {"name": "n"}, {"type": "t", "keep_input_artifact": "true"}]}"#,
            several(&[
                "post-processor 1: bad format",
                "post-processor 2.1: sequence not allowed to be nested in a sequence",
                "post-processor 2.2: unknown format",
                "post-processor 3.1: type is required",
                "post-processor 4.1: 1 error(s) decoding:\n\n\
                 * 'keep_input_artifact' expected type 'bool', got unconvertible type 'string', value: 'true'",
            ]),
        ),
        (
            r#"{"provisioners": [{}, {"type": "t", "pause_before": "5", "timeout": "x"}], "error-cleanup-provisioner": {}}"#,
            several(&[
                "provisioner 1: Provisioner missing 'type'",
                "provisioner 2: Error decoding provisioner: 2 error(s) decoding:\n\n\
                 * error decoding 'pause_before': time: missing unit in duration \"5\"\n\
                 * error decoding 'timeout': time: invalid duration \"x\"",
                "On Error Cleanup Provisioner error: Provisioner missing 'type'",
            ]),
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(read(text).unwrap_err(), expected, "{text}");
    }
}

fn several(errors: &[&str]) -> String {
    let errors: Vec<String> = errors.iter().map(|error| (*error).to_owned()).collect();
    multi_error(&errors)
}

#[test]
fn weak_and_strict_parts() {
    let template = read(
        r#"{
            "Builders": [{"type": "null", "name": 5, "x": 1}],
            "provisioners": [
                {"type": "a", "only": "5", "pause_before": 1500, "max_retries": 3, "override": {"5": {"x": 2}}, "y": 1}
            ],
            "post-processors": ["b", {"type": "c", "name": "d", "keep_input_artifact": false, "z": [1]}, ["e", {"type": "f"}]]
        }"#,
    )
    .unwrap();
    let builder = &template.builders["5"];
    assert_eq!((&*builder.kind, builder.config.to_string()), ("null", "map[x:1]".to_owned()));
    let provisioner = &template.provisioners[0];
    assert_eq!(provisioner.sources.only, ["5".into()]);
    assert_eq!((provisioner.pause_before.to_string(), &*provisioner.max_retries), ("1.5µs".to_owned(), "3"));
    assert_eq!(
        (provisioner.overrides["5"].to_string(), provisioner.config.to_string()),
        ("map[x:2]".into(), "map[y:1]".into())
    );
    let chains: Vec<Vec<(&str, &str, Option<bool>)>> = template
        .chains
        .iter()
        .map(|chain| chain.iter().map(|one| (&*one.kind, &*one.name, one.keep_input_artifact)).collect())
        .collect();
    let expected = [vec![("b", "b", None)], vec![("c", "d", Some(false))], vec![("e", "e", None), ("f", "f", None)]];
    assert_eq!(chains, expected);
}

#[test]
fn what_does_not_hold_together_is_refused() {
    let builders = r#""builders": [{"type": "null"}, {"type": "file", "name": "a"}]"#;
    let rows = [
        ("{}".to_owned(), several(&["at least one builder must be defined"])),
        (
            format!(
                r#"{{{builders}, "provisioners": [
                    {{"type": "t", "only": ["null", "x"], "override": {{"a": {{}}, "file": {{}}}}}},
                    {{"type": "t", "only": ["null"], "except": ["a"]}}],
                   "post-processors": ["t", [{{"type": "t", "except": ["y"]}}]]}}"#
            ),
            several(&[
                "provisioner 1: 'only' specified builder 'x' not found",
                "provisioner 1: override 'file' doesn't exist",
                "provisioner 2: only one of 'only' or 'except' may be specified",
                "post-processor 2.1: 'except' specified builder 'y' not found",
            ]),
        ),
        (
            format!(r#"{{{builders}, "min_packer_version": "2.0"}}"#),
            "This template requires Packer version 2.0.0 or higher; using 1.16.0".to_owned(),
        ),
        (
            format!(r#"{{{builders}, "min_packer_version": "x"}}"#),
            "min_version is invalid: Malformed version: x".to_owned(),
        ),
        (
            format!(r#"{{{builders}, "variables": {{"a": null, "b": null, "c": ""}}}}"#),
            several(&["required variable not set: a", "required variable not set: b"]),
        ),
        (
            r#"{"builders": [{"type": "null", "name": "{{x}}"}]}"#.to_owned(),
            "Error interpolating builder '{{x}}': template: root:1: function \"x\" not defined".to_owned(),
        ),
    ];
    for (text, expected) in rows {
        let (_, error) = analysed(read(&text).unwrap(), &[]);
        assert_eq!(error, Some(expected), "{text}");
    }
}

#[test]
fn variables_are_rendered_until_nothing_is_left() {
    let at = |call: &str| format!("template: root:1:2: executing \"root\" at <{call}>: error calling ");
    let unset = |name: &str, text: &str, missing: &str| {
        let place = at(&format!("user `{missing}`"));
        format!(
            "Failed to interpolate \"{name}\": \"{text}\"; error: {place}user: Error: variable not set: {missing}: Please \
             make sure that the variable you're referencing has been defined; Packer treats all variables used to \
             interpolate other user variables as required."
        )
    };
    let rows: [(&str, &[&str], Result<&str, String>); 13] = [
        (r#"{"a": "x", "b": "{{user `a`}}y"}"#, &[], Ok("a=x b=xy")),
        (r#"{"a": "{{user `b`}}1", "b": "{{user `c`}}2", "c": "3"}"#, &[], Ok("a=321 b=32 c=3")),
        (r#"{"a": "x", "b": "{{user `a`}}y"}"#, &["a=z", "new={{upper `q`}}"], Ok("a=z b=zy new=Q")),
        (r#"{"a": "{{env `HOME`}}{{env `NOPE`}}"}"#, &[], Ok("a=/root")),
        (r#"{"a": "{{ .Vars }} {{.Path}} {{upper `x`}}"}"#, &[], Ok("a={{ .Vars }} {{.Path}} X")),
        (r#"{"a": null, "b": "{{user `a`}}"}"#, &["a="], Ok("a= b=")),
        // A function that is spelled in another way is rendered once.
        (r#"{"a": "{{user \"b\"}}", "b": "1"}"#, &[], Ok("a=1 b=1")),
        (r#"{"a": "{{user `a`}}"}"#, &[], Err(unset("a", "{{user `a`}}", "a"))),
        (r#"{"a": "1", "b": "{{user `z`}}"}"#, &[], Err(unset("b", "{{user `z`}}", "z"))),
        // As long as another one can be rendered again and again, nobody complains.
        (r#"{"a": "1", "b": "{{user `a`}}", "c": "{{user `z`}}"}"#, &[], Ok("a=1 b=1")),
        (r#"{"a": "{{build_name}}"}"#, &[], Err(at("build_name") + "build_name: build_name not available")),
        (
            r#"{"a": "{{nosuch}}"}"#,
            &[],
            Err("error interpolating default value for 'a': template: root:1: function \"nosuch\" not defined"
                .to_owned()),
        ),
        (r#"{"a": "{{template_dir}}"}"#, &[], Err(at("template_dir") + "template_dir: template path not available")),
    ];
    for (variables, given, expected) in rows {
        let text = format!(r#"{{"builders": [{{"type": "null"}}], "variables": {variables}}}"#);
        let (analysis, error) = analysed(read(&text).unwrap(), given);
        let legacy = analysis.legacy.unwrap();
        let shown: Vec<String> = legacy.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let result = error.map_or(Ok(shown.join(" ")), Err);
        assert_eq!(result.as_deref().map_err(Clone::clone), expected, "{variables} {given:?}");
    }
}

#[test]
fn a_long_chain_of_variables_in_the_worst_order() {
    let links: Vec<String> = (0..95).map(|at| format!(r#""v{at:02}": "{{{{user `v{:02}`}}}}""#, at + 1)).collect();
    let text = format!(r#"{{"builders": [{{"type": "null"}}], "variables": {{{}, "v95": "end"}}}}"#, links.join(", "));
    let (analysis, error) = analysed(read(&text).unwrap(), &[]);
    assert_eq!(error, None);
    assert_eq!(analysis.legacy.unwrap().variables["v00"], "end");
}

const ESTATE: &str = r#"{
    "variables": {"n": "x", "retries": "2"},
    "builders": [
        {"type": "null"},
        {"type": "file", "name": "{{user `n`}}-b"},
        {"type": "file", "name": "a"},
        {"type": "amazon-ebs"},
        {"type": "nul"}
    ],
    "provisioners": [
        {"type": "p", "only": ["a"]},
        {"type": "q", "except": ["a"], "max_retries": "{{user `retries`}}", "override": {"{{user `n`}}-b": {"k": 1}}}
    ],
    "post-processors": [
        ["m", {"type": "n", "name": "cut"}, "o"],
        {"type": "m", "only": ["null"]}
    ]
}"#;

#[test]
fn builds_are_sorted_and_those_without_plugin_left_out() {
    let program = compiled(ESTATE, &[], &[]);
    let names: Vec<&str> = program.builds.iter().map(|build| &*build.name).collect();
    assert_eq!(names, ["file.a", "null", "file.x-b"]);
    let source_names: Vec<&str> = program.builds.iter().map(|build| &*build.source_name).collect();
    assert_eq!(source_names, ["a", "null", "x-b"]);
    let left_out: Vec<(&str, &str)> =
        program.left_out.iter().map(|build| (&*build.name, build.diagnostic.summary.as_str())).collect();
    let expected =
        [("amazon-ebs", "Failed to initialize build \"amazon-ebs\""), ("nul", "Failed to initialize build \"nul\"")];
    assert_eq!(left_out, expected);
    assert!(program.left_out[0].diagnostic.detail.ends_with("?filter=amazon"));
    assert_eq!(program.left_out[1].diagnostic.detail, "Did you mean to use \"null\"?");
    let counts: Vec<(usize, Vec<usize>)> = program
        .builds
        .iter()
        .map(|build| (build.provisioners.len(), build.chains.iter().map(Vec::len).collect()))
        .collect();
    assert_eq!(counts, [(1, vec![3]), (1, vec![3, 1]), (1, vec![3])]);
    let (_, meta) = program.provisioner(BuildId(2), ProvisionerId::Ordinary(0)).unwrap();
    assert_eq!(meta.max_retries, 2);
    let configs = program.raw_configs(BuildId(2), ComponentUse::Provisioner(ProvisionerId::Ordinary(0))).unwrap();
    assert_eq!(configs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["map[]", "map[k:1]"]);
}

#[test]
fn builds_are_selected_by_their_exact_names() {
    for (only, except, expected) in [
        (&["x-b"][..], &[][..], &["file.x-b"][..]),
        (&["file.x-b", "*", "{{user `n`}}-b"], &[], &[]),
        (&[""], &[], &[]),
        (&[], &["a", "x-b", "amazon-ebs", "nul"], &["null"]),
        (&["null", "a"], &["a"], &["null"]),
    ] {
        let program = compiled(ESTATE, only, except);
        let names: Vec<&str> = program.builds.iter().map(|build| &*build.name).collect();
        assert_eq!(names, expected, "{only:?} {except:?}");
    }
    let program = compiled(ESTATE, &["null"], &["cut"]);
    assert_eq!(program.builds[0].chains, [vec![(0, 0)], vec![(1, 0)]]);
    let program = compiled(ESTATE, &["null"], &["m"]);
    assert!(program.builds[0].chains.is_empty());
}

#[test]
fn the_first_thing_that_keeps_a_build_from_being_made_is_told() {
    for (part, detail) in [
        (r#""provisioners": [{"type": "unknown"}]"#, "The provisioner unknown is unknown by Packer"),
        (r#""error-cleanup-provisioner": {"type": "unknown"}"#, "The provisioner unknown is unknown by Packer"),
        (r#""post-processors": [["a", "unknown"]]"#, "The post-processor unknown is unknown by Packer"),
        (
            r#""provisioners": [{"type": "p", "max_retries": "many"}]"#,
            "`max_retries` must be a valid integer: strconv.Atoi: parsing \"many\": invalid syntax",
        ),
        (
            r#""provisioners": [{"type": "p", "max_retries": "{{x}}"}]"#,
            "failed to interpolate `max_retries`: template: root:1: function \"x\" not defined",
        ),
    ] {
        let program = compiled(&format!(r#"{{"builders": [{{"type": "null"}}], {part}}}"#), &[], &[]);
        let found = &program.left_out[0].diagnostic;
        assert!(program.builds.is_empty() && found.detail.starts_with(detail), "{part}: {found:?}");
    }
}

#[test]
fn without_a_template_there_is_one_that_does_nothing() {
    let (analysis, error) = analysed(null_template(), &["a=b"]);
    assert_eq!(error, None);
    let console = Console::new(analysis.legacy.unwrap());
    for (line, expected) in [
        ("{{user `a`}} {{user `nope`}}", Ok("b ")),
        ("{{split `{{upper \\\"x\\\"}}` `-` 0}}", Err("template: root:1: ")),
        ("plain", Ok("plain")),
        ("{{env `HOME`}}", Err("template: root:1:2: executing \"root\" at <env `HOME`>: error calling env: env vars")),
        ("{{build `ID`}}", Err("template: root:1:2: executing \"root\" at <build `ID`>: error calling build: Error")),
    ] {
        match (console.evaluate(line), expected) {
            (Ok(text), Ok(expected)) => assert_eq!(text, expected),
            (Err(found), Err(start)) => {
                assert_eq!(found.summary, "Interpolation error");
                assert!(found.detail.starts_with(start), "{line}: {}", found.detail);
            }
            other => panic!("{line}: {other:?}"),
        }
    }
    assert_eq!(console.variables(), "\na: b,\n");
}

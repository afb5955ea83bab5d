//! Any text gets an answer: our own templates, with tokens missing, doubled, swapped or replaced, by the ten thousands.
//!
//! A binary of its own, because it takes the built-in components and an allocator that counts.

#[expect(unreachable_pub, reason = "it is a library of its own for the fuzz targets")]
mod claims;
mod edit;
mod memory;
mod run;
mod slope;
mod validation;
mod watchdog;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Native,
    Json,
    Legacy,
    NativeValues,
    JsonValues,
    Template,
    Expression,
    Interpolation,
    Scalar,
}

/// Our own texts, which cover the languages.
const CORPUS: [(Kind, &str); 20] = [
    (Kind::Native, include_str!("corpus/build.pkr.hcl")),
    (Kind::Native, include_str!("corpus/dynamic.pkr.hcl")),
    (Kind::Native, include_str!("corpus/functions.pkr.hcl")),
    (Kind::Native, include_str!("corpus/lines.pkr.hcl")),
    (Kind::Native, include_str!("corpus/locals.pkr.hcl")),
    (Kind::Native, include_str!("corpus/variables.pkr.hcl")),
    (Kind::Native, include_str!("../../examples/hello/hello.pkr.hcl")),
    (Kind::Native, include_str!("../../examples/estate/locals.pkr.hcl")),
    (Kind::Json, include_str!("corpus/template.pkr.json")),
    (Kind::Json, include_str!("../../examples/json/report.pkr.json")),
    (Kind::Legacy, include_str!("corpus/legacy.json")),
    (Kind::Legacy, include_str!("../../examples/legacy/web.json")),
    (Kind::NativeValues, include_str!("corpus/values.pkrvars.hcl")),
    (Kind::JsonValues, include_str!("corpus/values.pkrvars.json")),
    (Kind::Template, include_str!("corpus/list.pkrtpl.hcl")),
    (Kind::Template, include_str!("../../examples/estate/recipe.pkrtpl.hcl")),
    (Kind::Expression, "{ for k, v in m : k => [for x in l : \"${upper(x)}-${n * 2 + o.l[0]}\" if x != \"b\"]... }"),
    (
        Kind::Expression,
        "[try(o.none, u, 1), can(z.a), l[*], o.l.0, m[\"k\"], (t ? d : e), !t && n >= 3 || x == l, -n % 2, {a: 1}]",
    ),
    (
        Kind::Interpolation,
        "{{if eq .ID `a`}}{{user `a` | upper}}{{else}}{{range $i, $v := split `a-b` `-` 1}}x{{end}}{{end}}{{isotime \"2006\"}}",
    ),
    (Kind::Scalar, ">= v1.2.3-beta.1+meta, ~> 1.0 != 1h2m3.5s -1.5ms"),
];

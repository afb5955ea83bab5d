//! How time grows with size: each row at a size, twice, four and eight times it, as bars, with what each doubling costs.
//! What is linear costs about twice as much; a quadratic step would cost four times as much.
//!
//! Run with `cargo bench -p planner --bench growth`; give a word to run only the rows with it in their name.

#![expect(clippy::print_stdout, reason = "a bench reports to its reader")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use planner::catalog::{AttributeSchema, Catalog, ComponentKind, Schema};
use planner::diagnostic::Diagnostics;
use planner::eval::{Functions, Host, MapLookup, Scope, evaluate};
use planner::files::Files;
use planner::format::format;
use planner::lower::analysis::{Inputs, analyse, parse};
use planner::lower::{Extent, Limits, lower};
use planner::render::{RenderOptions, render};
use planner::select::Selection;
use planner::syntax::{parse_body, parse_expression, parse_json_body};
use planner::value::{Type, Value};
use planner::values::{DataSupply, VariableInputs};

/// What the product uses.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What a doubling may cost.
const LINEAR: f64 = 2.3;

/// Doublings of each row.
const SIZES: [usize; 4] = [1, 2, 4, 8];

/// How long and how often each size of a row runs, at least.
const PATIENCE: Duration = Duration::from_millis(200);
const ROUNDS: usize = 5;

/// What a row does with the text or the value that it makes for a size.
enum Work {
    /// A file in native syntax is parsed.
    Native(fn(usize) -> String),
    /// A file in JSON syntax is parsed.
    Json(fn(usize) -> String),
    /// A file is formatted.
    Format(fn(usize) -> String),
    /// A file is parsed, and what is wrong with it told.
    Faults(fn(usize) -> String),
    /// A template goes all the way to the graph.
    Plan(fn(usize) -> String),
    /// An expression over `list`, `map` and `text` of this size is evaluated.
    Evaluate(&'static str),
}

/// A row: its name, its smallest size, and what is done.
type Row = (&'static str, usize, Work);

const ROWS: &[Row] = &[
    ("parse: attributes", 2_000, Work::Native(|n| lines(n, "a# = \"value\"\n"))),
    ("parse: keys of an object", 2_000, Work::Native(|n| format!("a = {{\n{}}}\n", lines(n, "  k# = #\n")))),
    ("parse: elements of a list", 2_000, Work::Native(|n| format!("a = [{}]\n", lines(n, "#, ")))),
    ("parse: blocks", 1_000, Work::Native(|n| lines(n, "b \"x#\" {\n  a = #\n}\n"))),
    ("parse: long template", 1_000, Work::Native(|n| format!("a = \"{}\"\n", lines(n, "text ${b.c} ")))),
    ("parse: long heredoc", 1_000, Work::Native(|n| format!("a = <<-E\n{}E\n", lines(n, "  line ${b} #\n")))),
    ("parse: JSON keys", 2_000, Work::Json(|n| format!("{{\"a\": {{{}\"z\": 1}}}}", lines(n, "\"k#\": \"${b} #\", ")))),
    ("format: attributes", 2_000, Work::Format(|n| lines(n, "a#=\"value\" # c\n"))),
    ("format: one long line", 2_000, Work::Format(|n| format!("a=[{}]\n", lines(n, "#,{b=1},")))),
    ("faults: each block is wrong", 1_000, Work::Faults(|n| lines(n, "b# {\n  a = 1 +\n}\n"))),
    ("faults: names unknown", 2_000, Work::Plan(|n| format!("locals {{\n{}}}\n", lines(n, "  a# = local.b#b\n")))),
    ("plan: locals in a chain", 500, Work::Plan(|n| format!("locals {{\n  a0 = 1\n{}}}\n", chain(n)))),
    ("plan: variables with rules", 250, Work::Plan(|n| lines(n, VARIABLE))),
    ("plan: sources and builds", 100, Work::Plan(|n| lines(n, BUILD))),
    ("evaluate: list concat", 5_000, Work::Evaluate("concat(list, list)")),
    ("evaluate: for", 2_000, Work::Evaluate("[for n in list : \"${n}-x\"]")),
    ("evaluate: nested for", 500, Work::Evaluate("[for n in list : [for m in range(20) : m]]")),
    ("evaluate: for over a map", 2_000, Work::Evaluate("{for k, v in map : v => k}")),
    ("evaluate: map read by key", 2_000, Work::Evaluate("[for n in list : map[n]]")),
    ("evaluate: grouping", 2_000, Work::Evaluate("{for k, v in map : substr(k, 0, 3) => v...}")),
    ("evaluate: splat", 5_000, Work::Evaluate("list[*]")),
    ("evaluate: template loop", 2_000, Work::Evaluate("\"%{ for n in list }${n}, %{ endfor }\"")),
    ("evaluate: text functions", 20_000, Work::Evaluate("upper(replace(text, \"a\", \"bc\"))")),
    ("evaluate: distinct objects", 1_000, Work::Evaluate("distinct([for n in list : {a = n}])")),
    ("evaluate: mixed types", 2_000, Work::Evaluate("convert([for i, n in list : i % 2 == 0 ? n : i], list(string))")),
    ("evaluate: JSON there and back", 2_000, Work::Evaluate("jsondecode(jsonencode(map))")),
    ("evaluate: YAML there and back", 1_000, Work::Evaluate("yamldecode(yamlencode(map))")),
];

const VARIABLE: &str = "variable \"v#\" {
  type    = list(string)
  default = [\"a\"]
  validation {
    condition     = length(var.v#) > 0
    error_message = \"There must be one.\"
  }
}
";

const BUILD: &str = "source \"null\" \"s#\" {
  communicator = \"none\"
}
build {
  sources = [\"null.s#\"]
  provisioner \"null\" {
    communicator = source.name
  }
}
";

/// `line` so many times, `#` being the number of the line.
fn lines(n: usize, line: &str) -> String {
    (0..n).map(|at| line.replace('#', &at.to_string())).collect()
}

fn chain(n: usize) -> String {
    (1..n).map(|at| format!("  a{at} = local.a{} + 1\n", at - 1)).collect()
}

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let folder = tempfile::tempdir().expect("there is room for a template");
    let mut worst: Vec<&str> = Vec::new();
    for (name, size, work) in ROWS.iter().filter(|row| wanted.as_ref().is_none_or(|word| row.0.contains(word.as_str())))
    {
        let times = SIZES.map(|times| least(work, size * times, folder.path()));
        let ratio = (times[3] / times[0]).cbrt();
        println!("{name}: x {ratio:.2} for each doubling");
        for (times_size, time) in SIZES.iter().zip(times) {
            let bar = "#".repeat((time / times[3] * 60.0).round() as usize);
            println!("  {:>7} {:>9.3} ms {bar}", size * times_size, time * 1e3);
        }
        if ratio > LINEAR {
            worst.push(name);
        }
    }
    if worst.is_empty() {
        println!("all rows are linear: at most x {LINEAR} for each doubling");
    } else {
        println!("not linear: {}", worst.join("; "));
    }
}

/// The least of the seconds that `work` takes.
fn least(work: &Work, size: usize, folder: &Path) -> f64 {
    match work {
        Work::Native(text) => timed(text(size), |files, text| {
            let file = files.add("t", text);
            parse_body(files, file).0.map(drop).expect("the text is valid");
        }),
        Work::Json(text) => timed(text(size), |files, text| {
            let file = files.add("t", text);
            parse_json_body(files, file).0.map(drop).expect("the text is valid");
        }),
        Work::Format(text) => timed(text(size), |_, text| drop(black_box(format(text)))),
        Work::Faults(text) => timed(text(size), |files, text| {
            let file = files.add("t", text);
            let (_, found) = parse_body(files, file);
            assert!(!render(&found, files, RenderOptions::default()).is_empty());
        }),
        Work::Plan(text) => {
            std::fs::write(folder.join("t.pkr.hcl"), text(size)).expect("there is room for a template");
            timed(String::new(), |files, _| plan(files, folder))
        }
        Work::Evaluate(text) => {
            let mut files = Files::new();
            let file = files.add("t", *text);
            let expr = parse_expression(&files, file).expect("the expression is valid");
            let (variables, functions, host) = (variables(size), Functions::standard(), Host::empty());
            let scope = Scope { variables: &variables, functions: &functions, host: &host };
            timed(String::new(), |_, _| {
                let mut found = Diagnostics::new();
                black_box(evaluate(&expr, &scope, &mut found));
                assert!(found.is_empty(), "{found:?}");
            })
        }
    }
}

fn timed(text: String, mut work: impl FnMut(&mut Files, &str)) -> f64 {
    let mut least = f64::INFINITY;
    let all = Instant::now();
    let mut rounds = 0;
    while rounds < ROUNDS || all.elapsed() < PATIENCE {
        rounds += 1;
        let mut files = Files::new();
        let started = Instant::now();
        work(&mut files, &text);
        least = least.min(started.elapsed().as_secs_f64());
    }
    least
}

/// Reads, analyses and compiles the template in `folder`, and tells what is wrong with it.
fn plan(files: &mut Files, folder: &Path) {
    let host = Host { base_dir: folder.to_owned(), working_dir: folder.to_owned(), ..Host::empty() };
    let variables = VariableInputs::default();
    let inputs = Inputs { variables: &variables, host: &host, version: "1.16.0" };
    let mut found = Diagnostics::new();
    let parsed = parse("t.pkr.hcl", inputs, files, &mut found).expect("the template is valid");
    let analysis = analyse(parsed, inputs, DataSupply::Never, &NullOnly, files, &mut found);
    let selection = Selection::new(&[], &[]).expect("nothing is selected");
    black_box(lower(analysis, &NullOnly, &selection, (Limits::default(), Extent::Prepare), &mut found));
    black_box(render(&found, files, RenderOptions::default()));
}

/// Every kind of component is called `null` and takes a communicator.
struct NullOnly;

impl Catalog for NullOnly {
    fn schema(&self, _kind: ComponentKind, name: &str) -> Option<Arc<Schema>> {
        let communicator = AttributeSchema::optional("communicator", Type::String);
        (name == "null").then(|| Arc::new(Schema { attributes: vec![communicator], ..Schema::default() }))
    }

    fn names(&self, _kind: ComponentKind) -> Vec<String> {
        vec!["null".to_owned()]
    }
}

fn variables(n: usize) -> MapLookup {
    let names = || (0..n).map(|at| format!("k{at}"));
    MapLookup::from_iter([
        ("list", Value::strings(names())),
        ("map", Value::map(names().map(|name| (name.as_str().into(), Value::text(&name))).collect(), Type::String)),
        ("text", Value::text(&"abc".repeat(n))),
    ])
}

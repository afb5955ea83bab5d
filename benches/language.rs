//! What the language costs: nanoseconds for each evaluation of a parsed expression, and for each element where there are
//! many. The budget is 1 µs per simple expression; the rows over many elements must not grow with their number.
//!
//! Run with `cargo bench -p planner --bench language`; give a word to run only the rows with it in their name.

#![expect(clippy::print_stdout, reason = "a bench reports to its reader")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use planner::diagnostic::Diagnostics;
use planner::eval::{Functions, Host, MapLookup, Scope, evaluate};
use planner::files::Files;
use planner::syntax::ast::Expr;
use planner::syntax::parse_expression;
use planner::value::{Type, Value};

/// What the product uses.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How long a row runs.
const ROW: Duration = Duration::from_millis(200);

/// What a row measures: an expression, and how many elements it goes through.
struct Row {
    name: &'static str,
    expr: &'static str,
    elements: u32,
}

const ROWS: &[Row] = &[
    row("literal", "42", 1),
    row("variable", "var.region", 1),
    row("attribute access", "var.image.disk.size", 1),
    row("index", "var.zones[1]", 1),
    row("arithmetic", "var.image.disk.size * 1024 + 512", 1),
    row("template, 2 interpolations", "\"${var.region}-${var.image.disk.size}.img\"", 1),
    row("function call", "upper(var.region)", 1),
    row("conditional", "var.image.disk.size > 10 ? \"big\" : \"small\"", 1),
    row("comparison of lists", "var.zones == [\"a\", \"b\"]", 1),
    row("object of 3", "{ region = var.region, size = var.image.disk.size, zone = var.zones[0] }", 1),
    row("for over 10", "[for n in var.ten : n]", 10),
    row("splat over 10", "var.hosts[*].name", 10),
    row("for over 1,000 keys", "{for k, v in var.keys_1000 : k => v}", 1_000),
    row("for over 20,000 keys", "{for k, v in var.keys_20000 : k => v}", 20_000),
    row("20,000 keys read by name", "[for k in var.names_20000 : var.keys_20000[k]]", 20_000),
    row("20,000 places of a tuple read", "[for i, n in var.names_20000 : var.tuple_20000[i]]", 20_000),
    row("1,000 calls of lookup", "[for k, v in var.keys_1000 : lookup(var.image, k, v)]", 1_000),
    row("20,000 choices", "[for n in var.names_20000 : n == \"k7\" ? var.tuple_20000 : var.tuple_20000]", 20_000),
    row("merge of 2 × 20,000 keys", "merge(var.keys_20000, var.keys_20000)", 40_000),
    row("concat of 2 × 20,000", "concat(var.names_20000, var.names_20000)", 40_000),
    row("join of 20,000", "join(\",\", var.names_20000)", 20_000),
    row("template over 20,000", "\"%{ for n in var.names_20000 }${n}\\n%{ endfor }\"", 20_000),
    row("distinct of 20,000", "distinct(var.names_20000)", 20_000),
    row("set of 20,000", "convert(var.names_20000, set(string))", 20_000),
    row("concat in 200 steps", "length(flatten([for i in range(200) : concat(var.ten, [i])]))", 2_200),
];

const fn row(name: &'static str, expr: &'static str, elements: u32) -> Row {
    Row { name, expr, elements }
}

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let variables = variables();
    let scope = Scope { variables: &variables, functions: &Functions::standard(), host: &Host::empty() };
    println!("{:>9}  {:>10}  of", "ns each", "ns in all");
    for row in ROWS.iter().filter(|row| wanted.as_ref().is_none_or(|word| row.name.contains(word.as_str()))) {
        let expr = parsed(row.expr);
        let all = time(|| {
            let mut found = Diagnostics::new();
            let value = evaluate(&expr, &scope, &mut found);
            assert!(found.is_empty(), "{}: {found:?}", row.expr);
            value
        });
        println!("{:>9.0}  {:>10.0}  {}", all / f64::from(row.elements), all, row.name);
    }
}

/// Nanoseconds for each run of `work`: the least of a few rounds, which others disturb least.
fn time<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut runs = 1u32;
    let mut least = f64::INFINITY;
    let started = Instant::now();
    while started.elapsed() < ROW {
        let round = Instant::now();
        for _ in 0..runs {
            black_box(work());
        }
        let spent = round.elapsed();
        least = least.min(spent.as_nanos() as f64 / f64::from(runs));
        if spent < ROW / 20 {
            runs = runs.saturating_mul(2);
        }
    }
    least
}

fn parsed(text: &str) -> Expr {
    let mut files = Files::new();
    let file = files.add("bench", text);
    parse_expression(&files, file).unwrap_or_else(|found| panic!("{text}: {found:?}"))
}

fn variables() -> MapLookup {
    let keys = |count: usize| (0..count).map(|at| (format!("k{at}").into(), Value::text("some value")));
    let names: Vec<String> = (0..20_000).map(|at| format!("k{at}")).collect();
    let disk = Value::object([("size", Value::int(20)), ("type", Value::text("ssd"))]);
    let image = Value::object([("disk", disk), ("name", Value::text("base"))]);
    let hosts = (0..10).map(|at| Value::object([("name", Value::text("host")), ("at", Value::int(at))]));
    let members = [
        ("region", Value::text("eu-central-1")),
        ("image", image),
        ("zones", Value::strings(["a", "b", "c"])),
        ("ten", Value::list((0..10).map(Value::int).collect(), Type::Number)),
        ("hosts", Value::list(hosts.collect(), Type::Dynamic)),
        ("keys_1000", Value::map(keys(1_000).collect(), Type::String)),
        ("keys_20000", Value::map(keys(20_000).collect(), Type::String)),
        ("tuple_20000", Value::tuple(names.iter().map(|name| Value::text(name)))),
        ("names_20000", Value::strings(names)),
    ];
    MapLookup::from_iter([("var", Value::object(members))])
}

//! How fast templates are read: 1,000 files of mixed constructs, as users write them, parsed, decoded and evaluated.
//! `cargo bench -p planner --bench parse`.
//!
//! The budget is 30 MB/s of parsing with the files in parallel on two cores; one row beside it is one file after
//! another, so that the gain shows in the same run.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use planner::diagnostic::Diagnostics;
use planner::eval::{Functions, Host, MapLookup, Scope, evaluate};
use planner::files::Files;
use planner::span::FileId;
use planner::syntax::ast::Body;
use planner::syntax::{Syntax, parse_bodies};
use planner::value::Value;

/// What the product uses.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const N_FILES: usize = 1_000;
const ROUNDS: usize = 7;

fn main() {
    let (mut files, given) = mixed_files();
    let bytes: usize = given.iter().map(|(file, _)| files.get(*file).text.len()).sum();
    let megabytes = bytes as f64 / 1e6;
    let json = given.iter().filter(|(_, syntax)| *syntax == Syntax::Json).count();
    println!(
        "{N_FILES} files ({json} of them JSON), {megabytes:.1} MB, {} cpus, best of {ROUNDS}",
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    );
    let row = |what: &str, budget: &str, took: Duration| {
        let seconds = took.as_secs_f64();
        println!("{what:<28} {:>8.1} ms {:>8.1} MB/s   {budget}", seconds * 1e3, megabytes / seconds);
    };
    let single = best(|| given.iter().map(|each| bodies(&mut files, &[*each])).collect::<Vec<_>>());
    row("parsed one after another", "", single);
    let parallel = best(|| bodies(&mut files, &given));
    row("parsed in parallel", "budget: at least 30 MB/s", parallel);
    println!("{:<28} {:>8.2} x", "gain", single.as_secs_f64() / parallel.as_secs_f64());
    let parsed = bodies(&mut files, &given);
    let n_values = evaluate_all(&parsed);
    let evaluated = best(|| evaluate_all(&parsed));
    row("all arguments evaluated", "", evaluated);
    let each = evaluated.as_nanos() as f64 / n_values as f64;
    println!("{n_values} arguments, {each:.0} ns each   budget: at most 1,000 ns");
}

/// The least time that `work` takes. What it makes is dropped after that.
fn best<T>(mut work: impl FnMut() -> T) -> Duration {
    let timed = |_| {
        let started = Instant::now();
        let made = black_box(work());
        let took = started.elapsed();
        drop(made);
        took
    };
    (0..ROUNDS).map(timed).min().unwrap_or_default()
}

fn bodies(files: &mut Files, given: &[(FileId, Syntax)]) -> Vec<Body> {
    let mut found = Diagnostics::new();
    let bodies = parse_bodies(files, given, &mut found);
    assert!(found.is_empty(), "{:?}", found.iter().next());
    bodies
}

/// Evaluates every argument of every block; how many there are.
fn evaluate_all(bodies: &[Body]) -> usize {
    let strings = |names: &[&str]| Value::object(names.iter().map(|name| (*name, Value::text("some value"))));
    let zones = Value::strings(["a", "b", "c"]);
    let var = Value::object([("region", Value::text("eu")), ("zones", zones), ("size", Value::int(20))]);
    let variables = MapLookup::from_iter([
        ("var", var),
        ("local", strings(&["stamp", "owner"])),
        ("build", strings(&["ID", "Host"])),
        ("path", strings(&["root"])),
    ]);
    let scope = Scope { variables: &variables, functions: &Functions::standard(), host: &Host::empty() };
    let mut n_values = 0;
    let mut open: Vec<&Body> = bodies.iter().collect();
    while let Some(body) = open.pop() {
        for attribute in &body.attributes {
            let mut found = Diagnostics::new();
            black_box(evaluate(&attribute.expr, &scope, &mut found));
            assert!(found.is_empty(), "{:?}", found.iter().next());
            n_values += 1;
        }
        open.extend(body.blocks.iter().map(|block| &block.body));
    }
    n_values
}

/// Files of half a kilobyte to some twelve: mostly native syntax, every tenth one JSON.
fn mixed_files() -> (Files, Vec<(FileId, Syntax)>) {
    let mut files = Files::new();
    let mut given = Vec::with_capacity(N_FILES);
    for at in 0..N_FILES {
        let n_blocks = 1 + at * 7 % 23;
        let (text, syntax) = match at % 10 {
            9 => (json_file(at, n_blocks), Syntax::Json),
            _ => (native_file(at, n_blocks), Syntax::Native),
        };
        given.push((files.add(format!("f{at}"), text), syntax));
    }
    (files, given)
}

fn native_file(at: usize, n_blocks: usize) -> String {
    let mut text = String::from("# A template as users write them.\n\n");
    for block in 0..n_blocks {
        let name = format!("image-{at}-{block}");
        let written = match block % 3 {
            0 => write!(text, "{}", source(&name)),
            1 => write!(text, "{}", build(&name)),
            _ => write!(text, "{}", locals(block)),
        };
        written.expect("memory can be written");
    }
    text
}

fn source(name: &str) -> String {
    format!(
        r#"source "amazon-ebs" "{name}" {{
  ami_name      = "{name}-${{local.stamp}}"
  instance_type = "t3.micro"
  region        = var.region
  ssh_username  = "ubuntu" // the default user
  tags = {{
    Name  = "{name}"
    Owner = local.owner
    Size  = var.size * 1024
  }}
  launch_block_device_mappings {{
    device_name           = "/dev/sda1"
    volume_size           = var.size
    delete_on_termination = true
  }}
}}

"#
    )
}

fn build(name: &str) -> String {
    format!(
        r#"build {{
  name    = "{name}"
  sources = ["source.amazon-ebs.{name}"]

  provisioner "shell" {{
    environment_vars = ["REGION=${{var.region}}", "ZONES=${{join(",", var.zones)}}"]
    inline = [
      "echo building ${{build.ID}} on ${{build.Host}}",
      "sudo apt-get update -y",
    ]
    script_text = <<-EOT
      #!/bin/sh
      set -e
      for zone in ${{join(" ", var.zones)}}; do
        echo "$zone of ${{upper(var.region)}}"
      done
      EOT
  }}

  post-processor "manifest" {{
    output     = "${{path.root}}/{name}.json"
    strip_path = length(var.zones) > 2 ? true : false
  }}
}}

"#
    )
}

fn locals(block: usize) -> String {
    format!(
        r#"locals {{
  upper_{block}  = [for zone in var.zones : upper(zone)]
  by_zone_{block} = {{ for at, zone in var.zones : zone => format("%s-%02d", zone, at) if zone != "c" }}
  joined_{block} = "%{{ for zone in var.zones ~}}${{zone}},%{{ endfor ~}}"
  merged_{block} = merge({{ a = 1, b = [1, 2, 3] }}, {{ c = "x" }})
}}

"#
    )
}

fn json_file(at: usize, n_blocks: usize) -> String {
    let sources = (0..n_blocks).map(|block| {
        format!(
            r#"    "image-{at}-{block}": {{
      "ami_name": "image-${{local.stamp}}",
      "region": "${{var.region}}",
      "tags": {{"Name": "image", "Zones": ["a", "b"]}}
    }}"#
        )
    });
    let sources: Vec<String> = sources.collect();
    format!("{{\n  \"source\": {{\"amazon-ebs\": {{\n{}\n  }}}}\n}}\n", sources.join(",\n"))
}

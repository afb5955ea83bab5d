//! The house rules, held by machine: one test per rule, each listing the offenders as `file:line`.
//!
//! Sources are read as tokens and syntax trees, so that words in comments and texts never count.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::Visit;

const CRATES: [&str; 4] = ["engine", "planner", "plugins", "cli"];
const TOP_LEVEL: [&str; 10] =
    ["Cargo.lock", "Cargo.toml", "README.md", "benches", "cli", "engine", "examples", "planner", "plugins", "tests"];

/// Guards a resource that the system itself makes process-wide (open files that a child would inherit), and no data.
const PROCESS_WIDE_LOCK: (&str, &str) = ("plugins/src/process/script.rs", "OPEN_FILES");

/// One source file of a crate.
struct Source {
    /// Relative to the top of the repository, with `/`.
    path: String,
    text: String,
    tree: syn::File,
    /// Tokens of the whole file in order, with their lines; groups are flattened.
    tokens: Vec<(String, usize)>,
    /// Lines of test modules, first and last.
    tests: Vec<(usize, usize)>,
}

impl Source {
    fn read(path: String) -> Self {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        let tree = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut tokens = Vec::new();
        flatten(text.trim_start_matches('\u{feff}').parse().unwrap(), &mut tokens);
        let tests = tree.items.iter().filter_map(test_module).map(lines).collect();
        Self { path, text, tree, tokens, tests }
    }

    /// Whether the line belongs to a test. Files that hold nothing else are called `tests.rs`, or lie in `tests/`.
    fn is_test(&self, line: usize) -> bool {
        self.is_test_file() || self.tests.iter().any(|(first, last)| (*first..=*last).contains(&line))
    }

    fn is_test_file(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Lines outside of test modules.
    fn n_lines(&self) -> usize {
        if self.is_test_file() {
            return 0;
        }
        let in_tests: usize = self.tests.iter().map(|(first, last)| last - first + 1).sum();
        self.text.lines().count() - in_tests
    }

    /// The lines, outside of test modules, where these tokens follow each other.
    fn lines_with(&self, words: &[&str]) -> Vec<usize> {
        let starts = self.tokens.windows(words.len());
        let found = starts.filter(|window| window.iter().map(|(word, _)| word.as_str()).eq(words.iter().copied()));
        found.map(|window| window[0].1).filter(|line| !self.is_test(*line)).collect()
    }

    fn is_in(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every source file of the four crates.
fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    for name in CRATES {
        rust_files(&root().join(name), &mut paths);
    }
    assert!(paths.len() > CRATES.len(), "no sources found");
    paths.into_iter().map(Source::read).collect()
}

/// Paths below `folder`, relative to the top, sorted.
fn rust_files(folder: &Path, found: &mut Vec<String>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            // What a package of its own is compiled to.
            if path.file_name().is_none_or(|name| name != "target") {
                rust_files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"));
        }
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<(String, usize)>) {
    let mut colon = false;
    for tree in stream {
        let line = tree.span().start().line;
        let is_colon = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == ':');
        match tree {
            TokenTree::Group(group) => {
                tokens.push(("{".into(), line));
                flatten(group.stream(), tokens);
                tokens.push(("}".into(), group.span_close().start().line));
            }
            // `::` is one word.
            TokenTree::Punct(_) if is_colon && colon => tokens.last_mut().unwrap().0 = "::".into(),
            TokenTree::Punct(punct) => tokens.push((punct.as_char().into(), line)),
            TokenTree::Ident(ident) => tokens.push((ident.to_string(), line)),
            // Texts count as something, whatever they say.
            TokenTree::Literal(_) => tokens.push(("\"\"".into(), line)),
        }
        colon = is_colon && tokens.last().is_some_and(|(word, _)| word == ":");
    }
}

fn lines(span: Span) -> (usize, usize) {
    (span.start().line, span.end().line)
}

/// The span of `#[cfg(test)] mod … { … }`.
fn test_module(item: &syn::Item) -> Option<Span> {
    let syn::Item::Mod(module) = item else { return None };
    is_test_only(&module.attrs).then(|| module.span())
}

fn is_test_only(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("cfg") && attr.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// A function outside of test modules.
struct Function {
    name: String,
    line: usize,
    n_lines: usize,
}

/// Collects functions, methods and default methods of traits.
#[derive(Default)]
struct Functions(Vec<Function>);

impl Functions {
    fn of(source: &Source) -> Vec<Function> {
        let mut functions = Self::default();
        functions.visit_file(&source.tree);
        functions.0
    }

    fn push(&mut self, name: &syn::Ident, block: &syn::Block) {
        let ((line, _), (_, end)) = (lines(name.span()), lines(block.span()));
        self.0.push(Function { name: name.to_string(), line, n_lines: end - line + 1 });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.push(&item.sig.ident, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.push(&item.sig.ident, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.push(&item.sig.ident, block);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test_only(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }
}

/// Fails unless there are no offenders.
#[track_caller]
fn assert_none(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

/// Where any of these token sequences stands in files that `forbidden` picks.
fn offences(words: &[&[&str]], forbidden: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut offenders = BTreeSet::new();
    for source in sources().iter().filter(|source| forbidden(source)) {
        for words in words {
            for line in source.lines_with(words) {
                offenders.insert(format!("{}:{line}: {}", source.path, words.concat()));
            }
        }
    }
    offenders.into_iter().collect()
}

/// The value that `percent` of all values do not exceed.
fn percentile(mut values: Vec<usize>, percent: usize) -> usize {
    values.sort_unstable();
    values[(values.len() - 1) * percent / 100]
}

#[test]
fn files_are_small() {
    let sources = sources();
    let too_long = sources.iter().filter(|source| source.text.lines().count() > 700);
    let offenders: Vec<String> =
        too_long.map(|source| format!("{}: {} lines", source.path, source.text.lines().count())).collect();
    assert_none("a file has at most 700 lines", &offenders);
    let lengths: Vec<usize> = sources.iter().filter(|source| !source.is_test_file()).map(Source::n_lines).collect();
    assert!(percentile(lengths.clone(), 50) <= 180, "files: median above 180 lines");
    let p90 = percentile(lengths, 90);
    assert!(p90 <= 400, "files: nine in ten have at most 400 lines outside of tests, now {p90}");
}

#[test]
fn functions_are_small() {
    let mut offenders = Vec::new();
    let mut lengths = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test_file()) {
        for function in Functions::of(source) {
            lengths.push(function.n_lines);
            if function.n_lines > 80 {
                let Function { name, line, n_lines } = function;
                offenders.push(format!("{}:{line}: {name} has {n_lines}", source.path));
            }
        }
    }
    assert_none("a function has at most 80 lines", &offenders);
    let p90 = percentile(lengths, 90);
    assert!(p90 <= 30, "functions: nine in ten have at most 30 lines, now {p90}");
}

#[test]
fn files_open_with_what_they_own() {
    let bare = sources().into_iter().filter(|source| !source.text.trim_start_matches('\u{feff}').starts_with("//! "));
    let offenders: Vec<String> = bare.map(|source| format!("{}:1", source.path)).collect();
    assert_none("a file opens with `//!`", &offenders);
}

#[test]
fn imports_run_one_way() {
    let allowed: [(&str, &[&str]); 4] = [
        ("engine", &[]),
        ("planner", &["engine"]),
        ("plugins", &["engine", "planner"]),
        ("cli", &["engine", "planner", "plugins"]),
    ];
    let mut offenders = Vec::new();
    for (name, allowed) in allowed {
        for (line, dependency) in dependencies(name) {
            let in_house = CRATES.contains(&dependency.as_str()) && !allowed.contains(&dependency.as_str());
            let foreign =
                name == "engine" && ["hcl-rs", "clap", "indicatif", "serde_json"].contains(&dependency.as_str());
            if in_house || foreign {
                offenders.push(format!("{name}/Cargo.toml:{line}: {dependency}"));
            }
        }
    }
    assert_none("engine <- planner <- plugins <- cli, and engine knows no format and no user", &offenders);
}

/// The dependencies of a crate, those of tests aside, with the lines they stand in.
fn dependencies(name: &str) -> Vec<(usize, String)> {
    let manifest = std::fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
    let mut found = Vec::new();
    let mut inside = false;
    for (index, line) in manifest.lines().enumerate() {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section.ends_with("dependencies") && !section.ends_with("dev-dependencies");
        } else if let (true, Some(end)) = (inside, line.find(['.', ' ', '='])) {
            found.push((index + 1, line[..end].to_owned()));
        }
    }
    assert!(!found.is_empty(), "{name}/Cargo.toml: no dependencies found");
    found
}

#[test]
fn crates_stay_in_their_rooms() {
    let rooms: [(&str, &[&str]); 5] = [
        ("petgraph", &["engine/src/graph.rs", "engine/src/cycle.rs"]),
        ("hcl", &["planner/src/syntax", "planner/src/config", "planner/src/eval", "planner/src/format"]),
        ("clap", &["cli/src/"]),
        ("indicatif", &["cli/src/"]),
        ("tracing_subscriber", &["cli/src/"]),
    ];
    let mut offenders = Vec::new();
    for (name, rooms) in rooms {
        offenders.extend(offences(&[&[name, "::"]], |source| !source.is_in(rooms)));
    }
    assert_none("these crates are named in their rooms only", &offenders);
}

#[test]
fn processes_are_started_in_one_place() {
    let offenders = offences(&[&["Command", "::", "new"]], |source| !source.is_in(&["plugins/src/process"]));
    assert_none("`Command::new` stands in plugins/src/process only", &offenders);
}

#[test]
fn only_cli_has_a_user() {
    let printing: [&[&str]; 4] = [&["println", "!"], &["eprintln", "!"], &["print", "!"], &["eprint", "!"]];
    // What only computes, such as `split_paths` and `consts`, may stand anywhere.
    let reading = "args args_os current_dir current_exe home_dir temp_dir var var_os vars vars_os";
    let changing = "remove_var set_current_dir set_var";
    let environment = reading.split(' ').chain(changing.split(' ')).map(|name| ["env", "::", name]);
    let environment: Vec<[&str; 3]> = environment.chain([["process", "::", "exit"]]).collect();
    let words: Vec<&[&str]> = printing.into_iter().chain(environment.iter().map(<[&str; 3]>::as_slice)).collect();
    let offenders = offences(&words, |source| !source.path.starts_with("cli/"));
    assert_none("only cli prints, exits and reads the environment", &offenders);
    let macros = offences(&printing, |source| source.path.starts_with("cli/"));
    assert_none("cli prints through its printer: a closed pipe must not panic", &macros);
}

#[test]
fn nothing_is_global() {
    let mut offenders = offences(&[&["static", "mut"], &["lazy_static", "!"], &["thread_local", "!"]], |_| true);
    for source in sources() {
        for item in &source.tree.items {
            let syn::Item::Static(item) = item else { continue };
            let ty = &item.ty;
            let mut words = Vec::new();
            flatten(quote_type(ty), &mut words);
            let is_allowed = (source.path.as_str(), item.ident.to_string().as_str()) == PROCESS_WIDE_LOCK;
            if !is_allowed && words.iter().any(|(word, _)| is_mutable_inside(word)) {
                offenders.push(format!("{}:{}: static {}", source.path, lines(item.span()).0, item.ident));
            }
        }
    }
    assert_none("no static changes", &offenders);
}

/// The tokens of a type, by way of its text.
fn quote_type(ty: &syn::Type) -> TokenStream {
    ty.span().source_text().unwrap_or_default().parse().unwrap()
}

fn is_mutable_inside(word: &str) -> bool {
    let cells = ["Cell", "RefCell", "UnsafeCell", "OnceCell", "LazyCell", "OnceLock", "LazyLock", "Once", "Lazy"];
    cells.contains(&word) || word.starts_with("Atomic") || ["Mutex", "RwLock", "Condvar"].contains(&word)
}

#[test]
fn rooms_hold_modules_or_items() {
    let mut offenders = Vec::new();
    for source in sources() {
        if !source.path.ends_with("/lib.rs") && !source.path.ends_with("/mod.rs") {
            continue;
        }
        for item in &source.tree.items {
            let is_room = match item {
                syn::Item::Mod(module) => module.content.is_none(),
                syn::Item::Use(_) => true,
                _ => false,
            };
            if !is_room {
                offenders.push(format!("{}:{}", source.path, lines(item.span()).0));
            }
        }
    }
    assert_none("lib.rs and mod.rs hold docs, `mod` and `use` only", &offenders);
}

#[test]
fn names_say_something() {
    let empty = ["utils", "util", "helpers", "helper", "common", "manager", "misc"];
    let mut offenders = Vec::new();
    for source in sources() {
        if source.path.trim_end_matches(".rs").split('/').any(|part| empty.contains(&part)) {
            offenders.push(format!("{}:1", source.path));
        }
        for word in empty {
            offenders.extend(
                source.lines_with(&["mod", word]).iter().map(|line| format!("{}:{line}: mod {word}", source.path)),
            );
        }
    }
    assert_none("no file or module is called a name that fits anything", &offenders);
}

#[test]
fn nothing_is_left_open() {
    let mut words: Vec<&[&str]> = vec![&["todo", "!"], &["unimplemented", "!"], &["dbg", "!"]];
    words.push(&["super", "::", "super"]);
    assert_none("no todo!, unimplemented!, dbg! or super::super", &offences(&words, |_| true));
    let mut offenders = Vec::new();
    for folder in CRATES.iter().chain(&["tests"]) {
        let mut paths = Vec::new();
        rust_files(&root().join(folder), &mut paths);
        for path in paths {
            let mut tokens = Vec::new();
            flatten(std::fs::read_to_string(root().join(&path)).unwrap().parse().unwrap(), &mut tokens);
            let ignored = tokens.windows(3).filter(|window| window[0].0 == "#" && window[2].0 == "ignore");
            offenders.extend(ignored.map(|window| format!("{path}:{}", window[2].1)));
        }
    }
    assert_none("no test is ignored", &offenders);
}

#[test]
fn unwraps_are_rare() {
    let (mut offenders, mut n_lines) = (Vec::new(), 0);
    for source in sources() {
        n_lines += source.n_lines();
        // Parsers have an `expect` of their own; this one takes a text.
        for words in [[".", "unwrap", "{", "}"], [".", "expect", "{", "\"\""]] {
            offenders
                .extend(source.lines_with(&words).iter().map(|line| format!("{}:{line}: {}", source.path, words[1])));
        }
    }
    let allowed = n_lines * 3 / 1000;
    let list = offenders.join("\n  ");
    assert!(offenders.len() <= allowed, "{} unwrap and expect, {allowed} allowed:\n  {list}", offenders.len());
}

#[test]
fn no_test_file_is_forgotten() {
    let mut wired = Vec::new();
    for name in CRATES {
        let manifest = std::fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let paths = manifest.lines().filter_map(|line| line.strip_prefix("path = \"../tests/"));
        wired.extend(paths.map(|path| format!("tests/{}", path.trim_end_matches('"'))));
    }
    assert!(wired.contains(&"tests/tidy.rs".to_owned()), "{wired:?}");
    let fuzzed = std::fs::read_to_string(root().join("tests/fuzz/Cargo.toml")).unwrap();
    let targets = fuzzed.lines().filter_map(|line| line.strip_prefix("path = \"targets/"));
    wired.extend(targets.map(|path| format!("tests/fuzz/targets/{}", path.trim_end_matches('"'))));
    let mut reached = BTreeSet::new();
    while let Some(path) = wired.pop() {
        wired.extend(submodules(&path));
        reached.insert(path);
    }
    let mut paths = Vec::new();
    rust_files(&root().join("tests"), &mut paths);
    let offenders: Vec<String> = paths.into_iter().filter(|path| !reached.contains(path)).collect();
    assert_none("every file under tests/ belongs to a test target", &offenders);
}

/// The files behind the `mod name;` lines of a file.
fn submodules(path: &str) -> Vec<String> {
    let tree = syn::parse_file(&std::fs::read_to_string(root().join(path)).unwrap()).unwrap();
    let (folder, file) = path.rsplit_once('/').unwrap();
    let is_top = file == "main.rs" || file == "mod.rs" || folder == "tests";
    let folder = if is_top { folder.to_owned() } else { path.trim_end_matches(".rs").to_owned() };
    let modules = tree.items.into_iter().filter_map(|item| match item {
        syn::Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
        _ => None,
    });
    let files = modules.flat_map(|name| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]);
    files.filter(|file| root().join(file).exists()).collect()
}

#[test]
fn the_top_level_is_fixed_and_free_of_leftovers() {
    let tracked = tracked_files();
    let visible: BTreeSet<&str> = tracked.iter().filter_map(|path| path.split('/').next()).collect();
    let visible: Vec<&str> = visible.into_iter().filter(|name| !name.starts_with('.')).collect();
    let mut difference = String::new();
    for name in visible.iter().filter(|name| !TOP_LEVEL.contains(name)) {
        writeln!(difference, "  unexpected: {name}").unwrap();
    }
    for name in TOP_LEVEL.iter().filter(|name| !visible.contains(name)) {
        writeln!(difference, "  missing: {name}").unwrap();
    }
    assert!(difference.is_empty(), "the top level holds {TOP_LEVEL:?}:\n{difference}");
    let leftovers = [".pending-snap", ".snap.new", ".orig", ".rej", ".profraw"];
    let offenders: Vec<String> =
        tracked.into_iter().filter(|path| leftovers.iter().any(|end| path.ends_with(end))).collect();
    assert_none("no leftovers of tools", &offenders);
}

/// What git knows, new files included.
fn tracked_files() -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "git alone knows what belongs to the repository")]
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files of the repository");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

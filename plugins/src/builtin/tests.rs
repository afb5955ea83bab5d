//! Every field of every built-in component stands in a test of it, so that none is taken and ignored.

use std::path::{Path, PathBuf};

use planner::catalog::{Catalog as _, ComponentKind};

use crate::config::PACKER_FIELDS;
use crate::registry::Registry;

/// Where a component is tested: in the files and folders called like it.
fn rooms(kind: ComponentKind, name: &str) -> Vec<PathBuf> {
    let builtin = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/builtin");
    let name = name.replace('-', "_");
    let kind = match kind {
        ComponentKind::Builder => "builder",
        ComponentKind::Provisioner => "provisioner",
        ComponentKind::PostProcessor => "post_processor",
        ComponentKind::Datasource => "datasource",
    };
    // A builder and a data source may be called alike; then the kind is in the name.
    let own = [format!("{name}_{kind}"), format!("{name}_{kind}.rs")].map(|name| builtin.join(name));
    let plain = [name.clone(), format!("{name}.rs")].map(|name| builtin.join(name));
    let found: Vec<PathBuf> = own.into_iter().filter(|path| path.exists()).collect();
    if found.is_empty() { plain.into_iter().filter(|path| path.exists()).collect() } else { found }
}

/// The text of all tests in a file, or in the files of a folder.
fn tests_in(path: &Path, text: &mut String) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            tests_in(&entry.unwrap().path(), text);
        }
        return;
    }
    let all = std::fs::read_to_string(path).unwrap();
    let is_test = path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests");
    text.push_str(if is_test {
        &all
    } else {
        all.split_once("#[cfg(test)]\nmod tests {").map_or("", |(_, tests)| tests)
    });
}

/// The options of `null` are those of the communicators: each stands in a build of a machine.
fn builds_of_machines() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/e2e");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        path.is_file() && ["ssh", "winrm"].iter().any(|kind| name.starts_with(kind))
    };
    files.filter(is_one).map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// Whether tests set the field: in a configuration, or in the text of a template.
fn is_set(field: &str, tests: &str) -> bool {
    let set = |mark: &str| tests.contains(&format!("{mark}{field} =")) || tests.contains(&format!("{mark}{field}="));
    tests.contains(&format!("\"{field}\"")) || [" ", "\"", "(", "\n", "}"].iter().any(|mark| set(mark))
}

#[test]
fn every_field_is_in_a_test() {
    let registry = Registry::new();
    let mut untested = Vec::new();
    for kind in
        [ComponentKind::Builder, ComponentKind::Provisioner, ComponentKind::PostProcessor, ComponentKind::Datasource]
    {
        for name in registry.names(kind) {
            let mut tests = String::new();
            rooms(kind, &name).iter().for_each(|room| tests_in(room, &mut tests));
            if (kind, name.as_str()) == (ComponentKind::Builder, "null") {
                tests = builds_of_machines();
            }
            let schema = registry.schema(kind, &name).unwrap();
            let own = schema.attributes.iter().map(|attribute| &*attribute.name);
            let own = own.filter(|field| !PACKER_FIELDS.iter().any(|(name, _)| name == field));
            // What is for every post-processor never gets to one.
            let own = own.filter(|field| *field != "keep_input_artifact");
            untested.extend(own.filter(|field| !is_set(field, &tests)).map(|field| format!("{name}.{field}")));
        }
    }
    assert_eq!(untested, Vec::<String>::new());
}

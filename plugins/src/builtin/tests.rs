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

#[test]
fn every_field_is_in_a_test() {
    let registry = Registry::new();
    let mut untested = Vec::new();
    for kind in
        [ComponentKind::Builder, ComponentKind::Provisioner, ComponentKind::PostProcessor, ComponentKind::Datasource]
    {
        for name in registry.names(kind) {
            // Its fields are those of the communicators.
            if (kind, name.as_str()) == (ComponentKind::Builder, "null") {
                continue;
            }
            let mut tests = String::new();
            rooms(kind, &name).iter().for_each(|room| tests_in(room, &mut tests));
            let schema = registry.schema(kind, &name).unwrap();
            let own = schema.attributes.iter().map(|attribute| &*attribute.name);
            let own = own.filter(|field| !PACKER_FIELDS.iter().any(|(name, _)| name == field));
            // What is for every post-processor never gets to one.
            let own = own.filter(|field| *field != "keep_input_artifact");
            untested.extend(
                own.filter(|field| !tests.contains(&format!("\"{field}\""))).map(|field| format!("{name}.{field}")),
            );
        }
    }
    assert_eq!(untested, Vec::<String>::new());
}

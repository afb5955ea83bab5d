//! What lies on a shelf, with shell scripts for plugins.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use planner::version::Constraint;
use tempfile::TempDir;

use crate::discovery::checksum::{digest, path_of};
use crate::discovery::describe::Describer;
use crate::discovery::description_cache::DescriptionCache;
use crate::discovery::install::InstallError;
use crate::discovery::refusal::Refusal;
use crate::discovery::shelf::{ListError, Query, Shelf};
use crate::discovery::target::Target;
use crate::process::{Fence, while_nothing_starts};
use crate::trust::policy::Trust;
use crate::trust::signatures::Signatures;

const LINUX: Target = Target { os: "linux", arch: "amd64" };

/// A folder with a shelf of plugins, and their cache beside it.
struct Hall {
    folder: TempDir,
    shelf: Shelf,
}

impl Hall {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let describer = Describer {
            working_dir: Arc::new(folder.path().to_owned()),
            environment: Arc::new(BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())])),
            patience: Duration::from_secs(60),
            fence: Fence::default(),
            cancel: Cancel::new(),
        };
        let cache = DescriptionCache::new(Some(folder.path().join("cache")));
        let (target, trust) = (LINUX, Trust::default());
        let shelf = Shelf { folder: folder.path().join("plugins"), target, describer, cache, trust };
        Self { folder, shelf }
    }

    /// Writes an executable file somewhere in the folder.
    fn write(&self, name: &str, script: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        while_nothing_starts(|| {
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        });
        path
    }

    /// Puts a plugin on the shelf, with its checksum.
    fn put(&self, name: &str, script: &str) -> PathBuf {
        let path = self.write(&format!("plugins/{name}"), script);
        let checksum = digest(fs::File::open(&path).unwrap(), |_| Ok(())).unwrap();
        fs::write(path_of(&path), checksum).unwrap();
        path
    }

    async fn list(&self, source: Option<&str>, constraint: &Constraint, releases_only: bool) -> Vec<String> {
        let found = self.shelf.list(&Query { source, constraint, releases_only }).await.unwrap();
        let top = &self.shelf.folder;
        found.iter().map(|found| found.path.strip_prefix(top).unwrap().to_str().unwrap().to_owned()).collect()
    }

    async fn all(&self) -> Vec<String> {
        self.list(None, &Constraint::none(), false).await
    }

    async fn refusal(&self, path: &Path) -> Option<Refusal> {
        let depth = path.parent().unwrap().strip_prefix(&self.shelf.folder).unwrap().components().count();
        let candidate = super::candidates::Candidate { path: path.to_owned(), depth };
        let query = Query { source: None, constraint: &Constraint::none(), releases_only: false };
        super::examine::examine(&self.shelf, &candidate, &query).await.err()
    }
}

/// A plugin's answer.
fn says(version: &str, api: &str) -> String {
    format!(r#"[ "$*" = describe ] && echo '{{"version":"{version}","api_version":"{api}","builders":["x"]}}'"#)
}

/// `packer-plugin-PLUGIN_VERSION_API_linux_amd64` in the folder of `h/n/PLUGIN`.
fn path(plugin: &str, version: &str, api: &str) -> String {
    format!("h/n/{plugin}/packer-plugin-{plugin}_{version}_{api}_linux_amd64")
}

#[tokio::test]
async fn each_check_has_a_file_that_fails_it() {
    let hall = Hall::new();
    for (version, api, script, expected) in [
        ("v1.2.3", "x5.0", says("1.2.3", "x5.0"), ""),
        ("v1.2.4", "x5.0", says("v1.2.4+meta", "x5.0"), ""),
        ("v1.2.5-dev", "x5.0", says("1.2.5-dev", "x5.0"), ""),
        ("v1.2.6-beta", "x5.0", says("1.2.6-beta", "x5.0"), ""),
        ("v2.0.0", "x5.0", "exit 1".to_owned(), "Describe(Failed"),
        ("v2.0.1", "x5.0", "echo hello".to_owned(), "Describe(Garbage"),
        ("v2.0.2", "x5.0", "kill -9 $$".to_owned(), "Describe(Failed { status: 137"),
        ("vx", "x5.0", says("1.0.0", "x5.0"), "Version(\"vx\")"),
        ("v2.0", "x5.0", says("2.0.0", "x5.0"), "NotCanonical(\"v2.0\")"),
        ("v02.0.0", "x5.0", says("2.0.0", "x5.0"), "NotCanonical"),
        ("2.0.0", "x5.0", says("2.0.0", "x5.0"), "NotCanonical"),
        ("v2.1.0+meta", "x5.0", says("2.1.0+meta", "x5.0"), "Metadata"),
        ("v2.2.0", "x5.0", says("many", "x5.0"), "MalformedReport(\"many\")"),
        ("v2.2.1", "x5.0", says("2.2.2", "x5.0"), "OtherVersion { reported: \"2.2.2\", implied: \"2.2.1\" }"),
        ("v2.2.2", "x5.0", says("2.2.2-dev", "x5.0"), "OtherVersion"),
        ("v2.3.0", "x5.1", says("2.3.0", "x5.0"), "OtherApi { reported: \"x5.0\", implied: \"x5.1\" }"),
        ("v2.3.1", "x5.1", says("2.3.1", "x5.1"), "Incompatible(\"x5.1\")"),
        ("v2.3.2", "x4.0", says("2.3.2", "x4.0"), "Incompatible"),
        ("v2.3.3", "five", says("2.3.3", "five"), "Incompatible"),
    ] {
        let path = hall.put(&path("a", version, api), &script);
        let refusal = hall.refusal(&path).await;
        let shown = refusal.as_ref().map(|refusal| format!("{refusal:?}")).unwrap_or_default();
        assert!(shown.starts_with(expected) && shown.is_empty() == expected.is_empty(), "{version} {api}: {shown}");
    }
    let bare = hall.put("h/n/a/packer-plugin-a_v3.0.0_linux_amd64", &says("3.0.0", ""));
    assert!(matches!(hall.refusal(&bare).await, Some(Refusal::Incompatible(_))));
    let deep = hall.put(&format!("{}{}", "d/".repeat(14), path("a", "v1.0.0", "x5.0")), &says("1.0.0", "x5.0"));
    assert!(matches!(hall.refusal(&deep).await, Some(Refusal::TooDeep(17))));
    let unsafe_one = hall.write("plugins/h/n/a/packer-plugin-a_v4.0.0_x5.0_linux_amd64", &says("4.0.0", "x5.0"));
    let changed = hall.put(&path("a", "v4.0.1", "x5.0"), &says("4.0.1", "x5.0"));
    fs::write(&changed, "changed").unwrap();
    for (path, expected) in [(unsafe_one, "no such file or directory"), (changed, "ErrInvalidPlugin: Checksums")] {
        match hall.refusal(&path).await {
            Some(Refusal::Checksum(error)) => assert!(error.to_string().starts_with(expected), "{error}"),
            other => panic!("{other:?}"),
        }
    }
    let expected = ["v1.2.3", "v1.2.4", "v1.2.5-dev", "v1.2.6-beta"].map(|version| path("a", version, "x5.0"));
    assert_eq!(hall.all().await, expected);
}

#[tokio::test]
async fn queries_choose_and_sort() {
    let hall = Hall::new();
    for (plugin, version) in
        [("b", "1.0.0"), ("a", "1.10.0"), ("a", "1.9.0"), ("a", "1.10.0-dev"), ("größe", "1.0.0"), ("a-b", "2.0.0")]
    {
        hall.put(&path(plugin, &format!("v{version}"), "x5.0"), &says(version, "x5.0"));
    }
    let elsewhere = "h/n/other/packer-plugin-a_v3.0.0_x5.0_linux_amd64";
    hall.put(elsewhere, &says("3.0.0", "x5.0"));
    hall.put("h/m/a/packer-plugin-a_v4.0.0_x5.0_linux_amd64", &says("4.0.0", "x5.0"));
    let a = |version: &str| path("a", version, "x5.0");
    for (source, constraint, releases_only, expected) in [
        (Some("h/n/a"), "", false, vec![a("v1.9.0"), a("v1.10.0-dev"), a("v1.10.0"), elsewhere.to_owned()]),
        (Some("h/n/a"), "< 2", true, vec![a("v1.9.0"), a("v1.10.0")]),
        (Some("h/n/a"), ">= 1.10.0, < 2", false, vec![a("v1.10.0-dev"), a("v1.10.0")]),
        (Some("h/n/größe"), "~> 1.0", false, vec![path("größe", "v1.0.0", "x5.0")]),
        (Some("h/n/c"), "", false, vec![]),
        (Some("nowhere/n/a"), "", false, vec![]),
        (
            None,
            "",
            true,
            vec![
                a("v1.9.0"),
                a("v1.10.0"),
                elsewhere.to_owned(),
                "h/m/a/packer-plugin-a_v4.0.0_x5.0_linux_amd64".to_owned(),
                path("a-b", "v2.0.0", "x5.0"),
                path("b", "v1.0.0", "x5.0"),
                path("größe", "v1.0.0", "x5.0"),
            ],
        ),
    ] {
        let constraint =
            if constraint.is_empty() { Constraint::none() } else { Constraint::parse(constraint).unwrap() };
        assert_eq!(hall.list(source, &constraint, releases_only).await, expected, "{source:?} {constraint}");
    }
}

#[tokio::test]
async fn who_was_asked_once_is_not_asked_again() {
    let hall = Hall::new();
    let script = format!("echo asked >> count; {}", says("1.0.0", "x5.0"));
    hall.put(&path("a", "v1.0.0", "x5.0"), &script);
    let asked = || fs::read_to_string(hall.folder.path().join("count")).unwrap_or_default().lines().count();
    for _ in 0..3 {
        assert_eq!(hall.all().await.len(), 1);
    }
    assert_eq!(asked(), 1);
    // The cache is damaged, then gone, then cannot be written.
    let kept = fs::read_dir(hall.folder.path().join("cache")).unwrap().next().unwrap().unwrap().path();
    fs::write(&kept, "{\"version\"").unwrap();
    assert_eq!((hall.all().await.len(), asked()), (1, 2));
    fs::remove_dir_all(hall.folder.path().join("cache")).unwrap();
    fs::write(hall.folder.path().join("cache"), "a file").unwrap();
    assert_eq!((hall.all().await.len(), asked()), (1, 3));
    // Another binary of the same name is another plugin.
    hall.put(&path("a", "v1.0.0", "x5.0"), "echo nothing");
    assert_eq!(hall.all().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_hanging_plugin_costs_only_time() {
    let mut hall = Hall::new();
    hall.put(&path("a", "v1.0.0", "x5.0"), "while :; do read x < /dev/zero; done");
    let good = path("b", "v1.0.0", "x5.0");
    hall.put(&good, &says("1.0.0", "x5.0"));
    assert_eq!(hall.list(Some("h/n/b"), &Constraint::none(), false).await, std::slice::from_ref(&good));
    hall.shelf.describer.patience = Duration::from_millis(50);
    assert_eq!(hall.all().await, [good]);
    hall.shelf.describer.patience = Duration::from_secs(60);
    let cancel = hall.shelf.describer.cancel.clone();
    let constraint = Constraint::none();
    let query = Query { source: None, constraint: &constraint, releases_only: false };
    let (listed, ()) = tokio::join!(hall.shelf.list(&query), async { cancel.raise(CancelPhase::Killing) });
    assert!(matches!(listed, Err(ListError::Cancelled)), "{listed:?}");
}

#[tokio::test]
async fn installed_plugins_are_found() {
    let hall = Hall::new();
    let accept = |_: &_| Ok(());
    for (source, version, name) in [
        ("github.com/hashicorp/a", "1.2.3", "packer-plugin-a_v1.2.3_x5.0_linux_amd64"),
        ("example.com/deep/er/plugins/a-b", "v1.2.3-dev+meta", "packer-plugin-a-b_v1.2.3-dev_x5.0_linux_amd64"),
        ("example.com/größe/größe", "1.2", "packer-plugin-größe_v1.2.0_x5.0_linux_amd64"),
    ] {
        let binary = hall.write("new", &says(version, "x5.0"));
        // Once more replaces it.
        for _ in 0..2 {
            let placed = hall.shelf.install(&binary, source, &Signatures::default(), accept).await.unwrap();
            assert_eq!(placed.path, hall.shelf.folder.join(source).join(name));
        }
        let path = hall.shelf.folder.join(source).join(name);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path_of(&path))), (0o755, 0o644));
        assert_eq!(fs::read(&path).unwrap(), fs::read(&binary).unwrap());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2, "nothing else is left");
        assert_eq!(hall.list(Some(source), &Constraint::none(), false).await, [format!("{source}/{name}")]);
    }
}

#[tokio::test]
async fn what_is_no_plugin_is_not_installed() {
    let hall = Hall::new();
    fs::create_dir(hall.folder.path().join("folder")).unwrap();
    fs::write(hall.folder.path().join("text"), "text").unwrap();
    hall.write("fails", "exit 1");
    hall.write("talks", "echo hello");
    hall.write("climbs", &says("1.0.0", "x../../.."));
    hall.write("beta", &says("1.0.0-beta", "x5.0"));
    hall.write("short", &says("1.0.0dev", "x5.0"));
    hall.write("none", &says("", "x5.0"));
    hall.write("good", &says("1.0.0", "x5.0"));
    for (binary, summary, detail) in [
        ("gone", "Unable to find plugin to promote", "no such file or directory"),
        ("folder", "Plugin to promote cannot be a directory", "is a folder"),
        ("text", "Failed to describe the plugin", "permission denied"),
        ("fails", "Failed to describe the plugin", "exit status 1"),
        ("talks", "Failed to decode plugin describe info", "expected value"),
        ("climbs", "Failed to decode plugin describe info", "\"x../../..\" is no version of the interface"),
        ("beta", "Invalid version", "the binary's reported version is \"1.0.0-beta\""),
        ("short", "Invalid version", "\"1.0.0dev\""),
        ("none", "Invalid version", "\"\""),
        ("good", "Invalid version", "not this one"),
    ] {
        let refuse = |_: &_| Err("not this one".to_owned());
        let path = hall.folder.path().join(binary);
        let error = hall.shelf.install(&path, "h/n/a", &Signatures::default(), refuse).await.unwrap_err();
        assert_eq!(error.summary(), summary, "{binary}");
        assert!(error.to_string().contains(detail), "{binary}: {error}");
    }
    assert!(!hall.shelf.folder.exists());
    fs::write(&hall.shelf.folder, "a file").unwrap();
    let good = hall.folder.path().join("good");
    let blocked = hall.shelf.install(&good, "h/n/a", &Signatures::default(), |_| Ok(())).await;
    assert!(matches!(blocked, Err(InstallError::Write { .. })), "{blocked:?}");
}

#[tokio::test]
async fn plugins_may_lie_about_under_nothing_but_their_name() {
    let hall = Hall::new();
    for (name, script) in [
        ("packer-plugin-b", says("1.2.3-dev", "x5.0")),
        ("packer-plugin-a", says("1.2", "x5.0")),
        ("packer-builder-c", "exit 1".to_owned()),
        ("packer-post-processor-a", "exit 1".to_owned()),
        ("packer-plugin-new", says("1.0.0", "x6.0")),
        ("packer-plugin-odd", says("many", "x5.0")),
        ("packer-plugin-fails", "exit 1".to_owned()),
        ("packer-plugin-a_v1.0.0_x5.0_linux_amd64", says("1.0.0", "x5.0")),
        ("other", says("1.0.0", "x5.0")),
    ] {
        hall.write(&format!("bin/{name}"), &script);
    }
    fs::write(hall.folder.path().join("bin/packer-plugin-text"), "text").unwrap();
    fs::create_dir(hall.folder.path().join("bin/packer-plugin-folder")).unwrap();
    let folder = hall.folder.path().join("bin");
    let changed = hall.write("bin/packer-plugin-changed", &says("1.0.0", "x5.0"));
    fs::write(path_of(&changed), "0".repeat(64)).unwrap();
    let found = hall.shelf.loose(&folder, false).await.unwrap();
    let shown: Vec<String> =
        found.iter().map(|found| format!("{} {} {:?}", found.plugin, found.version, found.single)).collect();
    let expected = ["a 1.2.0 None", "b 1.2.3-dev None", "c 0.0.0 Some(Builder)", "a 0.0.0 Some(PostProcessor)"];
    assert_eq!(shown, expected);
    assert_eq!(found[2].description.builders, ["-packer-default-plugin-name-"]);
    assert_eq!(hall.shelf.loose(&folder, true).await.unwrap().len(), 3);
    assert!(hall.shelf.loose(&folder.join("gone"), false).await.unwrap().is_empty());

    let named = hall.shelf.at(&folder.join("other"), "mine").await.unwrap();
    assert_eq!((named.plugin.as_str(), named.version.to_string().as_str()), ("mine", "1.0.0"));
    for (name, expected) in [
        ("gone", "no such file or directory"),
        ("packer-plugin-text", "it is no file that can be executed"),
        ("packer-plugin-fails", "it does not say what it is: exit status 1"),
        ("packer-plugin-new", "it is made for the interface \"x6.0\""),
        ("packer-plugin-changed", "ErrInvalidPlugin: Checksums"),
    ] {
        let refusal = hall.shelf.at(&folder.join(name), "mine").await.unwrap_err().to_string();
        assert!(refusal.starts_with(expected), "{name}: {refusal}");
    }
}

#[tokio::test]
async fn what_would_be_wanted_and_is_refused_is_told() {
    let hall = Hall::new();
    hall.put(&path("a", "v1.0.0", "x5.0"), &says("1.0.0", "x5.0"));
    let changed = hall.put(&path("a", "v1.1.0", "x5.0"), &says("1.1.0", "x5.0"));
    fs::write(&changed, "changed").unwrap();
    hall.put(&path("a", "v2.0.0", "x5.0"), "exit 1");
    hall.put(&path("a", "v1.2.0-dev", "x5.0"), "exit 1");
    let constraint = Constraint::parse("~> 1.0").unwrap();
    let query = Query { source: Some("h/n/a"), constraint: &constraint, releases_only: true };
    let survey = hall.shelf.survey(&query).await.unwrap();
    assert_eq!((survey.installations.len(), survey.refused.len()), (1, 1));
    assert_eq!(survey.refused[0].0, changed);
    assert!(survey.refused[0].1.to_string().starts_with("ErrInvalidPlugin: "));
}

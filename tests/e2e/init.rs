//! `packer init` and plugins from mirrors.

use crate::fake_plugin::{PLUGINS, installed_path};
use crate::release::Release;
use crate::sandbox::Sandbox;
use crate::web_server::{Reply, Server};

const A: &str = "github.com/hashicorp/a";
/// Where a mirror has plugins called `a`, whoever made them.
const SHARED: &str = "mirror/packer-plugin-a";

/// A template that requires a plugin `a` in these versions, and no other.
fn template(versions: &str) -> String {
    format!(
        "packer {{\n  required_plugins {{\n    a = {{\n      version = \"{versions}\"\n      source  = \"{A}\"\n    }}\n  \
         }}\n}}\nlocals {{\n  never = file(\"gone\")\n}}\n"
    )
}

/// A sandbox with a template, a mirror with these releases, and its address in the environment.
fn mirrored(versions: &str, releases: &[&str]) -> Sandbox {
    let mut sandbox = Sandbox::with_template(&template(versions));
    releases.iter().for_each(|version| Release::new(version).publish(&sandbox, SHARED));
    sandbox.set("PACKER_PLUGIN_MIRROR", "mirror");
    sandbox
}

fn said(version: &str) -> String {
    format!("Installed plugin {A} v{version} in \"{}\"\n", installed_path(A, version))
}

/// The text without colours.
fn plain(text: &str) -> String {
    text.replace("\x1b[1;36m", "").replace("\x1b[0m", "")
}

#[test]
fn the_newest_release_that_fits_is_installed_once() {
    let mut sandbox = mirrored(">= 1.0, < 2", &["1.2.0", "1.10.0", "2.0.0", "1.11.0-dev"]);
    let server = Server::of_folder(sandbox.path(""));
    let folder = format!("file://{}", sandbox.path("mirror").display());
    for (n, mirror) in ["mirror".to_owned(), folder, server.at("mirror"), server.at("mirror/")].iter().enumerate() {
        sandbox.set("PACKER_PLUGIN_MIRROR", mirror);
        let home = format!("{n}/plugins");
        sandbox.set("PACKER_PLUGIN_PATH", &home);
        let path = installed_path(A, "1.10.0").replace(PLUGINS, &home);
        let stdout = sandbox.run(&["init", "."]).expect(0);
        assert_eq!(stdout, format!("\x1b[1;36mInstalled plugin {A} v1.10.0 in \"{path}\"\x1b[0m\n"), "{mirror}");
        assert_eq!(sandbox.run(&["init", "."]).expect(0), "");
        assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), format!("{path}\n"));
        let left = std::fs::read_dir(sandbox.path(&home)).unwrap().count();
        assert_eq!(left, 1, "nothing but the plugin's folders is left");
    }
}

#[test]
fn plugins_of_one_name_have_folders_of_their_own() {
    let mut sandbox = mirrored(">= 1", &["1.0.0"]);
    Release::new("2.0.0").publish(&sandbox, "mirror/github.com/other/a");
    Release::new("3.0.0").publish(&sandbox, &format!("mirror/{A}"));
    let server = Server::of_folder(sandbox.path(""));
    for mirror in ["mirror".to_owned(), server.at("mirror")] {
        sandbox.set("PACKER_PLUGIN_MIRROR", &mirror);
        for (source, version) in [(A, "3.0.0"), ("github.com/other/a", "2.0.0"), ("example.com/x/y/a", "1.0.0")] {
            let stdout = sandbox.run(&["plugins", "install", "-force", source]).expect(0);
            let path = installed_path(source, version);
            assert_eq!(plain(&stdout), format!("Installed plugin {source} v{version} in \"{path}\"\n"), "{mirror}");
        }
    }
}

#[test]
fn upgrades_and_repetitions_are_asked_for() {
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    assert_eq!(plain(&sandbox.run(&["init", "."]).expect(0)), said("1.0.0"));
    Release::new("1.1.0").publish(&sandbox, SHARED);
    for (words, expected) in [
        (vec!["init", "."], String::new()),
        (vec!["init", "-force", "."], said("1.0.0")),
        (vec!["init", "-upgrade", "."], said("1.1.0")),
        (vec!["init", "-upgrade", "."], String::new()),
        (vec!["init", "-upgrade", "-force", "."], said("1.1.0")),
        (vec!["plugins", "install", A], String::new()),
        (vec!["plugins", "install", "-force", A, "<1.1"], said("1.0.0")),
    ] {
        assert_eq!(plain(&sandbox.run(&words).expect(0)), expected, "{words:?}");
    }
}

#[test]
fn without_need_no_mirror_is_asked() {
    let mut sandbox = mirrored("~> 1.0", &["1.0.0"]);
    sandbox.run(&["init", "."]).expect(0);
    sandbox.set("PACKER_PLUGIN_MIRROR", "gone");
    assert_eq!(sandbox.run(&["init", "."]).expect(0), "");
    sandbox.write("none.pkr.hcl", "source \"null\" \"a\" {}\n");
    assert!(sandbox.run(&["init", "none.pkr.hcl"]).expect(0).starts_with("\nNo plugins requirement found, "));
    sandbox.write("t.json", r#"{"builders":[{"type":"null"}]}"#);
    let summary = "Error: Packer plugins currently only works with HCL2 configuration templates\n";
    assert!(sandbox.run(&["init", "t.json"]).expect(1).starts_with(summary));
    for words in [vec!["init"], vec!["init", "a", "b"]] {
        assert!(sandbox.run(&words).expect(1).starts_with("Usage: packer init [options] TEMPLATE\n"));
    }
}

#[test]
fn one_plugin_that_cannot_be_had_does_not_keep_the_others() {
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    sandbox.write(
        "s.pkr.hcl",
        "packer {\n  required_plugins {\n    b = {\n      version = \"1\"\n      source  = \"github.com/x/b\"\n    }\n  }\n}\n",
    );
    let stdout = plain(&sandbox.run(&["init", "."]).expect(1));
    let failed = "Failed getting the \"github.com/x/b\" plugin:\n[SANDBOX]/mirror/packer-plugin-b does not exist, and \
                  neither does [SANDBOX]/mirror/github.com/x/b/\n";
    assert_eq!(stdout, format!("{failed}{}", said("1.0.0")));
}

#[test]
fn releases_that_will_not_do_say_why() {
    let other_system = "packer-plugin-a_1.0.0_plan9_mips.zip";
    for (release, expected) in [
        (Release::new("2.0.0"), vec!["1 error occurred:\n\t* no release version found for constraints: \"~> 1.0\"\n"]),
        (
            Release { checksum: Some("0".repeat(64)), ..Release::new("1.0.0") },
            vec!["ErrInvalidPlugin: Checksums (*sha256.digest) of packer-plugin-a_1.0.0_", "Expected: 0000"],
        ),
        (
            Release { archive: other_system.to_owned(), ..Release::new("1.0.0") },
            vec![
                "2 errors occurred:\n\t* could not find a local nor a remote checksum for plugin \"github.com/hashicorp/a\" \
                 \"1.0.0\"\n\t* could not install any compatible version of plugin \"github.com/hashicorp/a\"\n",
            ],
        ),
        (
            Release { member: "packer-plugin-a".to_owned(), ..Release::new("1.0.0") },
            vec!["could not find a \"packer-plugin-a_v1.0.0_x5.0_", "\" file in zipfile\n"],
        ),
        (
            Release { reported: "1.0.1", ..Release::new("1.0.0") },
            vec![
                "2 errors occurred:\n\t* Continuing to next available version: binary reported version (\"1.0.1\") is \
                 different from the expected \"1.0.0\", skipping\n\t* could not install any compatible",
            ],
        ),
        (
            Release { reported: "1.0.0-dev", ..Release::new("1.0.0") },
            vec!["binary reported a pre-release version of 1.0.0-dev\n", "packer plugins install --path"],
        ),
    ] {
        let sandbox = mirrored("~> 1.0", &[]);
        release.publish(&sandbox, SHARED);
        let stdout = sandbox.run(&["init", "."]).expect(1);
        assert!(stdout.starts_with(&format!("Failed getting the \"{A}\" plugin:\n{}", expected[0])), "{stdout}");
        assert!(expected.iter().all(|part| stdout.contains(part)), "{stdout}");
        assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), "");
    }
    // An older one takes the place of one that does not keep its promise.
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    Release { reported: "1.0.0", ..Release::new("1.1.0") }.publish(&sandbox, SHARED);
    assert_eq!(plain(&sandbox.run(&["init", "."]).expect(0)), said("1.0.0"));
}

#[test]
fn servers_that_fail_are_named() {
    let mut sandbox = mirrored("~> 1.0", &["1.0.0"]);
    let folder = sandbox.path("mirror");
    let server = Server::start(move |asked| match asked.path.split_once('/') {
        Some(("broken", _)) => Reply::status(500),
        Some(("odd", _)) => Reply::with("<html>"),
        Some(("cut", path)) if path.contains("/packer-plugin-a/") || path.starts_with("packer-plugin-a/") => {
            let body = std::fs::read(folder.join(path)).unwrap();
            // The end of an archive never comes.
            let sent = body.len() - usize::from(path.ends_with(".zip"));
            Reply { sent, ..Reply::with(body) }
        }
        _ => Reply::status(404),
    });
    for (mirror, expected) in [
        (server.at("broken"), "/broken/github.com/hashicorp/a/index.json: the server answers 500"),
        (server.at("gone"), "/gone/packer-plugin-a/index.json does not exist, and neither does http://127"),
        (server.at("odd"), "reading the versions of the plugin a: expected value"),
        (server.at("cut"), ".zip: "),
        ("http://127.0.0.1:1/".to_owned(), "http://127.0.0.1:1/github.com/hashicorp/a/index.json: "),
        ("ftp://x/y".to_owned(), "\"ftp://x/y\" is no mirror of plugins: ftp is neither http, https nor file"),
        ("http://".to_owned(), "\"http://\" is no mirror of plugins: "),
        ("gone".to_owned(), "[SANDBOX]/gone/packer-plugin-a does not exist, and neither does "),
    ] {
        sandbox.set("PACKER_PLUGIN_MIRROR", &mirror);
        let stdout = sandbox.run(&["init", "."]).expect(1);
        assert!(stdout.contains(expected), "{mirror}: {stdout}");
        assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), "");
    }
}

#[test]
fn two_at_once_install_one_plugin() {
    let mut sandbox = mirrored("~> 1.0", &["1.0.0"]);
    let server = Server::of_folder(sandbox.path(""));
    for mirror in ["mirror".to_owned(), server.at("mirror")] {
        sandbox.set("PACKER_PLUGIN_MIRROR", &mirror);
        let runs: Vec<_> = (0..4).map(|_| sandbox.command(&["init", "."]).spawn().unwrap()).collect();
        for run in runs {
            let stdout = plain(&sandbox.finish(run).expect(0));
            assert!(stdout.is_empty() || stdout == said("1.0.0"), "{stdout}");
        }
        let installed = format!("{}\n", installed_path(A, "1.0.0"));
        assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), installed);
        let lock = sandbox.read(".packer.lock.hcl");
        assert_eq!((lock.matches("bin:").count(), lock.matches("zip:").count()), (1, 1), "{lock}");
        std::fs::remove_dir_all(sandbox.path(PLUGINS)).unwrap();
        std::fs::remove_file(sandbox.path(".packer.lock.hcl")).unwrap();
    }
}

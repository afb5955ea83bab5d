//! `packer init` and plugins from mirrors.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;

use crate::fake_plugin::{PLUGINS, installed_path, suffix};
use crate::sandbox::Sandbox;

const A: &str = "github.com/hashicorp/a";

/// A template that requires a plugin `a` in these versions, and no other.
fn template(versions: &str) -> String {
    format!(
        "packer {{\n  required_plugins {{\n    a = {{\n      version = \"{versions}\"\n      source  = \"{A}\"\n    }}\n  \
         }}\n}}\nlocals {{\n  never = file(\"gone\")\n}}\n"
    )
}

/// A release of `a` to be.
struct Release<'r> {
    version: &'r str,
    /// What its binary says its version is.
    reported: &'r str,
    /// The binary's name in the archive.
    member: String,
    /// The archive's name in the list of checksums.
    archive: String,
    /// The archive's checksum there, if it is not the right one.
    checksum: Option<String>,
}

impl<'r> Release<'r> {
    fn new(version: &'r str) -> Self {
        let archive = format!("packer-plugin-a_{version}_{}.zip", suffix());
        let member = format!("packer-plugin-a_v{version}_x5.0_{}", suffix());
        Self { version, reported: version, member, archive, checksum: None }
    }

    /// Puts it into the mirror in the folder `mirror`.
    fn publish(&self, sandbox: &Sandbox) {
        let answer = format!(r#"{{"version":"{}","api_version":"x5.0"}}"#, self.reported);
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file("LICENSE", SimpleFileOptions::default()).unwrap();
        zip.start_file(self.member.as_str(), SimpleFileOptions::default()).unwrap();
        write!(zip, "#!/bin/sh\n[ \"$*\" = describe ] && echo '{answer}'\n").unwrap();
        let bytes = zip.finish().unwrap().into_inner();
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let checksum = self.checksum.as_ref().unwrap_or(&digest);
        let folder = format!("mirror/packer-plugin-a/{}", self.version);
        let list = format!("0123  packer-plugin-a_{}_manifest.json\n{checksum}  {}\n", self.version, self.archive);
        sandbox.write(&format!("{folder}/packer-plugin-a_{}_SHA256SUMS", self.version), list);
        sandbox.write(&format!("{folder}/{}", self.archive), bytes);
        let versions = std::fs::read_dir(sandbox.path("mirror/packer-plugin-a")).unwrap();
        let names = versions.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let listed: Vec<String> =
            names.filter(|name| name != "index.json").map(|name| format!("\"{name}\":{{}}")).collect();
        sandbox.write("mirror/packer-plugin-a/index.json", format!("{{\"versions\":{{{}}}}}", listed.join(",")));
    }
}

/// A sandbox with a template, a mirror with these releases, and its address in the environment.
fn mirrored(versions: &str, releases: &[&str]) -> Sandbox {
    let mut sandbox = Sandbox::with_template(&template(versions));
    releases.iter().for_each(|version| Release::new(version).publish(&sandbox));
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

/// A web server for the files of a folder.
struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(folder: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let stop = ended.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                serve(&stream.unwrap(), &folder);
            }
        });
        Self { address, ended, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: &TcpStream, folder: &std::path::Path) {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap().unwrap();
    while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let path = first.split(' ').nth(1).unwrap().trim_start_matches('/');
    let (status, body) = match std::fs::read(folder.join(path)) {
        _ if path.starts_with("broken/") => (500, Vec::new()),
        Ok(body) => (200, body),
        Err(_) => (404, Vec::new()),
    };
    // Of what lies in a folder of that name, the end never comes.
    let length = body.len() + usize::from(path.starts_with("cut/") && path.ends_with(".zip"));
    write!(stream, "HTTP/1.1 {status} S\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n").unwrap();
    stream.write_all(&body).unwrap();
}

#[test]
fn the_newest_release_that_fits_is_installed_once() {
    let mut sandbox = mirrored(">= 1.0, < 2", &["1.2.0", "1.10.0", "2.0.0", "1.11.0-dev"]);
    let server = Server::start(sandbox.path(""));
    let folder = format!("file://{}", sandbox.path("mirror").display());
    for (n, mirror) in [
        "mirror".to_owned(),
        folder,
        format!("http://{}/mirror", server.address),
        format!("http://{}/mirror/", server.address),
    ]
    .iter()
    .enumerate()
    {
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
fn upgrades_and_repetitions_are_asked_for() {
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    assert_eq!(plain(&sandbox.run(&["init", "."]).expect(0)), said("1.0.0"));
    Release::new("1.1.0").publish(&sandbox);
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
    sandbox.set("PACKER_PLUGIN_MIRROR", "");
    assert_eq!(sandbox.run(&["init", "."]).expect(0), "");
    let stdout = sandbox.run(&["init", "-upgrade", "."]).expect(1);
    let start = format!("Failed getting the \"{A}\" plugin:\nPACKER_PLUGIN_MIRROR is not set.");
    assert!(stdout.starts_with(&start), "{stdout}");
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
    let failed = "Failed getting the \"github.com/x/b\" plugin:\n[SANDBOX]/mirror/packer-plugin-b does not exist\n";
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
        release.publish(&sandbox);
        let stdout = sandbox.run(&["init", "."]).expect(1);
        assert!(stdout.starts_with(&format!("Failed getting the \"{A}\" plugin:\n{}", expected[0])), "{stdout}");
        assert!(expected.iter().all(|part| stdout.contains(part)), "{stdout}");
        assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), "");
    }
    // An older one takes the place of one that does not keep its promise.
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    Release { reported: "1.0.0", ..Release::new("1.1.0") }.publish(&sandbox);
    assert_eq!(plain(&sandbox.run(&["init", "."]).expect(0)), said("1.0.0"));
}

#[test]
fn servers_that_fail_are_named() {
    let mut sandbox = mirrored("~> 1.0", &["1.0.0"]);
    let server = Server::start(sandbox.path(""));
    std::os::unix::fs::symlink("mirror", sandbox.path("cut")).unwrap();
    sandbox.write("odd/packer-plugin-a/index.json", "<html>");
    let at = |folder: &str| format!("http://{}/{folder}", server.address);
    for (mirror, expected) in [
        (at("broken"), "/broken/packer-plugin-a/index.json: the server answers 500"),
        (at("gone"), "/gone/packer-plugin-a/index.json does not exist"),
        (at("odd"), "reading the versions of the plugin a: expected value"),
        (at("cut"), ".zip: "),
        ("http://127.0.0.1:1/".to_owned(), "http://127.0.0.1:1/packer-plugin-a/index.json: "),
        ("ftp://x/y".to_owned(), "\"ftp://x/y\" is no mirror of plugins: ftp is neither http, https nor file"),
        ("http://".to_owned(), "\"http://\" is no mirror of plugins: "),
        ("gone".to_owned(), "[SANDBOX]/gone/packer-plugin-a does not exist"),
    ] {
        sandbox.set("PACKER_PLUGIN_MIRROR", &mirror);
        let stdout = sandbox.run(&["init", "."]).expect(1);
        assert!(stdout.contains(expected), "{mirror}: {stdout}");
        assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), "");
    }
}

#[test]
fn two_at_once_install_one_plugin() {
    let sandbox = mirrored("~> 1.0", &["1.0.0"]);
    let runs: Vec<_> = (0..4).map(|_| sandbox.command(&["init", "."]).spawn().unwrap()).collect();
    for run in runs {
        let stdout = plain(&sandbox.finish(run).expect(0));
        assert!(stdout.is_empty() || stdout == said("1.0.0"), "{stdout}");
    }
    let installed = format!("{}\n", installed_path(A, "1.0.0"));
    assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), installed);
}

//! Plugins from HashiCorp's releases server and GitHub, played by a server on this machine, and downloads that break off.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use expectrl::{Eof, Expect};
use rustix::process::{Pid, Signal, kill_process};

use crate::fake_plugin::{PLUGINS, installed_path};
use crate::release::Release;
use crate::sandbox::Sandbox;
use crate::terminal::on_terminal;
use crate::web_server::{Asked, Reply, Server};

const A: &str = "github.com/hashicorp/a";
const B: &str = "github.com/other/a";
/// What HashiCorp's server has of the plugin, and what GitHub has.
const RELEASES: &str = "releases/packer-plugin-a";
const GITHUB: &str = "github";

/// Has `server` play HashiCorp's and GitHub's.
fn played_by(sandbox: &mut Sandbox, server: &Server) {
    sandbox.set("PACKER_PLUGIN_RELEASES_URL", &server.at("releases"));
    sandbox.set("PACKER_GITHUB_URL", &server.at(GITHUB)).set("PACKER_GITHUB_API_URL", &server.at(GITHUB));
}

fn said(source: &str, version: &str) -> String {
    let path = installed_path(source, version);
    format!("\x1b[1;36mInstalled plugin {source} v{version} in \"{path}\"\x1b[0m\n")
}

fn install(sandbox: &Sandbox, source: &str, code: i32) -> String {
    sandbox.run(&["plugins", "install", source]).expect(code)
}

/// The last parts of the paths that were asked for.
fn files(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.path.rsplit('/').next().unwrap()).collect()
}

#[test]
fn hashicorps_plugins_come_from_its_own_server() {
    let mut sandbox = Sandbox::new();
    for version in ["1.0.0", "1.10.0", "1.9.0"] {
        Release::new(version).publish(&sandbox, RELEASES);
    }
    Release { api: "6.0", ..Release::new("2.0.0") }.publish(&sandbox, RELEASES);
    let server = Server::of_folder(sandbox.path(""));
    played_by(&mut sandbox, &server);
    sandbox.set("PACKER_GITHUB_API_TOKEN", "hunter2");
    assert_eq!(install(&sandbox, A, 0), said(A, "1.10.0"));
    let asked = server.asked();
    let files = files(&asked);
    let newest = ["index.json", "packer-plugin-a_2.0.0_SHA256SUMS", "packer-plugin-a_2.0.0_manifest.json"];
    assert_eq!(files[..3], newest, "the newest is made for another interface");
    assert_eq!(files[3..5], ["packer-plugin-a_1.10.0_SHA256SUMS", "packer-plugin-a_1.10.0_manifest.json"]);
    assert!(files[5].ends_with(".zip") && files.len() == 6, "{files:?}");
    assert!(asked.iter().all(|asked| asked.header("authorization").is_empty()));
    assert_eq!(install(&sandbox, A, 0), "", "it is there already");
}

#[test]
fn github_is_asked_when_the_releases_server_does_not_know() {
    for status in [404, 500] {
        let mut sandbox = Sandbox::new();
        for version in ["1.0.0", "1.1.0"] {
            Release::new(version).publish_on_github(&sandbox, GITHUB, "hashicorp");
        }
        let folder = sandbox.path("");
        let server = Server::start(move |asked| match asked.path.starts_with("releases/") {
            true => Reply::status(status),
            false => fs::read(folder.join(&asked.path)).map_or(Reply::status(404), Reply::with),
        });
        played_by(&mut sandbox, &server);
        sandbox.set("PACKER_GITHUB_API_TOKEN", "hunter2");
        assert_eq!(install(&sandbox, A, 0), said(A, "1.1.0"));
        let asked = server.asked();
        let (releases, github): (Vec<_>, Vec<_>) = asked.iter().partition(|asked| asked.path.starts_with("releases/"));
        assert_eq!(releases.len(), if status == 404 { 1 } else { 4 }, "what may pass is tried again");
        assert_eq!(github[0].path, "github/repos/hashicorp/packer-plugin-a/git/matching-refs/tags");
        assert_eq!(github[0].header("authorization"), "Bearer hunter2");
        assert_eq!(github[0].header("accept"), "application/vnd.github+json");
        assert!(github.iter().all(|asked| asked.header("user-agent").starts_with("packer-getter-github-1.")));
        assert!(github[1..].iter().all(|asked| asked.header("authorization").is_empty()), "files are for everybody");
        let folder = "github/hashicorp/packer-plugin-a/releases/download/v1.1.0/packer-plugin-a_v1.1.0_";
        assert_eq!(github[1].path, format!("{folder}SHA256SUMS"));
        assert!(github[2].path.starts_with(folder) && github[2].path.ends_with(".zip") && github.len() == 3);
    }
}

#[test]
fn plugins_of_others_come_from_github_only() {
    let mut sandbox = Sandbox::new();
    Release::new("9.0.0").publish(&sandbox, RELEASES);
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        Release::new(version).publish_on_github(&sandbox, GITHUB, "other");
    }
    let files = sandbox.path("github/other/packer-plugin-a/releases/download");
    fs::remove_file(files.join("v1.2.0/packer-plugin-a_v1.2.0_SHA256SUMS")).unwrap();
    let archive = Release::new("1.1.0").archive.replace("_1.1.0_", "_v1.1.0_x5.0_");
    fs::remove_file(files.join("v1.1.0").join(archive)).unwrap();
    let server = Server::of_folder(sandbox.path(""));
    played_by(&mut sandbox, &server);
    assert_eq!(install(&sandbox, B, 0), said(B, "1.0.0"), "releases without files are passed over");
    assert!(server.paths().iter().all(|path| path.starts_with("github/")));
    let stdout = install(&sandbox, "github.com/nobody/a", 1);
    assert!(
        stdout.ends_with("/github/repos/nobody/packer-plugin-a/git/matching-refs/tags does not exist\n"),
        "{stdout}"
    );
}

#[test]
fn what_servers_say_is_repeated() {
    let limit = || vec![("x-ratelimit-remaining", "0".to_owned()), ("retry-after", "90".to_owned())];
    for (source, part, reply, expected) in [
        (
            B,
            "matching-refs",
            Reply { headers: limit(), ..Reply::status(403) },
            "Plugin host rate limited the plugin getter. Try again in 1m30s.\nHINT: Set the PACKER_GITHUB_API_TOKEN env \
             var with a token to get more requests.\n",
        ),
        (B, "matching-refs", Reply::status(401), "/git/matching-refs/tags: the server answers 401"),
        (B, "matching-refs", Reply::with("{}"), "reading the versions of the plugin a: invalid type: map"),
        (A, "index.json", Reply::with("<html>"), "reading the versions of the plugin a: expected value"),
        (A, "SHA256SUMS", Reply::status(403), "http call failed to releases.hashicorp.com failed: http://127"),
        (A, "manifest", Reply::status(404), "http call failed to releases.hashicorp.com failed: http://127"),
        (A, ".zip", Reply::status(404), "http call failed to releases.hashicorp.com failed: http://127"),
        (A, ".zip", Reply::with("other"), "ErrInvalidPlugin: Checksums (*sha256.digest) of packer-plugin-a_1.0.0_"),
    ] {
        let mut sandbox = Sandbox::new();
        Release::new("1.0.0").publish(&sandbox, RELEASES);
        Release::new("1.0.0").publish_on_github(&sandbox, GITHUB, "other");
        let folder = sandbox.path("");
        let server = Server::start(move |asked| match asked.path.contains(part) {
            true => reply.clone(),
            false => fs::read(folder.join(&asked.path)).map_or(Reply::status(404), Reply::with),
        });
        played_by(&mut sandbox, &server);
        let stdout = install(&sandbox, source, 1);
        assert!(stdout.contains(expected), "{source} {part}: {stdout}");
        assert_eq!(sandbox.run(&["plugins", "installed"]).expect(0), "");
    }
}

#[test]
fn proxies_are_used() {
    let mut sandbox = Sandbox::new();
    Release::new("1.0.0").publish(&sandbox, RELEASES);
    let server = Server::of_folder(sandbox.path(""));
    sandbox.set("PACKER_PLUGIN_RELEASES_URL", "http://releases.invalid/releases").set("HTTP_PROXY", &server.at(""));
    assert_eq!(install(&sandbox, A, 0), said(A, "1.0.0"));
    assert!(server.asked().iter().all(|asked| asked.host == "releases.invalid"));
}

/// A mirror of one release whose archive comes as `zip` says, of the question and of how often there was one before.
fn with_archive(mut zip: impl FnMut(&Asked, usize, Vec<u8>) -> Reply + Send + 'static) -> (Sandbox, Server) {
    let mut sandbox = Sandbox::new();
    Release::new("1.0.0").publish(&sandbox, RELEASES);
    let (folder, mut n_asked) = (sandbox.path("releases"), 0);
    let server = Server::start(move |asked| {
        let Ok(body) = fs::read(folder.join(&asked.path)) else { return Reply::status(404) };
        if !asked.path.ends_with(".zip") {
            return Reply::with(body);
        }
        n_asked += 1;
        zip(asked, n_asked - 1, body)
    });
    sandbox.set("PACKER_PLUGIN_MIRROR", &server.at(""));
    (sandbox, server)
}

/// The rest of `body` that was asked for, as servers that can do this send it.
fn rest(asked: &Asked, body: &[u8]) -> Reply {
    let first = asked.header("range").strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
    let Some(first) = first.and_then(|first| first.parse::<usize>().ok()) else { return tagged(Reply::with(body)) };
    let range = format!("bytes {first}-{}/{}", body.len() - 1, body.len());
    Reply { status: 206, headers: vec![("Content-Range", range)], ..Reply::with(&body[first..]) }
}

fn tagged(reply: Reply) -> Reply {
    Reply { headers: vec![("ETag", "\"one\"".to_owned())], ..reply }
}

fn zips(server: &Server) -> Vec<(String, String)> {
    let asked = server.asked().into_iter().filter(|asked| asked.path.ends_with(".zip"));
    asked.map(|asked| (asked.header("range").to_owned(), asked.header("if-range").to_owned())).collect()
}

#[test]
fn what_breaks_off_goes_on_where_it_was() {
    let first = (String::new(), String::new());
    let from = |byte: usize| (format!("bytes={byte}-"), "\"one\"".to_owned());
    // Each answer ends a hundred bytes further on.
    let (sandbox, server) = with_archive(|asked, _, body| Reply { sent: 100, ..rest(asked, &body) });
    let len = Release::new("1.0.0").bytes().len();
    assert_eq!(install(&sandbox, A, 0), said(A, "1.0.0"));
    let expected: Vec<_> = (0..len.div_ceil(100)).map(|n| if n == 0 { first.clone() } else { from(n * 100) }).collect();
    assert_eq!(zips(&server), expected);
    assert_eq!(fs::read_dir(sandbox.path(".cache/packer/plugin-downloads")).unwrap().count(), 0);

    // The server knows no parts, or sends the wrong one, or another version of the file.
    let (sandbox, server) = with_archive(|_, n, body| match n {
        0 => tagged(Reply { sent: 100, ..Reply::with(body) }),
        1 => Reply { status: 206, headers: vec![("Content-Range", "bytes 1-9/10".to_owned())], ..Reply::with("x") },
        2 => Reply { sent: 150, ..Reply::with(body) },
        _ => Reply::with(body),
    });
    assert_eq!(install(&sandbox, A, 0), said(A, "1.0.0"));
    let without_tag = ("bytes=150-".to_owned(), String::new());
    assert_eq!(zips(&server), [first.clone(), from(100), first, without_tag]);
}

#[test]
fn the_next_run_goes_on_where_this_one_broke_off() {
    // The rest comes when it is asked for the fifth time, which this run does not do.
    let (sandbox, server) = with_archive(|asked, n, body| match n {
        0 => tagged(Reply { sent: 100, ..Reply::with(body) }),
        1..=3 => Reply::status(503),
        _ => rest(asked, &body),
    });
    let stdout = install(&sandbox, A, 1);
    assert!(stdout.contains(".zip: the server answers 503"), "{stdout}");
    assert_eq!(zips(&server).len(), 4);
    assert_eq!(install(&sandbox, A, 0), said(A, "1.0.0"));
    assert_eq!(zips(&server), [("bytes=100-".to_owned(), "\"one\"".to_owned())]);
}

#[test]
fn a_part_of_something_else_is_fetched_anew() {
    let (sandbox, server) = with_archive(|asked, _, body| rest(asked, &body));
    let digest = sandbox.read(&format!("{RELEASES}/1.0.0/packer-plugin-a_1.0.0_SHA256SUMS"));
    let digest = digest.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let part = format!(".cache/packer/plugin-downloads/{digest}.part");
    sandbox.write(&part, "something else");
    assert_eq!(install(&sandbox, A, 0), said(A, "1.0.0"));
    assert_eq!(zips(&server).len(), 2);
    // One that is all there is not fetched again, except by servers that cannot say so.
    sandbox.write(&part, Release::new("1.0.0").bytes());
    assert_eq!(sandbox.run(&["plugins", "install", "-force", A]).expect(0), said(A, "1.0.0"));
    assert!(!sandbox.path(&part).exists());
}

#[test]
fn a_signal_leaves_nothing_half_done() {
    let (sandbox, server) = with_archive(|asked, n, body| match n {
        0 => tagged(Reply { sent: 100, held: true, ..Reply::with(body) }),
        _ => rest(asked, &body),
    });
    let packer = sandbox.command(&["plugins", "install", A]).spawn().unwrap();
    let parts = || fs::read_dir(sandbox.path(".cache/packer/plugin-downloads")).into_iter().flatten().flatten();
    let arrived = || parts().any(|part| part.metadata().unwrap().len() == 100);
    while !arrived() {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&packer), Signal::TERM).unwrap();
    assert_eq!(sandbox.finish(packer).expect(143), "context canceled\n");
    assert!(!sandbox.path(PLUGINS).exists());
    server.asked();
    assert_eq!(install(&sandbox, A, 0), said(A, "1.0.0"));
    assert_eq!(zips(&server), [("bytes=100-".to_owned(), "\"one\"".to_owned())]);
}

#[test]
fn a_terminal_shows_how_far_it_is() {
    let (sandbox, _server) = with_archive(|asked, n, body| match n {
        0 => Reply { sent: 100, ..tagged(Reply::with(body)) },
        _ => rest(asked, &body),
    });
    let mut session = on_terminal(&sandbox, &["plugins", "install", A]);
    session.expect("packer-plugin-a_1.0.0_").unwrap();
    session.expect(" B/").unwrap();
    session.expect("Installed plugin github.com/hashicorp/a v1.0.0").unwrap();
    session.expect(Eof).unwrap();
}

#[test]
fn a_full_disk_and_a_closed_folder_are_named() {
    let (sandbox, _server) = with_archive(|asked, _, body| rest(asked, &body));
    let digest = sandbox.read(&format!("{RELEASES}/1.0.0/packer-plugin-a_1.0.0_SHA256SUMS"));
    let digest = digest.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let folder = ".cache/packer/plugin-downloads";
    fs::create_dir_all(sandbox.path(folder)).unwrap();
    let part = sandbox.path(format!("{folder}/{digest}.part"));
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    let stdout = install(&sandbox, A, 1);
    let expected = format!(".zip in [SANDBOX]/{folder}/{digest}.part: no space left on device\nFree some space there");
    assert!(stdout.starts_with("keeping http://127.0.0.1:") && stdout.contains(&expected), "{stdout}");
    fs::remove_file(part).unwrap();
    fs::create_dir_all(sandbox.path(PLUGINS)).unwrap();
    fs::set_permissions(sandbox.path(PLUGINS), fs::Permissions::from_mode(0o555)).unwrap();
    let output = sandbox.finish(sandbox.unprivileged_command(&["plugins", "install", A]).spawn().unwrap());
    let stdout = output.expect(1);
    assert!(
        stdout.contains(&format!("[SANDBOX]/{PLUGINS}")) && stdout.contains("permission denied\nCheck the owner"),
        "{stdout}"
    );
}

//! Machines over SSH beside the OpenSSH client, on the same server on loopback, in one run: round trips of commands,
//! throughput both ways, many sessions, memory. `cargo bench -p plugins --bench ssh`; needs root and OpenSSH.
//!
//! The client keeps one connection as well (`ControlMaster`), and for content makes one of its own, which is not counted
//! much against gibibytes. The budgets: at least as quick as it is, and no memory that grows with a file.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

#[path = "../tests/machines/sshd.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod sshd;
#[path = "../tests/machines/visitor.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod visitor;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::Cancel;
use mimalloc::MiMalloc;
use plugins::component::{Communicator, FileInfo};
use plugins::ssh::{Settings, SshCommunicator, Transfer};

use sshd::{Sshd, command};
use visitor::{connect, output, settings};

/// What the product uses.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const N_COMMANDS: usize = 200;
const N_SESSIONS: usize = 50;
const SIZE: u64 = 1 << 30;
const MIB: f64 = (1 << 20) as f64;
const ROUNDS: usize = 3;

fn main() {
    let Some(sshd) = sshd::sshd("MaxSessions 100\nMaxStartups 100") else { return };
    let client = Client::new(&sshd);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        commands(&sshd, &client).await;
        content(&sshd, &client).await;
    });
}

/// The OpenSSH client, with a connection that stays.
struct Client {
    options: Vec<String>,
    host: String,
}

impl Client {
    fn new(sshd: &Sshd) -> Self {
        let socket = sshd.folder().join("control").display().to_string();
        let option = |text: String| ["-o".to_owned(), text];
        let options: Vec<String> = [
            format!("Port={}", sshd.port),
            format!("IdentityFile={}", sshd.key().display()),
            "StrictHostKeyChecking=no".to_owned(),
            "UserKnownHostsFile=/dev/null".to_owned(),
            "LogLevel=ERROR".to_owned(),
            format!("ControlPath={socket}"),
        ]
        .into_iter()
        .flat_map(option)
        .collect();
        let host = format!("{}@127.0.0.1", sshd::USER);
        let mut master = command("ssh");
        master.args(&options).args(["-o", "ControlMaster=yes", "-o", "ControlPersist=yes", &host, "true"]);
        assert!(master.stderr(Stdio::null()).status().expect("ssh runs").success());
        Self { options, host }
    }

    fn command(&self, line: &str) -> Command {
        let mut ssh = command("ssh");
        ssh.args(&self.options).arg(&self.host).arg(line).stdin(Stdio::null()).stdout(Stdio::null());
        ssh
    }

    /// A transfer over a connection of its own: with one that is shared it is slower.
    fn copy(&self, protocol: &str, from: &str, to: &str) {
        let mut scp = command("scp");
        scp.args(["-q", protocol]).args(&self.options).args(["-o", "ControlPath=none", from, to]);
        // It says that the sink cannot be cut to a size.
        assert!(scp.stderr(Stdio::null()).status().expect("scp runs").success());
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut end = command("ssh");
        end.args(&self.options).args(["-O", "exit", &self.host]).stderr(Stdio::null());
        let _ = end.status();
    }
}

/// The least time of some rounds.
async fn best(mut work: impl AsyncFnMut()) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        work().await;
        least = least.min(started.elapsed());
    }
    least
}

async fn commands(sshd: &Sshd, client: &Client) {
    let machine = connect(&settings(sshd)).await;
    let ours = best(async || {
        for _ in 0..N_COMMANDS {
            output(&machine, "true").await;
        }
    })
    .await;
    let theirs = best(async || {
        for _ in 0..N_COMMANDS {
            assert!(client.command("true").status().expect("ssh runs").success());
        }
    })
    .await;
    let each = |took: Duration| took.as_secs_f64() * 1e3 / N_COMMANDS as f64;
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    println!(
        "a command, one by one       {:>8.2} ms      client {:>8.2} ms      {ratio:>5.2} x as quick   budget: 1",
        each(ours),
        each(theirs)
    );
    let ours = best(async || {
        let all = (0..N_SESSIONS).map(|_| output(&machine, "true"));
        futures_util::future::join_all(all).await;
    })
    .await;
    let theirs = best(async || {
        let all: Vec<_> = (0..N_SESSIONS).map(|_| client.command("true").spawn().expect("ssh runs")).collect();
        for mut child in all {
            assert!(child.wait().expect("it ends").success());
        }
    })
    .await;
    let all = |took: Duration| took.as_secs_f64() * 1e3;
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    println!(
        "{N_SESSIONS} commands at once        {:>8.2} ms      client {:>8.2} ms      {ratio:>5.2} x as quick   budget: 1",
        all(ours),
        all(theirs)
    );
    machine.close().await;
}

async fn content(sshd: &Sshd, client: &Client) {
    // In memory, as disks are not what is measured.
    let folder = tempfile::tempdir_in("/dev/shm").expect("there is memory");
    let source = folder.path().join("source");
    File::create(&source).and_then(|file| file.set_len(SIZE)).expect("there is room");
    let there = folder.path().join("there");
    open_to_all(folder.path());
    let remote = there.display().to_string();
    let on_host = format!("{}:{remote}", client.host);
    let local = source.display().to_string();
    for (transfer, protocol) in [(Transfer::Scp, "-O"), (Transfer::Sftp, "-s")] {
        let machine = Arc::new(connect(&Settings { transfer, ..settings(sshd) }).await);
        let (small, large) = memory(&machine, &remote, &source).await;
        let ours = best(async || upload(machine.clone(), remote.clone(), source.clone(), SIZE).await).await;
        let theirs = best(async || client.copy(protocol, &local, &on_host)).await;
        row(&format!("upload, {transfer:?}"), ours, theirs);
        let ours = best(async || download(machine.clone(), remote.clone()).await).await;
        let theirs = best(async || client.copy(protocol, &on_host, "/dev/null")).await;
        row(&format!("download, {transfer:?}"), ours, theirs);
        println!("memory while uploading, {transfer:?}: {small:.1} MiB for 64 MiB, {large:.1} MiB for 1024 MiB");
        machine.close().await;
    }
}

/// The account of the server is not ours.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("it is ours");
}

fn row(what: &str, ours: Duration, theirs: Duration) {
    let speed = |took: Duration| SIZE as f64 / MIB / took.as_secs_f64();
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    println!(
        "{what:<27} {:>8.0} MiB/s   client {:>8.0} MiB/s   {ratio:>5.2} x as quick   budget: 1",
        speed(ours),
        speed(theirs)
    );
}

async fn upload(machine: Arc<SshCommunicator>, to: String, from: PathBuf, size: u64) {
    let work = async move {
        let info = FileInfo { name: "f".to_owned(), size: size as i64, mode: 0o666, modified: None };
        let file = tokio::fs::File::open(from).await.expect("it is there");
        let mut file = tokio::io::AsyncReadExt::take(file, size);
        machine.upload(&to, &mut file, Some(&info), &Cancel::new()).await.expect("it arrives");
    };
    // A task, as the nodes of a run are.
    tokio::spawn(work).await.expect("it does not panic");
}

async fn download(machine: Arc<SshCommunicator>, from: String) {
    let work = async move {
        machine.download(&from, &mut tokio::io::sink(), &Cancel::new()).await.expect("it arrives");
    };
    tokio::spawn(work).await.expect("it does not panic");
}

/// What the process needs at most while it uploads a small and a large file, in mebibytes.
async fn memory(machine: &Arc<SshCommunicator>, remote: &str, source: &Path) -> (f64, f64) {
    let mut peaks = [0.0; 2];
    for (peak, size) in peaks.iter_mut().zip([64 << 20, SIZE]) {
        std::fs::write("/proc/self/clear_refs", "5").expect("Linux forgets the peak");
        upload(machine.clone(), remote.to_owned(), source.to_owned(), size).await;
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux knows");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak is known");
        *peak = line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0;
    }
    (peaks[0], peaks[1])
}

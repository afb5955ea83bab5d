//! An OpenSSH server of our own: in a mount namespace in which the one account that it knows is ours, so that nothing of
//! the machine that the tests run on is changed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

/// The account. It may do what an ordinary user may.
pub(crate) const USER: &str = "machine";
/// Its password.
pub(crate) const PASSWORD: &str = "correct horse";
const UID: u32 = 64_321;

/// Sets the stage and becomes the server. Arguments: the folder, the server's program.
const STAGE: &str = r#"
set -e
cd "$1"
mkdir -p /run/sshd
mount --bind passwd /etc/passwd
mount --bind shadow /etc/shadow
mount --bind pam /etc/pam.d/sshd
mount -t tmpfs -o size=256k,mode=777 none full
# Servers since 9.8 stop answering whoever fails too often, which is what some tests do.
lenient="-o PerSourcePenalties=no"
"$2" -t $lenient -f "$1/config" 2>/dev/null || lenient=
exec "$2" -D -e $lenient -f "$1/config"
"#;

const PAM: &str = "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n";

/// A running server. Stopped when dropped.
pub(crate) struct Sshd {
    /// Where it listens on loopback.
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    running: Option<(Child, JoinHandle<std::io::Result<u64>>)>,
}

/// A server with these lines of configuration, before the usual ones; none, with a printed reason, where it cannot be had.
pub(crate) fn sshd(lines: &str) -> Option<Sshd> {
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    if let Err(reason) = lay_out(folder.path(), port, lines) {
        assert!(std::env::var_os("CI").is_none(), "an OpenSSH server is required under CI: {reason}");
        #[expect(clippy::print_stdout, reason = "why a test did nothing")]
        {
            println!("skipped: {reason}");
        }
        return None;
    }
    drop(free);
    let mut sshd = Sshd { port, folder, running: None };
    sshd.start();
    Some(sshd)
}

fn lay_out(folder: &Path, port: u16, lines: &str) -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("only root can start an SSH server with an account of its own".to_owned());
    }
    for program in ["/usr/sbin/sshd", "/usr/bin/ssh-keygen", "/usr/bin/ssh-agent"] {
        if !Path::new(program).exists() {
            return Err(format!("{program} is not there (Debian: openssh-server, openssh-client)"));
        }
    }
    let home = folder.join("home");
    for name in ["home", "home/.ssh", "full"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    for path in [folder, &home] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    keygen(&["-t", "ed25519", "-f"], &folder.join("host"));
    let system = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let passwd = format!("{}{USER}:x:{UID}:{UID}::{}:/bin/sh\n", system("/etc/passwd"), home.display());
    fs::write(folder.join("passwd"), passwd).unwrap();
    fs::write(folder.join("shadow"), format!("{}{USER}:{}:19000::::::\n", system("/etc/shadow"), hashed())).unwrap();
    fs::set_permissions(folder.join("shadow"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(folder.join("pam"), PAM).unwrap();
    let usual = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nPidFile none\nStrictModes no\nUsePAM yes\n\
         AuthorizedKeysFile {0}/home/.ssh/authorized_keys\nPrintMotd no\nLogLevel VERBOSE\n\
         Subsystem sftp internal-sftp\n",
        folder.display()
    );
    fs::write(folder.join("config"), format!("{lines}\n{usual}")).unwrap();
    rustix::fs::chown(&home, uid(), gid()).unwrap();
    rustix::fs::chown(home.join(".ssh"), uid(), gid()).unwrap();
    Ok(())
}

fn uid() -> Option<rustix::fs::Uid> {
    Some(rustix::fs::Uid::from_raw(UID))
}

fn gid() -> Option<rustix::fs::Gid> {
    Some(rustix::fs::Gid::from_raw(UID))
}

/// The password as it is kept.
fn hashed() -> String {
    let output = command("openssl").args(["passwd", "-6", PASSWORD]).output().unwrap();
    let (hash, fault) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && hash.starts_with("$6$"), "openssl gives {hash:?}: {fault}");
    hash.trim().to_owned()
}

/// Makes a key pair at `path`.
pub(crate) fn keygen(args: &[&str], path: &Path) {
    let output = command("ssh-keygen").args(["-q", "-N", ""]).args(args).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A program of the machine that the tests run on.
#[expect(clippy::disallowed_methods, reason = "tests start what they test against")]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

impl Sshd {
    /// Starts, and waits until it listens.
    pub(crate) fn start(&mut self) {
        let mut stage = command("unshare");
        stage.args(["--mount", "--kill-child=KILL", "--fork", "--pid", "--mount-proc", "sh", "-c", STAGE, "stage"]);
        stage.arg(self.folder.path()).arg("/usr/sbin/sshd");
        let mut child = stage.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("Server listening on") {
            let length = log.read_line(&mut said).unwrap();
            assert!(length > 0, "sshd does not start: {said}");
        }
        // Whoever does not read makes it stand still.
        let mut kept = fs::File::create(self.folder.path().join("log")).unwrap();
        let reader = std::thread::spawn(move || std::io::copy(&mut log, &mut kept));
        self.running = Some((child, reader));
    }

    /// Stops it, and every session on it.
    pub(crate) fn stop(&mut self) {
        if let Some((mut child, reader)) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
            // The log ends with the last of them.
            reader.join().unwrap().unwrap();
        }
    }

    /// The account's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A folder in which nothing much fits.
    pub(crate) fn full(&self) -> PathBuf {
        self.folder.path().join("full")
    }

    /// A folder for what the tests need beside it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets whoever has the key of `path`, beside which its public half lies, log in.
    pub(crate) fn authorize(&self, path: &Path) {
        let public = fs::read_to_string(path.with_added_extension("pub")).unwrap();
        self.authorize_line(&public);
    }

    /// Adds a line to `authorized_keys`.
    pub(crate) fn authorize_line(&self, line: &str) {
        let file = self.home().join(".ssh/authorized_keys");
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(&file, before + line).unwrap();
        rustix::fs::chown(&file, uid(), gid()).unwrap();
    }

    /// A new key that is let in.
    pub(crate) fn key(&self) -> PathBuf {
        let path = self.folder.path().join("key");
        if !path.exists() {
            keygen(&["-t", "ed25519", "-f"], &path);
            self.authorize(&path);
        }
        path
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

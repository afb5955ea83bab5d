//! What can be run on the machine, and what is on its disk. Commands are a handful of words; PowerShell scripts are known
//! by what they say, since nothing here can run them.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::mpsc;

/// Files by their path, in small letters; folders end in a backslash. Files whose name has `locked` in it are in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Disk {
    pub(crate) fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(&full(path)).cloned()
    }

    pub(crate) fn write(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.0.lock().unwrap().insert(full(path), content.into());
    }

    pub(crate) fn remove(&self, path: &str) {
        self.0.lock().unwrap().remove(&full(path));
    }

    /// All paths.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }
}

/// The path that the machine makes of one: variables replaced, the same way every time.
fn full(path: &str) -> String {
    let path = path.to_lowercase().replace('/', "\\");
    let named = [("${env:systemroot}", "c:\\windows"), ("$env:temp", "c:\\temp"), ("%temp%", "c:\\temp")];
    named.iter().fold(path, |path, (name, value)| path.replace(name, value))
}

/// What a program writes, and its end.
pub(super) enum Out {
    Data(&'static str, Vec<u8>),
    Done(i64),
}

/// What a program is connected to.
pub(super) struct Io {
    pub(super) stdin: mpsc::Receiver<Vec<u8>>,
    pub(super) out: mpsc::Sender<Out>,
}

impl Io {
    async fn put(&self, stream: &'static str, bytes: impl Into<Vec<u8>>) {
        let _ = self.out.send(Out::Data(stream, bytes.into())).await;
    }
}

/// Runs a command line. Its status.
pub(super) async fn run(line: &str, io: &mut Io, disk: &Disk) -> i64 {
    if let Some((_, script)) = line.split_once("-EncodedCommand ") {
        return powershell(script, io, disk).await;
    }
    let mut variables = BTreeMap::new();
    for command in line.split(" && ") {
        if let Some(status) = one(command.trim(), io, disk, &mut variables).await {
            return status;
        }
    }
    0
}

/// One command; its status if it is the last.
async fn one(command: &str, io: &mut Io, disk: &Disk, variables: &mut BTreeMap<String, String>) -> Option<i64> {
    let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
    match word {
        "set" => {
            let (name, value) = rest.trim_matches('"').split_once('=')?;
            variables.insert(name.to_owned(), value.to_owned());
        }
        "echo" => {
            let text =
                variables.iter().fold(rest.to_owned(), |text, (name, value)| text.replace(&format!("%{name}%"), value));
            io.put("stdout", format!("{text}\r\n")).await;
        }
        "complain" => io.put("stderr", format!("{rest}\r\n")).await,
        "exit" => return Some(rest.parse().unwrap_or(1)),
        "wait" => pending().await,
        "bytes" => {
            io.put("stdout", [0xff, 0xfe, 0, b'\n', 0x80]).await;
            io.put("stderr", [0xc3, 0x28]).await;
        }
        "flood" => {
            let mut left: usize = rest.parse().unwrap_or(0);
            let piece = vec![b'x'; 30_000];
            while left > 0 && !io.out.is_closed() {
                let n = left.min(piece.len());
                io.put("stdout", &piece[..n]).await;
                left -= n;
            }
        }
        "cat" => {
            while let Some(bytes) = io.stdin.recv().await {
                io.put("stdout", bytes).await;
            }
        }
        // A restart is under way when it is asked for again.
        "shutdown" => return Some(i64::from(rest.contains("restart test"))),
        "powershell" => return Some(script_file(rest, io, disk, variables).await),
        _ => {
            let Some(script) = disk.read(command.trim_matches('"')) else {
                io.put("stderr", format!("'{command}' is not recognized as a command.\r\n")).await;
                return Some(9009);
            };
            for line in String::from_utf8_lossy(&script).lines() {
                if let Some(status) = Box::pin(one(line.trim(), io, disk, variables)).await {
                    return Some(status);
                }
            }
        }
    }
    None
}

/// A script on the disk, as PowerShell would run it: of its lines those that echo and exit, with the environment that it
/// sets.
async fn script_file(line: &str, io: &mut Io, disk: &Disk, variables: &mut BTreeMap<String, String>) -> i64 {
    let path = line.split_whitespace().skip_while(|word| *word != "-file").nth(1);
    let Some(script) = path.and_then(|path| disk.read(path.trim_matches('"'))) else { return 1 };
    for line in String::from_utf8_lossy(&script).lines().map(str::trim) {
        for set in line.split("; ").filter_map(|part| part.strip_prefix("$env:")) {
            if let Some((name, value)) = set.split_once('=') {
                variables.insert(name.to_owned(), value.trim_matches('"').to_owned());
            }
        }
        if let Some(text) = line.strip_prefix("Write-Host ") {
            let text = variables
                .iter()
                .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("$env:{name}"), value));
            io.put("stdout", format!("{text}\r\n")).await;
        } else if let Some(status) = line.strip_prefix("exit ").and_then(|status| status.parse().ok()) {
            return status;
        }
    }
    0
}

async fn powershell(script: &str, io: &mut Io, disk: &Disk) -> i64 {
    if script.contains("echo \"WinRM connected.\"") {
        io.put("stderr", "#< CLIXML\r\n<Objs></Objs>").await;
        io.put("stdout", "WinRM connected.\r\n").await;
        return 0;
    }
    if script.contains("{0} restarted.") {
        io.put("stdout", "MACHINE restarted.\r\n").await;
        return 0;
    }
    if script.contains("'files: '") {
        return receive_files(io, disk).await;
    }
    if script.contains("'bytes: '") {
        return send_file(script, io, disk).await;
    }
    io.put("stderr", "nothing here can run this script\r\n").await;
    1
}

async fn receive_files(io: &mut Io, disk: &Disk) -> i64 {
    let (mut pending, mut name, mut content, mut n_files) = (Vec::new(), String::new(), Vec::new(), 0);
    while let Some(bytes) = io.stdin.recv().await {
        pending.extend(bytes);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            let line = line.trim_ascii_end();
            let Ok(data) = STANDARD.decode(&line[1..]) else { return 1 };
            let text = || String::from_utf8(data.clone()).unwrap();
            match line[0] {
                b'>' => (name, content) = (text(), Vec::new()),
                b'+' => content.extend(&data),
                b'/' => disk.write(&format!("{}\\", text()), ""),
                b'.' if name.contains("locked") => {
                    let why = format!("Error restoring file from C:\\Temp\\packer-1.tmp to {name}: it is in use.\r\n");
                    io.put("stderr", why).await;
                    return 1;
                }
                b'.' => {
                    disk.write(&name, std::mem::take(&mut content));
                    n_files += 1;
                }
                _ => return 1,
            }
        }
    }
    io.put("stdout", format!("files: {n_files}\r\n")).await;
    0
}

async fn send_file(script: &str, io: &mut Io, disk: &Disk) -> i64 {
    let name = script.split("FromBase64String('").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    let name = String::from_utf8(STANDARD.decode(name).unwrap_or_default()).unwrap_or_default();
    let Some(content) = disk.read(&name) else {
        io.put("stderr", format!("Could not find file '{name}'.\r\n")).await;
        return 1;
    };
    for piece in content.chunks(49_152) {
        io.put("stdout", format!("{}\r\n", STANDARD.encode(piece))).await;
    }
    io.put("stdout", format!("bytes: {}\r\n", content.len())).await;
    0
}

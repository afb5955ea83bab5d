//! Files and folders to the machine: any number of them in one shell, by one script, in constant memory.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::component::Source;
use crate::io_fault::os_words;
use crate::winrm::fault::Fault;
use crate::winrm::folder::Entry;
use crate::winrm::script_run::Ends;

/// How much of a file is in a line: a multiple of three, so that base64 needs no padding before the end.
const PIECE: usize = 48 << 10;

/// Writes lines to a script.
struct Lines {
    ends: Ends,
}

impl Lines {
    /// One line. When the script does not read any more, how it ended says why.
    async fn put(&mut self, sign: char, data: &[u8]) -> bool {
        let Some(input) = &mut self.ends.input else { return false };
        let line = format!("{sign}{}\r\n", STANDARD.encode(data));
        self.ends.movement.note();
        input.write_all(line.as_bytes()).await.is_ok()
    }

    async fn file(&mut self, path: &str, content: &mut Source<'_>) -> Result<(), Fault> {
        if !self.put('>', path.as_bytes()).await {
            return Ok(());
        }
        let mut buffer = vec![0; PIECE];
        loop {
            let read = fill(content, &mut buffer).await;
            let read = read.map_err(|error| Fault::Local(format!("reading what to upload: {}", os_words(&error))))?;
            if read == 0 {
                break;
            }
            if !self.put('+', &buffer[..read]).await {
                return Ok(());
            }
        }
        self.put('.', b"").await;
        Ok(())
    }

    /// No more lines. How many files the script has put into their places.
    async fn finish(mut self) -> Result<u64, Fault> {
        drop(self.ends.input.take());
        let mut count = None;
        let mut lines = BufReader::new(self.ends.output.take(1 << 20)).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            count = line.trim().strip_prefix("files: ").and_then(|count| count.parse().ok()).or(count);
        }
        Ok(count.unwrap_or(0))
    }
}

/// As much as there is, up to the buffer's length.
async fn fill(content: &mut Source<'_>, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match content.read(&mut buffer[filled..]).await? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Sends one file to the script.
pub(super) async fn send_file(ends: Ends, path: &str, content: &mut Source<'_>) -> Result<(), Fault> {
    let mut lines = Lines { ends };
    lines.file(path, content).await?;
    check(lines.finish().await?, 1)
}

/// Sends folders and files of ours to the script, below the machine's folder `to`.
pub(super) async fn send_entries(ends: Ends, to: &str, from: &Path, entries: &[Entry]) -> Result<(), Fault> {
    let mut lines = Lines { ends };
    if !lines.put('/', to.as_bytes()).await {
        return check(lines.finish().await?, u64::MAX);
    }
    let mut n_files = 0;
    for entry in entries {
        let remote = format!("{to}\\{}", entry.name.replace('/', "\\"));
        if entry.is_folder {
            lines.put('/', remote.as_bytes()).await;
            continue;
        }
        let local = from.join(&entry.name);
        let unreadable = |error| Fault::Local(format!("cannot read {}: {}", local.display(), os_words(&error)));
        let mut file = tokio::fs::File::open(&local).await.map_err(unreadable)?;
        lines.file(&remote, &mut file).await?;
        n_files += 1;
    }
    check(lines.finish().await?, n_files)
}

fn check(count: u64, expected: u64) -> Result<(), Fault> {
    if count == expected {
        return Ok(());
    }
    Err(Fault::Nonsense(format!("it has {count} of {expected} files")))
}

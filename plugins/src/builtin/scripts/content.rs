//! The text of one script, on its way to a machine: from a file of any size, in constant memory.

use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::unix_lines::{UnixLines, count_windows_ends, unix_lines_of};
use crate::component::{ComponentError, FileInfo, Source};
use crate::io_fault::words_and_advice;
use crate::offload::offload;

/// A script that can be read any number of times.
#[derive(Debug)]
pub struct Content {
    from: From,
    n_bytes: u64,
}

#[derive(Debug)]
enum From {
    Text(Vec<u8>),
    /// Whether line ends of Windows become those of Unix.
    File(PathBuf, bool),
}

impl Content {
    /// A text.
    pub fn text(text: String) -> Self {
        Self { n_bytes: text.len() as u64, from: From::Text(text.into_bytes()) }
    }

    /// A file as it is.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn file(path: &Path) -> Result<Self, ComponentError> {
        Self::measured(path, false).await
    }

    /// A file with line ends of Unix, whatever it has.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn unix_file(path: &Path) -> Result<Self, ComponentError> {
        Self::measured(path, true).await
    }

    /// Machines want to know the size before the content.
    async fn measured(path: &Path, unix_lines: bool) -> Result<Self, ComponentError> {
        let path = path.to_path_buf();
        offload(move || {
            let measured = measure(&path, unix_lines);
            let (n_bytes, kind) = measured.map_err(|error| unreadable(&path, &error))?;
            let from = match kind {
                Kind::File { converts } => From::File(path, converts),
                Kind::Once(text) => From::Text(text),
            };
            Ok(Self { from, n_bytes })
        })
        .await
    }

    /// What is told about the file that it becomes.
    pub fn info(&self, name: &str, mode: u32) -> FileInfo {
        let size = i64::try_from(self.n_bytes).unwrap_or(i64::MAX);
        FileInfo { name: name.to_owned(), size, mode, modified: None }
    }

    /// The content, from its beginning.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn open(&self) -> Result<Box<Source<'_>>, ComponentError> {
        let (path, converts) = match &self.from {
            From::Text(text) => return Ok(Box::new(text.as_slice())),
            From::File(path, converts) => (path, *converts),
        };
        let file = tokio::fs::File::open(path).await.map_err(|error| unreadable(path, &error))?;
        Ok(if converts { Box::new(UnixLines::new(file)) } else { Box::new(file) })
    }
}

fn unreadable(path: &Path, error: &io::Error) -> ComponentError {
    let path = path.display();
    ComponentError::new(format!("Error opening shell script: open {path}: {}", words_and_advice(error)))
}

/// What a path turned out to be.
enum Kind {
    /// Something that can be read again, and whether there is anything to convert then.
    File { converts: bool },
    /// A pipe, say, which cannot: what was in it, converted.
    Once(Vec<u8>),
}

/// How many bytes it will be, and what it is.
fn measure(path: &Path, unix_lines: bool) -> io::Result<(u64, Kind)> {
    let file = std::fs::File::open(path)?;
    let meta = file.metadata()?;
    let mut reader = BufReader::with_capacity(64 << 10, file);
    if !meta.is_file() {
        let mut text = Vec::new();
        // A folder opens, and only fails here.
        reader.read_to_end(&mut text)?;
        let text = if unix_lines { unix_lines_of(&text) } else { text };
        return Ok((text.len() as u64, Kind::Once(text)));
    }
    if !unix_lines {
        return Ok((meta.len(), Kind::File { converts: false }));
    }
    let (n_bytes, n_ends) = count_windows_ends(reader)?;
    Ok((n_bytes - n_ends, Kind::File { converts: n_ends > 0 }))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    async fn read(content: &Content) -> Vec<u8> {
        let mut bytes = Vec::new();
        content.open().await.unwrap().read_to_end(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn files_are_read_again_and_again_with_the_size_that_was_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        std::fs::write(&path, "#!/bin/sh\r\necho a\r\n\rb").unwrap();
        let rows = [
            (Content::unix_file(&path).await.unwrap(), "#!/bin/sh\necho a\n\rb"),
            (Content::file(&path).await.unwrap(), "#!/bin/sh\r\necho a\r\n\rb"),
            (Content::text("a\r\n".to_owned()), "a\r\n"),
        ];
        for (content, expected) in rows {
            for _ in 0..2 {
                assert_eq!(String::from_utf8(read(&content).await).unwrap(), expected);
            }
            let info = content.info("name", 0o755);
            assert_eq!((info.size, info.mode, info.name.as_str()), (expected.len() as i64, 0o755, "name"));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_pipe_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for (binary, expected) in [(false, "a\nb"), (true, "a\r\nb")] {
            let to = path.clone();
            let writer = std::thread::spawn(move || std::fs::write(to, "a\r\nb").unwrap());
            let content = if binary { Content::file(&path).await } else { Content::unix_file(&path).await };
            writer.join().unwrap();
            let content = content.unwrap();
            for _ in 0..2 {
                assert_eq!(String::from_utf8(read(&content).await).unwrap(), expected);
            }
            assert_eq!(content.info("n", 0).size, expected.len() as i64);
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        for (path, words) in [(gone.as_path(), "no such file or directory"), (folder.path(), "is a directory")] {
            let expected = format!("Error opening shell script: open {}: {words}", path.display());
            for content in [Content::file(path).await, Content::unix_file(path).await] {
                assert_eq!(content.unwrap_err().to_string(), expected);
            }
        }
        std::fs::write(&gone, "x").unwrap();
        let content = Content::file(&gone).await.unwrap();
        std::fs::remove_file(&gone).unwrap();
        assert!(content.open().await.is_err());
    }
}

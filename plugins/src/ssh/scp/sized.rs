//! Content whose size is known, as the protocol announces it first.

use std::io::Cursor;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::component::{ComponentError, FileInfo, Source};
use crate::io_fault::words_and_advice;

/// As much of it is kept in memory.
const IN_MEMORY: u64 = 1024 * 1024;

/// What a file that says nothing about its permissions gets.
const DEFAULT_MODE: u32 = 0o644;

/// Content, and what is announced of it.
pub(super) struct Sized<'s> {
    /// Permissions.
    pub(super) mode: u32,
    /// Bytes.
    pub(super) size: u64,
    /// The bytes.
    pub(super) content: Box<dyn AsyncRead + Send + Unpin + 's>,
}

/// `content` with its size: as `info` says, or found out by reading it, past a mebibyte into a file of `temporary_dir`.
///
/// # Errors
///
/// It cannot be read, or the file not be written.
pub(super) async fn sized<'s>(
    content: &'s mut Source<'_>,
    info: Option<&FileInfo>,
    temporary_dir: &Path,
) -> Result<Sized<'s>, ComponentError> {
    if let Some((info, size)) = info.and_then(|info| Some((info, u64::try_from(info.size).ok()?))) {
        return Ok(Sized { mode: info.mode & 0o777, size, content: Box::new(content) });
    }
    let mut head = Vec::new();
    let unread = |error: std::io::Error| ComponentError::new(format!("cannot read what is uploaded: {error}"));
    content.take(IN_MEMORY).read_to_end(&mut head).await.map_err(unread)?;
    if (head.len() as u64) < IN_MEMORY {
        return Ok(Sized { mode: DEFAULT_MODE, size: head.len() as u64, content: Box::new(Cursor::new(head)) });
    }
    let failed = |error: std::io::Error| {
        ComponentError::new(format!(
            "cannot keep what is uploaded in {}: {}",
            temporary_dir.display(),
            words_and_advice(&error)
        ))
    };
    let file = tempfile::tempfile_in(temporary_dir).map_err(failed)?;
    let mut file = tokio::fs::File::from_std(file);
    file.write_all(&head).await.map_err(failed)?;
    drop(head);
    let rest = tokio::io::copy(content, &mut file).await.map_err(failed)?;
    file.rewind().await.map_err(failed)?;
    Ok(Sized { mode: DEFAULT_MODE, size: IN_MEMORY + rest, content: Box::new(file) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_size_is_found_out_in_memory_and_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        for length in [0, 5, 3 * 1024 * 1024] {
            let bytes = vec![7; length];
            let mut source = bytes.as_slice();
            let mut sized = sized(&mut source, None, folder.path()).await.unwrap();
            assert_eq!((sized.size, sized.mode), (length as u64, 0o644));
            let mut back = Vec::new();
            sized.content.read_to_end(&mut back).await.unwrap();
            assert!(back == bytes);
        }
    }

    #[tokio::test]
    async fn what_is_known_is_believed() {
        let info = FileInfo { name: "f".to_owned(), size: 3, mode: 0o100_755, modified: None };
        let mut source = b"abc".as_slice();
        let sized = sized(&mut source, Some(&info), Path::new("/nowhere")).await.unwrap();
        assert_eq!((sized.size, sized.mode), (3, 0o755));
    }
}

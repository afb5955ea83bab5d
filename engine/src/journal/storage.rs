//! What a journal is written to. A file, and in tests things that fail.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// Somewhere bytes can be appended and made durable.
pub trait Storage: Send {
    /// Appends all of `bytes`.
    ///
    /// # Errors
    /// If it cannot; some of the bytes may have been written.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything written before would survive a loss of power.
    ///
    /// # Errors
    /// If that cannot be said.
    fn sync(&mut self) -> io::Result<()>;

    /// Prepares room for `n_bytes` after what has been written; they read as zeros until they are. Only makes later
    /// writes cheaper: overwriting what exists spares the file system a change of its own books.
    ///
    /// # Errors
    /// If there is no room, which need not mean that nothing can be written.
    fn reserve(&mut self, n_bytes: u64) -> io::Result<()> {
        let _ = n_bytes;
        Ok(())
    }

    /// Forgets everything from byte `offset` on; the next write goes there.
    ///
    /// # Errors
    /// If it cannot.
    fn cut(&mut self, offset: u64) -> io::Result<()> {
        let _ = offset;
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Storage for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn reserve(&mut self, n_bytes: u64) -> io::Result<()> {
        let zeros = vec![0; n_bytes.min(1 << 16) as usize];
        let at = self.stream_position()?;
        let mut end = self.metadata()?.len();
        self.seek(SeekFrom::Start(end))?;
        let mut result = Ok(());
        while result.is_ok() && end < at + n_bytes {
            let piece = zeros.len().min((at + n_bytes - end) as usize);
            result = Write::write_all(self, &zeros[..piece]);
            end += piece as u64;
        }
        self.seek(SeekFrom::Start(at))?;
        result
    }

    fn cut(&mut self, offset: u64) -> io::Result<()> {
        self.set_len(offset)?;
        self.seek(SeekFrom::Start(offset))?;
        Ok(())
    }
}

//! The file being written, and the faults of reading and writing kept apart from what encoders make of them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use engine::Cancel;

/// Where the first fault of a stream is kept. Encoders wrap errors, or only notice them when they are dropped.
#[derive(Clone, Debug, Default)]
pub(super) struct FaultSlot(Arc<Mutex<Option<io::Error>>>);

impl FaultSlot {
    /// Takes the fault out.
    pub(super) fn take(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps the fault, and gives one of the same kind to pass on.
    fn keep(&self, error: io::Error) -> io::Error {
        let kind = error.kind();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        kind.into()
    }
}

/// Writes to a file. After the first fault it swallows everything: encoders finish when they are dropped, and must not
/// complain again.
#[derive(Debug)]
pub(super) struct Output {
    file: File,
    fault: FaultSlot,
    broken: bool,
}

impl Output {
    pub(super) fn new(file: File) -> (Self, FaultSlot) {
        let fault = FaultSlot::default();
        (Self { file, fault: fault.clone(), broken: false }, fault)
    }

    fn guard<T>(&mut self, otherwise: T, act: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
        if self.broken {
            return Ok(otherwise);
        }
        act(&mut self.file).map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            self.broken = true;
            self.fault.keep(error)
        })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.guard(bytes.len(), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.guard((), File::flush)
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.guard(0, |file| file.seek(to))
    }
}

/// Reads exactly as much of a file as it had when it was opened, and ends early when the run stops.
#[derive(Debug)]
pub(super) struct Input {
    file: File,
    left: u64,
    cancel: Cancel,
    fault: FaultSlot,
}

impl Input {
    pub(super) fn new(file: File, n_bytes: u64, cancel: Cancel) -> (Self, FaultSlot) {
        let fault = FaultSlot::default();
        (Self { file, left: n_bytes, cancel, fault: fault.clone() }, fault)
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_stopping() {
            return Err(io::Error::other("the run is stopping"));
        }
        let room = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if room == 0 {
            return Ok(0);
        }
        match self.file.read(&mut into[..room]) {
            // An archive holds the size before the content.
            Ok(0) => Err(self.fault.keep(io::Error::other("the file became shorter while it was read"))),
            Ok(n) => {
                self.left -= n as u64;
                Ok(n)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => Err(self.fault.keep(error)),
        }
    }
}

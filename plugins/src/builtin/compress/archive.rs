//! Files into one archive, or one file as it is.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use engine::Cancel;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::encoder::Encoder;
use super::output::{FaultSlot, Input, Output};
use crate::io_fault::words_and_advice;

/// How much is read at once. A run that stops is noticed after as much.
const CHUNK: usize = 256 * 1024;

/// What went wrong.
#[derive(Debug)]
pub(super) enum Fault {
    /// With reading the input.
    Read(String),
    /// With the output: the encoder, or the disk.
    Write(io::Error),
    /// Nothing: the run is stopping.
    Cancelled,
}

/// The files to pack.
pub(super) struct Inputs<'a> {
    pub(super) working_dir: &'a Path,
    pub(super) files: &'a [PathBuf],
    pub(super) cancel: &'a Cancel,
}

/// One file, opened.
struct OpenInput<'a> {
    shown: &'a Path,
    meta: Metadata,
    reader: Input,
    fault: FaultSlot,
    cancel: &'a Cancel,
}

impl<'a> Inputs<'a> {
    fn open(&self, shown: &'a Path) -> Result<OpenInput<'a>, Fault> {
        let opened = File::open(self.working_dir.join(shown)).and_then(|file| Ok((file.metadata()?, file)));
        let (meta, file) = opened.map_err(|error| {
            Fault::Read(format!("Unable to read file {}: {}", shown.display(), words_and_advice(&error)))
        })?;
        if !meta.is_file() {
            return Err(Fault::Read(format!("Unable to read file {}: it is not a file", shown.display())));
        }
        let (reader, fault) = Input::new(file, meta.len(), self.cancel.clone());
        Ok(OpenInput { shown, meta, reader, fault, cancel: self.cancel })
    }
}

impl OpenInput<'_> {
    /// Copies the content to `output`.
    fn copy(&mut self, output: &mut impl Write) -> Result<(), Fault> {
        let copied = io::copy(&mut BufReader::with_capacity(CHUNK, &mut self.reader), output);
        copied.map(drop).map_err(|error| self.blame(error))
    }

    /// Whose fault an error was.
    fn blame(&self, error: io::Error) -> Fault {
        if let Some(error) = self.fault.take() {
            let shown = self.shown.display();
            return Fault::Read(format!("Failed to copy {shown} data to archive: {}", words_and_advice(&error)));
        }
        if self.cancel.is_stopping() { Fault::Cancelled } else { Fault::Write(error) }
    }
}

/// A tar archive. Entries have the files' last names only, as in Packer.
pub(super) fn tar(inputs: &Inputs<'_>, output: Encoder) -> Result<(), Fault> {
    let mut archive = tar::Builder::new(output);
    for file in inputs.files {
        let mut input = inputs.open(file)?;
        let mut header = tar::Header::new_gnu();
        header.set_metadata(&input.meta);
        let name = file.file_name().unwrap_or(file.as_os_str());
        let appended = archive.append_data(&mut header, name, BufReader::with_capacity(CHUNK, &mut input.reader));
        appended.map_err(|error| input.blame(error))?;
    }
    archive.into_inner().and_then(Encoder::finish).map_err(Fault::Write)
}

/// A zip archive. Entries have the files' paths as they were given.
pub(super) fn zip(inputs: &Inputs<'_>, level: Option<u32>, output: Output) -> Result<(), Fault> {
    let mut archive = ZipWriter::new(BufWriter::new(output));
    for file in inputs.files {
        let mut input = inputs.open(file)?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(level.map(i64::from))
            .large_file(input.meta.len() >= u64::from(u32::MAX));
        let name = file.to_string_lossy().replace('\\', "/");
        archive.start_file(name, options).map_err(|error| Fault::Write(error.into()))?;
        input.copy(&mut archive)?;
    }
    let mut output = archive.finish().map_err(|error| Fault::Write(error.into()))?;
    output.flush().map_err(Fault::Write)
}

/// The only file, without an archive around it.
pub(super) fn single(inputs: &Inputs<'_>, file: &Path, mut output: Encoder) -> Result<(), Fault> {
    let mut input = inputs.open(file)?;
    input.copy(&mut output)?;
    output.finish().map_err(Fault::Write)
}

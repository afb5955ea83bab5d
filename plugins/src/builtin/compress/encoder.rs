//! The encoder between an archive and the file.

use std::io::{self, BufWriter, Write};

use bzip2::write::BzEncoder;
use flate2::Compression;
use lzma_rust2::{XzOptions, XzWriter};

use super::blocks::{Bgzf, BlockWriter, Gzip, Lz4};
use super::format::Algorithm;
use super::output::Output;

/// Level of deflate and bzip2 when the author gives none.
const DEFAULT_LEVEL: u32 = 6;

/// Compresses what is written to it.
pub(super) enum Encoder {
    Plain(BufWriter<Output>),
    Gzip(BlockWriter<Gzip, Output>),
    Bgzf(BlockWriter<Bgzf, Output>),
    Lz4(BlockWriter<Lz4, Output>),
    Xz(Box<XzWriter<BufWriter<Output>>>),
    Bzip2(BzEncoder<BufWriter<Output>>),
}

impl Encoder {
    /// An encoder at `level`, 1 to 9.
    pub(super) fn new(algorithm: Option<Algorithm>, level: Option<u32>, output: Output) -> io::Result<Self> {
        let level = level.unwrap_or(DEFAULT_LEVEL);
        Ok(match algorithm {
            None => Self::Plain(BufWriter::new(output)),
            Some(Algorithm::Pgzip) => Self::Gzip(BlockWriter::new(Gzip(Compression::new(level)), output)),
            Some(Algorithm::Bgzf) => Self::Bgzf(BlockWriter::new(Bgzf(Compression::new(level)), output)),
            Some(Algorithm::Lz4) => Self::Lz4(BlockWriter::new(Lz4, output)),
            Some(Algorithm::Xz) => {
                Self::Xz(Box::new(XzWriter::new(BufWriter::new(output), XzOptions::with_preset(level))?))
            }
            Some(Algorithm::Bzip2) => {
                Self::Bzip2(BzEncoder::new(BufWriter::new(output), bzip2::Compression::new(level)))
            }
        })
    }

    /// Writes everything to the file.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut output) => output.flush(),
            Self::Gzip(blocks) => blocks.finish()?.flush(),
            Self::Bgzf(blocks) => blocks.finish()?.flush(),
            Self::Lz4(blocks) => blocks.finish()?.flush(),
            Self::Xz(xz) => xz.finish()?.flush(),
            Self::Bzip2(bzip2) => bzip2.finish()?.flush(),
        }
    }

    fn inner(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(output) => output,
            Self::Gzip(blocks) => blocks,
            Self::Bgzf(blocks) => blocks,
            Self::Lz4(blocks) => blocks,
            Self::Xz(xz) => xz,
            Self::Bzip2(bzip2) => bzip2,
        }
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }
}

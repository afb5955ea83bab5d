//! Formats whose blocks can be compressed side by side: gzip, bgzf and lz4. Blocks are compressed on the work-stealing
//! pool, a batch at a time, and written in order.

use std::io::{self, Write};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use rayon::prelude::*;

/// A format made of blocks.
pub(super) trait BlockFormat: Send + Sync {
    /// What can be used again from block to block.
    type Scratch: Send;

    /// How much input one block holds.
    const BLOCK: usize;

    /// Whether the stream needs a block even when there is nothing in it.
    const NEEDS_LAST: bool;

    fn scratch(&self) -> Self::Scratch;

    /// The bytes before the first block.
    fn start(&self) -> io::Result<Vec<u8>>;

    /// One compressed block, and the checksum of its input.
    fn block(&self, scratch: &mut Self::Scratch, input: &[u8], last: bool) -> io::Result<(Vec<u8>, Crc)>;

    /// The bytes after the last block.
    fn end(&self, checksum: &Crc) -> io::Result<Vec<u8>>;
}

/// Compresses what is written to it, block by block.
pub(super) struct BlockWriter<F: BlockFormat, W: Write> {
    format: F,
    inner: W,
    pending: Vec<u8>,
    batch: usize,
    checksum: Crc,
    started: bool,
}

impl<F: BlockFormat, W: Write> BlockWriter<F, W> {
    pub(super) fn new(format: F, inner: W) -> Self {
        // Enough for all processors, and for small blocks to be worth the hand-over.
        let batch = (rayon::current_num_threads() * F::BLOCK).max(1 << 20).next_multiple_of(F::BLOCK);
        Self { format, inner, pending: Vec::new(), batch, checksum: Crc::new(), started: false }
    }

    /// Writes the rest and gives the inner writer back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_batch(true)?;
        let end = self.format.end(&self.checksum)?;
        self.inner.write_all(&end)?;
        Ok(self.inner)
    }

    fn write_batch(&mut self, last: bool) -> io::Result<()> {
        if !std::mem::replace(&mut self.started, true) {
            let start = self.format.start()?;
            self.inner.write_all(&start)?;
        }
        let n_blocks = self.pending.len().div_ceil(F::BLOCK);
        let format = &self.format;
        let mut blocks: Vec<io::Result<(Vec<u8>, Crc)>> = self
            .pending
            .par_chunks(F::BLOCK)
            .enumerate()
            .map_init(
                || format.scratch(),
                |scratch, (index, input)| format.block(scratch, input, last && index + 1 == n_blocks),
            )
            .collect();
        if last && n_blocks == 0 && F::NEEDS_LAST {
            blocks.push(format.block(&mut format.scratch(), &[], true));
        }
        for block in blocks {
            let (bytes, checksum) = block?;
            self.checksum.combine(&checksum);
            self.inner.write_all(&bytes)?;
        }
        self.pending.clear();
        Ok(())
    }
}

impl<F: BlockFormat, W: Write> Write for BlockWriter<F, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full batch is written when more follows, so that the last block is known to be the last.
        if self.pending.len() == self.batch {
            self.write_batch(false)?;
        }
        let n = bytes.len().min(self.batch - self.pending.len());
        self.pending.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Deflates `input` behind what `output` holds.
fn deflate(scratch: &mut Compress, input: &[u8], last: bool, output: &mut Vec<u8>) -> io::Result<()> {
    scratch.reset();
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    loop {
        let used = usize::try_from(scratch.total_in()).map_err(io::Error::other)?;
        output.reserve(input.len() / 2 + 1024);
        let status = scratch.compress_vec(&input[used..], output, flush).map_err(io::Error::other)?;
        let done = match status {
            Status::StreamEnd => true,
            // Flushed once it leaves room for more.
            _ => !last && scratch.total_in() == input.len() as u64 && output.len() < output.capacity(),
        };
        if done {
            return Ok(());
        }
    }
}

fn checksum(input: &[u8]) -> Crc {
    let mut checksum = Crc::new();
    checksum.update(input);
    checksum
}

/// One gzip member. Blocks end on byte boundaries, so that they can follow each other.
pub(super) struct Gzip(pub(super) Compression);

impl BlockFormat for Gzip {
    type Scratch = Compress;

    const BLOCK: usize = 1 << 20;
    const NEEDS_LAST: bool = true;

    fn scratch(&self) -> Compress {
        Compress::new(self.0, false)
    }

    fn start(&self) -> io::Result<Vec<u8>> {
        let effort = match self.0.level() {
            9 => 2,
            1 => 4,
            _ => 0,
        };
        // No name, no time, an unknown system: the same input gives the same file.
        Ok(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, effort, 255])
    }

    fn block(&self, scratch: &mut Compress, input: &[u8], last: bool) -> io::Result<(Vec<u8>, Crc)> {
        let mut output = Vec::new();
        deflate(scratch, input, last, &mut output)?;
        Ok((output, checksum(input)))
    }

    fn end(&self, checksum: &Crc) -> io::Result<Vec<u8>> {
        Ok([checksum.sum().to_le_bytes(), checksum.amount().to_le_bytes()].concat())
    }
}

/// Blocked gzip: every block a gzip member that tells its own size (SAM specification, section 4.1).
pub(super) struct Bgzf(pub(super) Compression);

impl BlockFormat for Bgzf {
    type Scratch = Compress;

    /// Leaves room in 64 KiB for input that does not compress.
    const BLOCK: usize = 0xff00;
    const NEEDS_LAST: bool = false;

    fn scratch(&self) -> Compress {
        Compress::new(self.0, false)
    }

    fn start(&self) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn block(&self, scratch: &mut Compress, input: &[u8], _: bool) -> io::Result<(Vec<u8>, Crc)> {
        let mut output = vec![0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, b'B', b'C', 2, 0, 0, 0];
        deflate(scratch, input, true, &mut output)?;
        let checksum = checksum(input);
        output.extend(checksum.sum().to_le_bytes());
        output.extend(checksum.amount().to_le_bytes());
        let size = u16::try_from(output.len() - 1).map_err(io::Error::other)?;
        output[16..18].copy_from_slice(&size.to_le_bytes());
        Ok((output, checksum))
    }

    /// The empty block that marks a complete file.
    fn end(&self, _: &Crc) -> io::Result<Vec<u8>> {
        self.block(&mut self.scratch(), &[], true).map(|(block, _)| block)
    }
}

/// One lz4 frame of independent blocks, each with its checksum.
pub(super) struct Lz4;

impl Lz4 {
    /// Magic number, flags, block size, header checksum.
    const HEADER: usize = 7;
    /// The end mark: a block of size zero.
    const END: usize = 4;

    fn frame(input: &[u8]) -> io::Result<Vec<u8>> {
        let info =
            FrameInfo::new().block_size(BlockSize::Max4MB).block_mode(BlockMode::Independent).block_checksums(true);
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(input)?;
        encoder.finish().map_err(io::Error::other)
    }
}

impl BlockFormat for Lz4 {
    type Scratch = ();

    const BLOCK: usize = 4 << 20;
    const NEEDS_LAST: bool = false;

    fn scratch(&self) {}

    fn start(&self) -> io::Result<Vec<u8>> {
        let mut frame = Self::frame(&[])?;
        frame.truncate(Self::HEADER);
        Ok(frame)
    }

    fn block(&self, (): &mut (), input: &[u8], _: bool) -> io::Result<(Vec<u8>, Crc)> {
        let mut frame = Self::frame(input)?;
        frame.truncate(frame.len() - Self::END);
        Ok((frame.split_off(Self::HEADER), Crc::new()))
    }

    fn end(&self, _: &Crc) -> io::Result<Vec<u8>> {
        Ok(vec![0; Self::END])
    }
}

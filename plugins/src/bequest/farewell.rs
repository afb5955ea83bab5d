//! Asks a component to cancel, in place of who asked it to work.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::bequest::frames::{ACK, Frame, Frames, Kind, MAIN, RST, SYN};
use crate::bequest::mentions::holds;
use crate::wire::client::request;

/// No other call of a component has that number.
const SEQ: u64 = 1 << 40;
/// Streams up to this number are reset unseen; later ones when something comes over them.
const STREAMS: u32 = 512;
/// How long to wait for something to be read before looking at the time.
const TICK: Duration = Duration::from_millis(200);

/// How long a component may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// To say that it heard.
    pub(crate) hearing: Duration,
    /// To come to its end.
    pub(crate) ending: Duration,
}

/// Has the component at the other end of `line` cancel `work`, such as `Builder.Run`, and waits for the end of that. The
/// connection must be in use by nobody else any more. Whether the work ended.
pub(crate) fn cancel(line: UnixStream, work: &str, patience: Patience) -> bool {
    converse(line, work, patience).unwrap_or_else(|error| {
        tracing::debug!("a plugin could not be told to cancel: {error}");
        false
    })
}

fn converse(mut line: UnixStream, work: &str, patience: Patience) -> io::Result<bool> {
    let began = Instant::now();
    // What a client of an event loop made of it.
    line.set_nonblocking(false)?;
    line.set_read_timeout(Some(TICK))?;
    line.set_write_timeout(Some(patience.hearing))?;
    let cancel = format!("{}.Cancel", work.split('.').next().unwrap_or_default());
    line.write_all(&call(&cancel)?)?;
    let (mut frames, mut heard) = (Frames::default(), false);
    // Not before it knows that it is cancelled: what fails until then it may take for done, and go on.
    let mut resets: Vec<Frame> = (MAIN + 1..=STREAMS).map(Frame::reset).collect();
    let (mut said, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        match line.read(&mut chunk) {
            // It is gone, or about to.
            Ok(0) => return Ok(heard),
            Ok(length) => frames.push(&chunk[..length]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        while let Some((frame, body)) = frames.next() {
            if frame.stream == MAIN {
                said.extend(body);
            }
            match answer(frame) {
                Some(answer) if answer.kind == Kind::Ping => line.write_all(&answer.bytes())?,
                answer => resets.extend(answer),
            }
        }
        heard |= holds(&said, &cancel);
        if heard {
            line.write_all(&resets.drain(..).flat_map(Frame::bytes).collect::<Vec<u8>>())?;
        }
        if holds(&said, work) {
            return Ok(true);
        }
        let limit = if heard { patience.ending } else { patience.hearing };
        if began.elapsed() > limit {
            return Ok(false);
        }
    }
}

/// The call, as a frame.
fn call(method: &str) -> io::Result<Vec<u8>> {
    let request = request(method, SEQ).map_err(io::Error::other)?;
    let length = u32::try_from(request.len()).map_err(io::Error::other)?;
    let data = Frame { kind: Kind::Data, flags: 0, stream: MAIN, length };
    Ok([&data.bytes(), request.as_slice()].concat())
}

/// What is to be said to a frame, if anything.
fn answer(frame: Frame) -> Option<Frame> {
    match frame.kind {
        Kind::Ping if frame.flags & SYN != 0 => Some(Frame { flags: ACK, ..frame }),
        // Nobody will answer there.
        Kind::Data if frame.stream != MAIN => Some(Frame::reset(frame.stream)),
        Kind::Window if frame.stream != MAIN && frame.flags & SYN != 0 && frame.flags & RST == 0 => {
            Some(Frame::reset(frame.stream))
        }
        _ => None,
    }
}

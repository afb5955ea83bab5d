//! Downloads: the machine is told to go on ahead of time, so that many small files are no many round trips.

use std::path::{Path, PathBuf};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::line::{Line, word};
use super::replies::Replies;
use crate::component::{ComponentError, Sink};
use crate::io_fault::words_and_advice;
use crate::ssh::channel::{Incoming, Session, Writer};
use crate::ssh::pool::Pool;
use crate::ssh::tree::Exclusion;

/// Longer than any line of the protocol that is honest.
const LONGEST_LINE: usize = 64 * 1024;

/// So many steps are allowed before the machine asks.
const AHEAD: usize = 64;

/// Writes the machine's file `path` to `content`.
///
/// # Errors
///
/// It cannot be read or written, or the connection is lost.
pub(in crate::ssh) async fn download(pool: &Pool, path: &str, content: &mut Sink<'_>) -> Result<(), ComponentError> {
    let mut giver = Giver::start(pool, &format!("scp -vf {}", quoted(path))).await?;
    loop {
        match giver.line().await? {
            Some(Line::File { size, .. }) => {
                giver.content(size, content, path).await?;
                content.flush().await.map_err(|error| unwritten(path, &error))?;
                return giver.end().await;
            }
            Some(Line::Times) => {}
            Some(Line::Enter { .. } | Line::Leave) => {
                return Err(ComponentError::new(format!("{path} is a folder on the machine; name a file")));
            }
            None => return Err(giver.ended_early()),
        }
    }
}

/// Copies the machine's folder `from` into the local folder `to`, by its name. A pattern copies everything it matches.
///
/// # Errors
///
/// Something cannot be read or written, or the connection is lost.
pub(in crate::ssh) async fn download_dir(
    pool: &Pool,
    from: &str,
    to: &Path,
    exclude: &[String],
) -> Result<(), ComponentError> {
    let mut giver = Giver::start(pool, &format!("scp -vrf {}", word(from))).await?;
    let exclusion = Exclusion::of(exclude);
    // Where we are, from the folder that is copied on.
    let mut inside = PathBuf::new();
    let mut depth = 0_usize;
    let mut any = false;
    while let Some(line) = giver.line().await? {
        any = true;
        match line {
            Line::Enter { name, .. } => {
                inside.push(name);
                depth += 1;
                if !exclusion.covers(&inside) {
                    make_folder(&to.join(&inside)).await?;
                }
            }
            Line::Leave if depth == 0 => return giver.end().await,
            Line::Leave => {
                inside.pop();
                depth -= 1;
            }
            Line::File { mode, size, name } => {
                let relative = inside.join(name);
                if exclusion.covers(&relative) {
                    giver.content(size, &mut tokio::io::sink(), from).await?;
                } else {
                    save(&mut giver, &to.join(&relative), mode, size).await?;
                }
            }
            Line::Times => {}
        }
    }
    if any { giver.end().await } else { Err(giver.ended_early()) }
}

async fn make_folder(path: &Path) -> Result<(), ComponentError> {
    tokio::fs::create_dir_all(path).await.map_err(|error| unwritten(&path.display().to_string(), &error))
}

async fn save(giver: &mut Giver, path: &Path, mode: u32, size: u64) -> Result<(), ComponentError> {
    let shown = path.display().to_string();
    if let Some(folder) = path.parent() {
        make_folder(folder).await?;
    }
    let file = tokio::fs::File::create(path).await.map_err(|error| unwritten(&shown, &error))?;
    let mut file = tokio::io::BufWriter::with_capacity(256 * 1024, file);
    giver.content(size, &mut file, &shown).await?;
    file.flush().await.map_err(|error| unwritten(&shown, &error))?;
    set_mode(path, mode).await.map_err(|error| unwritten(&shown, &error))
}

#[cfg(unix)]
async fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    tokio::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o777)).await
}

#[cfg(not(unix))]
async fn set_mode(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

fn unwritten(path: &str, error: &std::io::Error) -> ComponentError {
    ComponentError::new(format!("cannot write {path}: {}", words_and_advice(error)))
}

/// A path with blanks in the quotes that shells of every system know.
fn quoted(path: &str) -> String {
    if path.contains(' ') { planner::value::quote(path).to_string() } else { word(path) }
}

/// The machine's side of a download.
struct Giver {
    session: Session,
    /// How many more steps are allowed.
    allowed: UnboundedSender<usize>,
    replies: Replies,
    /// What has come and was not looked at.
    pending: BytesMut,
}

impl Giver {
    async fn start(pool: &Pool, line: &str) -> Result<Self, ComponentError> {
        let session = pool.session().await?;
        session.program(line).await?;
        let writer = session.writer();
        let (allowed, steps) = unbounded_channel();
        // Whoever waits until something is written does not read meanwhile, and then nothing moves at all.
        tokio::spawn(allow(writer, steps));
        let giver = Self { session, allowed, replies: Replies::default(), pending: BytesMut::new() };
        giver.allow(AHEAD);
        Ok(giver)
    }

    /// Waits for more; false when there is no more.
    async fn more(&mut self) -> bool {
        loop {
            match self.session.next().await {
                Incoming::Out(bytes) => {
                    self.pending.extend_from_slice(&bytes);
                    return true;
                }
                Incoming::Closed => return false,
                other => self.replies.note(other),
            }
        }
    }

    /// The next line; none at the end.
    async fn line(&mut self) -> Result<Option<Line>, ComponentError> {
        loop {
            if let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
                let line = self.pending.split_to(end + 1);
                let text = String::from_utf8_lossy(&line[..end]);
                if let Some(complaint) = text.strip_prefix(['\u{1}', '\u{2}']) {
                    return Err(ComponentError::new(complaint.trim().to_owned()));
                }
                self.allow(1);
                return Line::parse(&text).map(Some).map_err(ComponentError::new);
            }
            if self.pending.len() > LONGEST_LINE {
                return Err(ComponentError::new("what answers on the machine is not scp"));
            }
            if !self.more().await {
                return Ok(None);
            }
        }
    }

    /// So many more steps are allowed.
    fn allow(&self, n_steps: usize) {
        // Whoever has given everything needs no more.
        let _ = self.allowed.send(n_steps);
    }

    /// Passes on the content of a file, and takes the byte that ends it.
    async fn content(
        &mut self,
        size: u64,
        to: &mut (impl AsyncWrite + Send + Unpin + ?Sized),
        what: &str,
    ) -> Result<(), ComponentError> {
        let mut left = size;
        while left > 0 {
            if self.pending.is_empty() && !self.more().await {
                return Err(self.ended_early());
            }
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(self.pending.len());
            to.write_all(&self.pending[..taken]).await.map_err(|error| unwritten(what, &error))?;
            self.pending.advance(taken);
            left -= taken as u64;
        }
        while self.pending.is_empty() {
            if !self.more().await {
                return Err(self.ended_early());
            }
        }
        match self.pending.get_u8() {
            0 => {
                self.allow(1);
                Ok(())
            }
            // The machine could not read the file to its end.
            _ => match self.line().await {
                Err(error) => Err(error),
                Ok(_) => Err(ComponentError::new(format!("{what} could not be read to its end on the machine"))),
            },
        }
    }

    /// Waits until `scp` has ended well.
    async fn end(self) -> Result<(), ComponentError> {
        let Self { mut session, allowed, mut replies, .. } = self;
        drop(allowed);
        replies.until_closed(&mut session).await
    }

    fn ended_early(&self) -> ComponentError {
        self.replies
            .end()
            .err()
            .unwrap_or_else(|| ComponentError::new("scp on the machine ended without sending anything"))
    }
}

/// Tells the machine to go on as often as it may.
async fn allow(writer: Writer, mut steps: UnboundedReceiver<usize>) {
    while let Some(n_steps) = steps.recv().await {
        if writer.write(Bytes::from(vec![0; n_steps])).await.is_err() {
            return;
        }
    }
    writer.finish().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_quoted() {
        assert_eq!(quoted("/tmp/a b"), "\"/tmp/a b\"");
        assert_eq!(quoted("~/a*"), "~/a*");
    }
}

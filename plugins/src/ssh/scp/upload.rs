//! Uploads: everything is sent at once, and the machine's answers are listened to beside.

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::line::{enter, file, word};
use super::replies::Replies;
use super::sized::sized;
use crate::component::{ComponentError, FileInfo, Source};
use crate::ssh::channel::Writer;
use crate::ssh::pool::Pool;
use crate::ssh::tree::{Entry, Walk};

/// As much is read at a time.
const CHUNK: usize = 256 * 1024;

/// Writes `content` to the file `path` of the machine.
///
/// # Errors
///
/// It cannot be read or written, or the connection is lost.
pub(in crate::ssh) async fn upload(
    pool: &Pool,
    path: &str,
    content: &mut Source<'_>,
    info: Option<&FileInfo>,
) -> Result<(), ComponentError> {
    let mut sized = sized(content, info, &pool.settings().temporary_dir).await?;
    let (folder, name) = split(path);
    // What is known is kept, whatever the machine's mask says. The folder has to be one: otherwise it would be the file.
    let keep = if info.is_some() { "p" } else { "" };
    send(pool, &format!("scp -v{keep}dt {}", word(folder)), async |writer| {
        writer.write(Bytes::from(file(sized.mode, sized.size, name))).await?;
        send_content(writer, sized.size, &mut sized.content, path).await
    })
    .await
}

/// Copies the local folder `from` into the machine's folder `to`.
///
/// # Errors
///
/// Something cannot be read or written, or the connection is lost.
pub(in crate::ssh) async fn upload_dir(
    pool: &Pool,
    to: &str,
    from: &str,
    exclude: &[String],
) -> Result<(), ComponentError> {
    let mut walk = Walk::of(from, exclude).await?;
    send(pool, &format!("scp -rvpt {}", word(to)), async |writer| {
        while let Some(entry) = walk.next().await? {
            match entry {
                Entry::Enter { mode, name, .. } => writer.write(Bytes::from(enter(mode, &name))).await?,
                Entry::Leave => writer.write(Bytes::from_static(b"E\n")).await?,
                Entry::File { mode, size, name, path, .. } => {
                    let mut content = Walk::open(&path).await?;
                    writer.write(Bytes::from(file(mode, size, &name))).await?;
                    send_content(writer, size, &mut content, &path.display().to_string()).await?;
                }
            }
        }
        Ok(())
    })
    .await
}

/// Starts `scp` and sends it what `work` writes, unless it complains first.
async fn send(
    pool: &Pool,
    line: &str,
    work: impl AsyncFnOnce(&Writer) -> Result<(), ComponentError>,
) -> Result<(), ComponentError> {
    let mut session = pool.session().await?;
    session.program(line).await?;
    let writer = session.writer();
    let mut replies = Replies::default();
    let sent = async {
        work(&writer).await?;
        writer.finish().await;
        Ok::<(), ComponentError>(())
    };
    tokio::select! {
        biased;
        // The other side ended before it had everything: that is the reason for whatever else goes wrong.
        ended = replies.until_closed(&mut session) => return ended.and_then(|()| {
            Err(ComponentError::new("scp on the machine ended before it had everything"))
        }),
        sent = sent => sent?,
    }
    replies.until_closed(&mut session).await
}

async fn send_content(
    writer: &Writer,
    size: u64,
    content: &mut (impl AsyncRead + Send + Unpin),
    what: &str,
) -> Result<(), ComponentError> {
    let mut left = size;
    let mut buffer = BytesMut::new();
    let mut content = content.take(size);
    while left > 0 {
        buffer.reserve(CHUNK);
        let n_read = content.read_buf(&mut buffer).await;
        match n_read.map_err(|error| ComponentError::new(format!("cannot read {what}: {error}")))? {
            0 => return Err(ComponentError::new(format!("{what} has become shorter while it was uploaded"))),
            n_read => left -= n_read as u64,
        }
        writer.write(buffer.split().freeze()).await?;
    }
    writer.write(Bytes::from_static(b"\0")).await
}

/// The folder and the name of a path on the machine.
fn split(path: &str) -> (&str, &str) {
    let path = path.trim_end_matches('/');
    match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
        None => (".", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_as_go_does() {
        let rows = [
            ("/tmp/a b", ("/tmp", "a b")),
            ("a", (".", "a")),
            ("/a", ("/", "a")),
            ("d/e/", ("d", "e")),
            ("C:/Windows/x.ps1", ("C:/Windows", "x.ps1")),
        ];
        for (path, expected) in rows {
            assert_eq!(split(path), expected, "{path}");
        }
    }
}

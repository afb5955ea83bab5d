//! Files from the machine, a piece at a time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::component::Sink;
use crate::io_fault::os_words;
use crate::winrm::fault::Fault;
use crate::winrm::script_run::Ends;

/// No line of the script is longer.
const MAX_LINE: u64 = 128 << 10;

/// Writes what the script sends to `content`.
pub(super) async fn take_file(ends: Ends, content: &mut Sink<'_>) -> Result<(), Fault> {
    let Ends { output, movement, .. } = ends;
    let failed = |error: std::io::Error| Fault::Local(format!("writing what was downloaded: {}", os_words(&error)));
    let mut output = BufReader::new(output);
    let (mut line, mut total, mut announced) = (Vec::new(), 0_u64, None);
    loop {
        line.clear();
        let read = (&mut output).take(MAX_LINE).read_until(b'\n', &mut line).await;
        if read.map_err(|error| Fault::Lost(error.to_string()))? == 0 {
            break;
        }
        movement.note();
        let text = line.trim_ascii();
        if let Some(count) = text.strip_prefix(b"bytes: ") {
            announced = std::str::from_utf8(count).ok().and_then(|count| count.parse().ok());
            continue;
        }
        let bytes =
            STANDARD.decode(text).map_err(|_| Fault::Nonsense("the file's content is not base64".to_owned()))?;
        total += bytes.len() as u64;
        content.write_all(&bytes).await.map_err(failed)?;
    }
    content.flush().await.map_err(failed)?;
    if announced == Some(total) {
        return Ok(());
    }
    Err(Fault::Nonsense("the file's content is cut off".to_owned()))
}

//! Cutting a process's output into lines, with bounded memory.

/// Output without a line end is passed on in pieces of this many bytes, so that endless lines cannot fill memory.
const LONGEST: usize = 64 * 1024;

/// Collects bytes, gives lines.
#[derive(Debug, Default)]
pub struct LineSplitter {
    pending: Vec<u8>,
}

impl LineSplitter {
    /// Takes more output and emits the lines that it completes. Bytes that are not UTF-8 become replacement characters.
    pub fn feed(&mut self, mut bytes: &[u8], emit: &mut dyn FnMut(&str)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.hold(line, emit);
            self.emit_line(emit);
            bytes = &rest[1..];
        }
        self.hold(bytes, emit);
    }

    /// Emits the last line when it has no end.
    pub fn finish(&mut self, emit: &mut dyn FnMut(&str)) {
        if !self.pending.is_empty() {
            self.emit_line(emit);
        }
    }

    fn hold(&mut self, mut bytes: &[u8], emit: &mut dyn FnMut(&str)) {
        while self.pending.len() + bytes.len() > LONGEST {
            let (fitting, rest) = bytes.split_at(LONGEST - self.pending.len());
            self.pending.extend_from_slice(fitting);
            bytes = rest;
            let cut = character_boundary(&self.pending);
            let after = self.pending.split_off(cut);
            emit(&String::from_utf8_lossy(&self.pending));
            self.pending = after;
        }
        self.pending.extend_from_slice(bytes);
    }

    fn emit_line(&mut self, emit: &mut dyn FnMut(&str)) {
        emit(shown(String::from_utf8_lossy(&self.pending).as_ref()));
        self.pending.clear();
        // One long line must not keep its memory for the rest of the run.
        self.pending.shrink_to(4096);
    }
}

/// What a terminal would show of a line: what follows the last carriage return, without trailing blanks.
fn shown(line: &str) -> &str {
    let line = line.trim_end();
    line.rfind('\r').map_or(line, |at| &line[at + 1..])
}

/// The length of `bytes` without a character that has only begun at its end.
fn character_boundary(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(4);
    let start = bytes[tail..].iter().rposition(|byte| byte & 0b1100_0000 != 0b1000_0000).map(|at| tail + at);
    match start {
        Some(start) if start > 0 => {
            let needed = match bytes[start] {
                0xf0..=0xf7 => 4,
                0xe0..=0xef => 3,
                0xc0..=0xdf => 2,
                _ => 1,
            };
            if start + needed > bytes.len() { start } else { bytes.len() }
        }
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut splitter = LineSplitter::default();
        for piece in pieces {
            splitter.feed(piece, &mut |line| lines.push(line.to_owned()));
        }
        splitter.finish(&mut |line| lines.push(line.to_owned()));
        lines
    }

    #[test]
    fn splits_and_cleans() {
        let rows: &[(&[&[u8]], &[&str])] = &[
            (&[b""], &[]),
            (&[b"one\ntwo\n"], &["one", "two"]),
            (&[b"on", b"e\ntw", b"o"], &["one", "two"]),
            (&[b"a\r\n\nb  \t\n"], &["a", "", "b"]),
            (&[b" 10%\r 50%\r100%\n"], &["100%"]),
            (&[b"\xff\xfe ok\n"], &["\u{fffd}\u{fffd} ok"]),
            (&[b"\xc3", b"\xa9\n"], &["\u{e9}"]),
        ];
        for (pieces, lines) in rows {
            assert_eq!(split(pieces), *lines);
        }
    }

    #[test]
    fn endless_lines_come_in_pieces_that_keep_characters_whole() {
        let text = "aé".repeat(70_000);
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(1_000).collect();
        let lines = split(&pieces);
        assert!(lines.len() >= 3 && lines.iter().all(|line| line.len() <= LONGEST));
        assert_eq!(lines.concat(), text);
    }
}

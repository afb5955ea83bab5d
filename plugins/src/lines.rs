//! Cutting a process's output into lines, with bounded memory.

use crate::scrubber::Scrubber;

/// Output without a line end is passed on in pieces of this many bytes, so that endless lines cannot fill memory.
const LONGEST: usize = 64 * 1024;

/// Collects bytes, gives lines.
#[derive(Debug, Default)]
pub struct LineSplitter {
    pending: Vec<u8>,
    /// What is not cut in two: nobody would know the halves for what they are.
    secrets: Scrubber,
    /// Of what waits, so much had to stay when a piece was cut off. A secret may be longer than pieces are.
    kept: usize,
}

impl LineSplitter {
    /// One that keeps `secrets` whole.
    pub fn new(secrets: Scrubber) -> Self {
        Self { secrets, ..Self::default() }
    }

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
        while self.pending.len() + bytes.len() > self.room() {
            let (fitting, rest) = bytes.split_at(self.room() - self.pending.len());
            self.pending.extend_from_slice(fitting);
            bytes = rest;
            let cut = character_boundary(&self.pending[..self.secrets.cut(&self.pending)]);
            let after = self.pending.split_off(cut);
            if cut > 0 {
                emit(&String::from_utf8_lossy(&self.pending));
            }
            self.pending = after;
            self.kept = self.pending.len();
        }
        self.pending.extend_from_slice(bytes);
    }

    /// How much may wait.
    fn room(&self) -> usize {
        if self.kept < LONGEST / 2 { LONGEST } else { LONGEST + self.kept }
    }

    fn emit_line(&mut self, emit: &mut dyn FnMut(&str)) {
        emit(shown(String::from_utf8_lossy(&self.pending).as_ref()));
        self.pending.clear();
        self.kept = 0;
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
        split_keeping(Scrubber::new(), pieces)
    }

    fn split_keeping(secrets: Scrubber, pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut splitter = LineSplitter::new(secrets);
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

    #[test]
    fn no_secret_lies_over_two_pieces() {
        let long = "secret ".repeat(LONGEST / 5);
        for secret in ["hunter2", "é", long.as_str()] {
            let secrets = Scrubber::new();
            secrets.hide(secret);
            let secret = secret.trim();
            for before in LONGEST - secret.len().min(LONGEST)..LONGEST + 2 {
                if secret.len() > 10 && before % 9_973 != 0 {
                    continue;
                }
                let text = format!("{}{secret}{}\n", "x".repeat(before), "y".repeat(2 * LONGEST));
                let pieces: Vec<&[u8]> = text.as_bytes().chunks(10_007).collect();
                let lines = split_keeping(secrets.clone(), &pieces);
                assert_eq!(lines.concat(), text.trim_end());
                assert_eq!(lines.iter().filter(|line| line.contains(secret)).count(), 1, "{before}");
                assert!(lines.len() >= 3 && lines.iter().all(|line| line.len() < 4 * LONGEST));
            }
        }
    }
}

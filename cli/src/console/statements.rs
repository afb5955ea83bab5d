//! Lines of a pipe or file, those of one expression put together.

use std::collections::VecDeque;
use std::io::BufRead;

use planner::syntax::{Standing, Unfinished};

/// Reads one statement after the other.
///
/// The reference takes each line for a statement, so a line that leaves a bracket open is an error there. Here it is
/// joined with those behind it up to the one that closes it. When none does, its lines are statements of their own
/// again: input that the reference accepts means the same here.
pub(super) struct Statements<R> {
    input: R,
    joins: bool,
    /// Lines that no longer join anything.
    alone: VecDeque<Vec<u8>>,
    /// A line that could not join those before it.
    again: Option<Vec<u8>>,
}

impl<R: BufRead> Statements<R> {
    /// Of `input`; without `joins` every line stands alone.
    pub(super) fn new(input: R, joins: bool) -> Self {
        Self { input, joins, alone: VecDeque::new(), again: None }
    }

    /// The next statement; none at the end of the input.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.alone.pop_front() {
            return Ok(Some(line));
        }
        let Some(first) = self.line()? else { return Ok(None) };
        let mut unfinished = Unfinished::default();
        if !self.joins || push(&mut unfinished, &first) != Standing::Open {
            return Ok(Some(first));
        }
        loop {
            let next = self.line()?;
            match next.as_deref().map_or(Standing::Broken, |line| push(&mut unfinished, line)) {
                Standing::Closed => {
                    self.alone.clear();
                    return Ok(Some(unfinished.into_text().into_bytes()));
                }
                Standing::Open => self.alone.extend(next),
                Standing::Broken => {
                    self.again = next;
                    return Ok(Some(first));
                }
            }
        }
    }

    /// A line without its end.
    fn line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.again.take() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        if self.input.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        for end in [b'\n', b'\r'] {
            line.pop_if(|last| *last == end);
        }
        Ok(Some(line))
    }
}

/// Bytes that are no text make no expression.
fn push(unfinished: &mut Unfinished, line: &[u8]) -> Standing {
    str::from_utf8(line).map_or(Standing::Broken, |line| unfinished.push_line(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &[u8], joins: bool, expected: &[&[u8]]) {
        let mut statements = Statements::new(input, joins);
        let mut found = Vec::new();
        while let Some(statement) = statements.next().unwrap() {
            found.push(statement);
        }
        assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(input));
    }

    #[test]
    fn lines_of_one_expression_are_joined() {
        let rows: [(&[u8], &[&[u8]]); 9] = [
            (b"", &[]),
            (b"a\r\n\nb", &[b"a", b"", b"b"]),
            (b"[1,\n2]\nc\n", &[b"[1,\n2]\n", b"c"]),
            (b"<<E\n  a\nE\nb", &[b"<<E\n  a\nE\n", b"b"]),
            // Nothing closes it.
            (b"[1,\n2\nc", &[b"[1,", b"2", b"c"]),
            // Something else is closed.
            (b"[1,\n2,\n}\nc", &[b"[1,", b"2,", b"}", b"c"]),
            (b"[1,\n) + [\n2]", &[b"[1,", b") + [", b"2]"]),
            (b"[\n\xff\n[\n]", &[b"[", b"\xff", b"[\n]\n"]),
            (b"\"a\n\"", &[b"\"a", b"\""]),
        ];
        for (input, expected) in rows {
            check(input, true, expected);
        }
        check(b"[1,\n2]", false, &[b"[1,", b"2]"]);
    }

    #[test]
    fn much_that_is_never_closed_takes_linear_time() {
        let lines = 20_000;
        let input = b"[[[\n".repeat(lines);
        let mut statements = Statements::new(&*input, true);
        let mut found = 0;
        while statements.next().unwrap().is_some() {
            found += 1;
        }
        assert_eq!(found, lines);
    }
}

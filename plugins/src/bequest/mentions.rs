//! Finds out from the bytes that pass over a connection when a plugin begins and ends the work that it must have the
//! chance to cancel: requests and answers name the method.

use crate::bequest::frames::{Frame, HEAD, Kind, MAIN};

/// Work of components that make things.
const WORK: [&str; 2] = ["Builder.Run", "PostProcessor.PostProcess"];
/// The field before the method's name, in requests as in answers.
const FIELD: &[u8] = b"ServiceMethod";
/// A short text of MessagePack, but for its length.
const TEXT: u8 = 0xa0;
/// No mention is longer.
const LONGEST: usize = FIELD.len() + 1 + 31;

/// What passes one way over a connection, from its first byte on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mentions {
    /// The beginning of a frame.
    head: Vec<u8>,
    /// What is still to come of the frame's body.
    body: usize,
    /// Whether that belongs to the component's own calls.
    is_main: bool,
    /// The last bytes of these calls.
    tail: Vec<u8>,
    /// These are no frames.
    is_lost: bool,
}

impl Mentions {
    /// Takes in what passes next. Gives the work that is mentioned in it, if any is.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Option<&'static str> {
        let mut found = None;
        self.follow(bytes, |this, body| found = found.or(this.pass_body(body)));
        found
    }

    /// Takes in what passes next where no mention matters.
    pub(crate) fn skip(&mut self, bytes: &[u8]) {
        self.tail.clear();
        self.follow(bytes, |_, _| ());
    }

    /// Calls `look` with what belongs to the component's own calls.
    fn follow(&mut self, mut bytes: &[u8], mut look: impl FnMut(&mut Self, &[u8])) {
        while !bytes.is_empty() && !self.is_lost {
            if self.body == 0 {
                bytes = self.pass_head(bytes);
                continue;
            }
            let (body, rest) = bytes.split_at(self.body.min(bytes.len()));
            self.body -= body.len();
            bytes = rest;
            if self.is_main {
                look(self, body);
            }
        }
    }

    fn pass_head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (head, rest) = bytes.split_at((HEAD - self.head.len()).min(bytes.len()));
        self.head.extend_from_slice(head);
        if let Some(head) = self.head.first_chunk::<HEAD>() {
            match Frame::parse(head) {
                Some(frame) => {
                    self.body = frame.body();
                    self.is_main = frame.kind == Kind::Data && frame.stream == MAIN;
                }
                None => self.is_lost = true,
            }
            self.head.clear();
        }
        rest
    }

    fn pass_body(&mut self, body: &[u8]) -> Option<&'static str> {
        self.tail.extend_from_slice(body);
        let found = WORK.into_iter().find(|work| mentioned(&self.tail).any(|name| name == work.as_bytes()));
        // What was found is not found again.
        let kept = if found.is_some() { 0 } else { LONGEST - 1 };
        self.tail.drain(..self.tail.len().saturating_sub(kept));
        found
    }
}

/// Whether a request for `method`, or the answer to one, is in what was said on the stream of the component's own calls.
pub(super) fn holds(said: &[u8], method: &str) -> bool {
    mentioned(said).any(|name| name == method.as_bytes())
}

/// The methods whose names are in what was said.
fn mentioned(said: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memmem::find_iter(said, FIELD).filter_map(|at| {
        let (head, rest) = said[at + FIELD.len()..].split_first()?;
        let length = head.checked_sub(TEXT).filter(|length| *length < 0x20)?;
        rest.get(..usize::from(length))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::client::request;

    fn data(stream: u32, body: &[u8]) -> Vec<u8> {
        let frame = Frame { kind: Kind::Data, flags: 0, stream, length: body.len() as u32 };
        [&frame.bytes(), body].concat()
    }

    fn call(method: &str) -> Vec<u8> {
        request(method, 1).unwrap()
    }

    #[test]
    fn names_count_where_calls_are_made() {
        let found = |bytes: &[u8]| Mentions::default().pass(bytes);
        assert_eq!(found(&data(MAIN, &call("Builder.Run"))), Some("Builder.Run"));
        assert_eq!(found(&data(MAIN, &call("PostProcessor.PostProcess"))), Some("PostProcessor.PostProcess"));
        assert_eq!(found(&data(MAIN, &call("Builder.Prepare"))), None);
        assert_eq!(found(&data(MAIN, b"a text on Builder.Run")), None);
        assert_eq!(found(&data(2, &call("Builder.Run"))), None);
        let mut mentions = Mentions::default();
        mentions.skip(&data(MAIN, &call("Builder.Run"))[..9]);
        mentions.skip(&data(MAIN, &call("Builder.Run"))[9..]);
        assert_eq!(mentions.pass(&data(MAIN, &call("Builder.Run"))), Some("Builder.Run"));
        assert_eq!(found(b"no frames, though ServiceMethod\xabBuilder.Run is said"), None);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_bytes_are_cut(
            before in proptest::collection::vec((1..4_u32, 0..200_usize), 0..6),
            split in 1..40_usize,
            step in 1..64_usize,
        ) {
            let call = call("Builder.Run");
            let mut bytes: Vec<u8> = before.iter().flat_map(|(stream, length)| data(*stream, &vec![7; *length])).collect();
            // One call in two frames, with another stream's between.
            let (one, other) = call.split_at(split.min(call.len()));
            bytes.extend([data(MAIN, one), data(3, b"between"), data(MAIN, other), data(MAIN, &[9; 50])].concat());
            let mut mentions = Mentions::default();
            let found: Vec<_> = bytes.chunks(step).filter_map(|chunk| mentions.pass(chunk)).collect();
            prop_assert_eq!(found, ["Builder.Run"]);
        }
    }
}

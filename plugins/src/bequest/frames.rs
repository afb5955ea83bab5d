//! Frames of yamux: twelve bytes each, and a body if they carry data. Version, type, flags (2 bytes), stream (4), length
//! (4), the highest byte first.

/// The stream on which the component itself answers: the first that our side opened.
pub(super) const MAIN: u32 = 1;
/// Bytes before the body.
pub(super) const HEAD: usize = 12;
/// No frame that a plugin sends has a longer body: that is all that it may send before we answer.
const LONGEST: u32 = 1 << 20;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Window,
    Ping,
    GoAway,
}

/// What it says beside that.
pub(super) const SYN: u16 = 1;
pub(super) const ACK: u16 = 2;
pub(super) const RST: u16 = 8;
const ALL_FLAGS: u16 = 15;

/// A frame without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) flags: u16,
    pub(super) stream: u32,
    /// Of the body; of other kinds what they say.
    pub(super) length: u32,
}

impl Frame {
    /// Reads the first bytes of a frame; none when they are not.
    pub(super) fn parse(head: &[u8; HEAD]) -> Option<Self> {
        let [version, kind, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3] = *head;
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::Window,
            2 => Kind::Ping,
            3 => Kind::GoAway,
            _ => return None,
        };
        let (flags, stream) = (u16::from_be_bytes([f0, f1]), u32::from_be_bytes([s0, s1, s2, s3]));
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let is_of_all = matches!(kind, Kind::Ping | Kind::GoAway);
        let makes_sense = version == 0
            && flags <= ALL_FLAGS
            && (stream == 0) == is_of_all
            && (kind != Kind::Data || length <= LONGEST);
        makes_sense.then_some(Self { kind, flags, stream, length })
    }

    /// How many bytes follow.
    pub(super) fn body(self) -> usize {
        if self.kind == Kind::Data { self.length as usize } else { 0 }
    }

    /// The first bytes of the frame.
    pub(super) fn bytes(self) -> [u8; HEAD] {
        let kind = match self.kind {
            Kind::Data => 0,
            Kind::Window => 1,
            Kind::Ping => 2,
            Kind::GoAway => 3,
        };
        let ([f0, f1], [s0, s1, s2, s3]) = (self.flags.to_be_bytes(), self.stream.to_be_bytes());
        let [l0, l1, l2, l3] = self.length.to_be_bytes();
        [0, kind, f0, f1, s0, s1, s2, s3, l0, l1, l2, l3]
    }

    /// Ends a stream at once.
    pub(super) fn reset(stream: u32) -> Self {
        Self { kind: Kind::Window, flags: RST, stream, length: 0 }
    }
}

/// Finds the frames in what is read, which may begin in the middle of one: whoever read before had taken its beginning.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    /// Takes in what was read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame with its body, once it is all there.
    pub(super) fn next(&mut self) -> Option<(Frame, Vec<u8>)> {
        loop {
            let head = self.bytes.first_chunk::<HEAD>()?;
            match Frame::parse(head) {
                Some(frame) if self.bytes.len() < HEAD + frame.body() => return None,
                Some(frame) => {
                    let body = self.bytes[HEAD..HEAD + frame.body()].to_vec();
                    self.bytes.drain(..HEAD + frame.body());
                    return Some((frame, body));
                }
                None => drop(self.bytes.remove(0)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_behind_the_rest_of_another() {
        let ping = Frame { kind: Kind::Ping, flags: SYN, stream: 0, length: 7 };
        let data = Frame { kind: Kind::Data, flags: 0, stream: 1, length: 5 };
        let mut frames = Frames::default();
        frames.push(b"half a frame of text");
        frames.push(&ping.bytes());
        frames.push(&data.bytes());
        frames.push(b"hel");
        assert_eq!(frames.next(), Some((ping, Vec::new())));
        assert_eq!(frames.next(), None);
        frames.push(b"lo");
        assert_eq!(frames.next(), Some((data, b"hello".to_vec())));
        assert_eq!(frames.next(), None);
    }

    #[test]
    fn bytes_are_those_of_the_protocol() {
        let reset = Frame::reset(0x0102);
        assert_eq!(reset.bytes(), [0, 1, 0, 8, 0, 0, 1, 2, 0, 0, 0, 0]);
        assert_eq!(Frame::parse(&reset.bytes()), Some(reset));
        for nonsense in [[1; HEAD], [0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1, 255, 0, 0, 0]] {
            assert_eq!(Frame::parse(&nonsense), None, "{nonsense:?}");
        }
    }
}

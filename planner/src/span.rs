//! A byte range in one file. Spans are kept to the end: every value error points at the smallest expression at fault.

/// Names one file of a [`crate::files::Files`] set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open byte range `start..end` in the text of one file. Offsets count from the start of the file as read,
/// a byte order mark included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range from the start of `self` to the end of `other`, which must lie in the same file.
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start, end: other.end.max(self.end) }
    }

    /// Whether `offset` lies inside, or directly at the end.
    pub fn contains(self, offset: u32) -> bool {
        (self.start..=self.end).contains(&offset)
    }
}

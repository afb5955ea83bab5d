//! Values of any type as they stand in an encoding, and why bytes are none.

/// A value. Texts and bytes are where they were: in the encoding.
#[derive(Clone, Debug, PartialEq)]
pub enum Gob<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number of a type with a sign.
    Int(i64),
    /// A whole number of a type without.
    Uint(u64),
    /// A number with a fraction.
    Float(f64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Text.
    String(&'a str),
    /// An array or slice.
    List(Vec<Gob<'a>>),
    /// A map, in the order of the encoding.
    Map(Vec<(Gob<'a>, Gob<'a>)>),
    /// A struct: its fields without those that are zero.
    Struct(Vec<(&'a str, Gob<'a>)>),
    /// A value of a type that encodes itself.
    Encoded(&'a [u8]),
    /// An interface without a value.
    Nil,
    /// The value in an interface, with the name that its type is registered under.
    Named(&'a str, Box<Gob<'a>>),
}

impl<'a> Gob<'a> {
    /// The field `name` of a struct, if it is not zero.
    pub fn field(&self, name: &str) -> Option<&Gob<'a>> {
        match self {
            Self::Struct(fields) => fields.iter().find(|(own, _)| *own == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a bool",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "a number",
            Self::Bytes(_) => "bytes",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Struct(_) => "a struct",
            Self::Encoded(_) => "a value with an encoding of its own",
            Self::Nil => "nothing",
            Self::Named(..) => "a value of any type",
        }
    }
}

/// Why bytes are no encoding of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GobFault {
    /// Something is missing at the end.
    #[error("the gob ends too early")]
    Ended,
    /// There is something else than can be at this place.
    #[error("{what} at byte {at} of the gob")]
    Corrupt {
        /// What is there.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// Values in values in values.
    #[error("the gob is nested too deeply")]
    TooDeep,
    /// Values beside values beside values.
    #[error("the gob has too many values")]
    TooMany,
    /// A type that no definition was sent for, or one that is not read here.
    #[error("the gob has a value of the type {0}, which is not defined")]
    UnknownType(i64),
}

//! The types of an encoding: those that all know, and those that it defines itself.

use std::collections::BTreeMap;

use crate::external::gob::model::Gob;

/// The type of definitions.
pub(super) const WIRE_TYPE: i64 = 16;
/// Types below are never defined by an encoding.
pub(super) const FIRST_OF_ITS_OWN: i64 = 64;

/// Types that have no parts.
pub(super) const BOOL: i64 = 1;
pub(super) const INT: i64 = 2;
pub(super) const UINT: i64 = 3;
pub(super) const FLOAT: i64 = 4;
pub(super) const BYTES: i64 = 5;
pub(super) const STRING: i64 = 6;
pub(super) const INTERFACE: i64 = 8;

/// What values of a type consist of; other types by their number.
#[derive(Clone, Debug)]
pub(super) enum Kind<'a> {
    Struct(Vec<(&'a str, i64)>),
    Array(i64, i64),
    Slice(i64),
    Map(i64, i64),
    Encoded,
}

/// The types that definitions are made of. Their numbers are part of the encoding.
pub(super) fn own<'a>() -> BTreeMap<i64, Kind<'a>> {
    let common = ("CommonType", 18);
    BTreeMap::from([
        (
            WIRE_TYPE,
            Kind::Struct(vec![
                ("ArrayT", 17),
                ("SliceT", 19),
                ("StructT", 20),
                ("MapT", 23),
                ("GobEncoderT", 24),
                ("BinaryMarshalerT", 24),
                ("TextMarshalerT", 24),
            ]),
        ),
        (17, Kind::Struct(vec![common, ("Elem", INT), ("Len", INT)])),
        (18, Kind::Struct(vec![("Name", STRING), ("Id", INT)])),
        (19, Kind::Struct(vec![common, ("Elem", INT)])),
        (20, Kind::Struct(vec![common, ("Field", 22)])),
        (21, Kind::Struct(vec![("Name", STRING), ("Id", INT)])),
        (22, Kind::Slice(21)),
        (23, Kind::Struct(vec![common, ("Key", INT), ("Elem", INT)])),
        (24, Kind::Struct(vec![common])),
    ])
}

/// What a definition says.
pub(super) fn read<'a>(definition: &Gob<'a>) -> Option<Kind<'a>> {
    let Gob::Struct(fields) = definition else { return None };
    let [(name, shape)] = fields.as_slice() else { return None };
    let number = |field: &str| match shape.field(field) {
        Some(Gob::Int(number)) => *number,
        _ => 0,
    };
    Some(match *name {
        "ArrayT" => Kind::Array(number("Elem"), number("Len")),
        "SliceT" => Kind::Slice(number("Elem")),
        "StructT" => Kind::Struct(fields_of(shape)?),
        "MapT" => Kind::Map(number("Key"), number("Elem")),
        _ => Kind::Encoded,
    })
}

fn fields_of<'a>(shape: &Gob<'a>) -> Option<Vec<(&'a str, i64)>> {
    let fields = match shape.field("Field") {
        Some(Gob::List(fields)) => fields.as_slice(),
        _ => &[],
    };
    let field = |field: &Gob<'a>| match (field.field("Name")?, field.field("Id")?) {
        (Gob::String(name), Gob::Int(ty)) => Some((*name, *ty)),
        _ => None,
    };
    fields.iter().map(field).collect()
}

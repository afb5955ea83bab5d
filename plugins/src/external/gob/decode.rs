//! Reads an encoding into what it holds.
//!
//! An encoding is a sequence of messages, each behind its length: definitions of types, then a value. When a value in an
//! interface is of a type that was not defined yet, its definition comes right there, and what was written of the value
//! around it becomes a message of its own. Read from front to back that is all the same: behind a definition comes a
//! length, then another definition or a value.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::external::gob::model::{Gob, GobFault};
use crate::external::gob::reader::Reader;
use crate::external::gob::types::{self, Kind};

/// Nesting beyond this is refused, so that no plugin can exhaust the stack.
const MAX_DEPTH: usize = 256;
/// More values than this are refused. Each can be as short as a byte, and takes much more room than that when it is read.
const MAX_VALUES: usize = 1 << 22;

/// The value in `bytes`, which hold one value.
///
/// # Errors
///
/// When they are something else.
pub fn decode(bytes: &[u8]) -> Result<Gob<'_>, GobFault> {
    let types = types::own().into_iter().map(|(number, kind)| (number, Rc::new(kind))).collect();
    let mut decoder = Decoder { reader: Reader::new(bytes), types, n_values: 0 };
    decoder.reader.uint()?;
    let ty = decoder.ty()?;
    let value = decoder.whole(ty, 0)?;
    match decoder.reader.remaining() {
        0 => Ok(value),
        _ => decoder.reader.corrupt("more than one value"),
    }
}

struct Decoder<'a> {
    reader: Reader<'a>,
    types: BTreeMap<i64, Rc<Kind<'a>>>,
    /// How many values were read so far, those within others included.
    n_values: usize,
}

impl<'a> Decoder<'a> {
    /// The type of the next value, behind the definitions before it.
    fn ty(&mut self) -> Result<i64, GobFault> {
        loop {
            let number = self.reader.int()?;
            if number >= 0 {
                return Ok(number);
            }
            let Some(number) = number.checked_neg().filter(|number| *number >= types::FIRST_OF_ITS_OWN) else {
                return self.reader.corrupt("a definition of a type that cannot be defined");
            };
            let definition = self.value(types::WIRE_TYPE, 0)?;
            let Some(kind) = types::read(&definition) else { return self.reader.corrupt("a definition of nothing") };
            if self.types.insert(number, Rc::new(kind)).is_some() {
                return self.reader.corrupt("a second definition of a type");
            }
            self.reader.uint()?;
        }
    }

    /// A value that is no part of another: all but structs stand behind a zero then.
    fn whole(&mut self, ty: i64, depth: usize) -> Result<Gob<'a>, GobFault> {
        let is_struct = self.types.get(&ty).is_some_and(|kind| matches!(**kind, Kind::Struct(_)));
        if !is_struct && self.reader.uint()? != 0 {
            return self.reader.corrupt("a field of a value that has none");
        }
        self.value(ty, depth)
    }

    fn value(&mut self, ty: i64, depth: usize) -> Result<Gob<'a>, GobFault> {
        if depth > MAX_DEPTH {
            return Err(GobFault::TooDeep);
        }
        self.n_values += 1;
        if self.n_values > MAX_VALUES {
            return Err(GobFault::TooMany);
        }
        Ok(match ty {
            types::BOOL => Gob::Bool(self.reader.uint()? != 0),
            types::INT => Gob::Int(self.reader.int()?),
            types::UINT => Gob::Uint(self.reader.uint()?),
            types::FLOAT => Gob::Float(self.reader.float()?),
            types::BYTES => Gob::Bytes(self.reader.bytes()?),
            types::STRING => Gob::String(self.reader.text()?),
            types::INTERFACE => return self.interface(depth + 1),
            _ => {
                let kind = Rc::clone(self.types.get(&ty).ok_or(GobFault::UnknownType(ty))?);
                return self.composed(&kind, depth + 1);
            }
        })
    }

    fn interface(&mut self, depth: usize) -> Result<Gob<'a>, GobFault> {
        let name = self.reader.text()?;
        if name.is_empty() {
            return Ok(Gob::Nil);
        }
        let ty = self.ty()?;
        self.reader.uint()?;
        Ok(Gob::Named(name, Box::new(self.whole(ty, depth)?)))
    }

    fn composed(&mut self, kind: &Kind<'a>, depth: usize) -> Result<Gob<'a>, GobFault> {
        match kind {
            Kind::Struct(fields) => self.fields(fields, depth),
            Kind::Array(element, len) => {
                let value = self.list(*element, depth)?;
                match &value {
                    Gob::List(items) if i64::try_from(items.len()) == Ok(*len) => Ok(value),
                    _ => self.reader.corrupt("an array of another length"),
                }
            }
            Kind::Slice(element) => self.list(*element, depth),
            Kind::Map(key, element) => {
                let count = self.reader.count()?;
                let entries = (0..count)
                    .map(|_| Ok((self.value(*key, depth)?, self.value(*element, depth)?)))
                    .collect::<Result<_, _>>();
                entries.map(Gob::Map)
            }
            Kind::Encoded => self.reader.bytes().map(Gob::Encoded),
        }
    }

    fn list(&mut self, element: i64, depth: usize) -> Result<Gob<'a>, GobFault> {
        let count = self.reader.count()?;
        (0..count).map(|_| self.value(element, depth)).collect::<Result<_, _>>().map(Gob::List)
    }

    /// The fields that are not zero, each behind how much further it stands than the one before.
    fn fields(&mut self, fields: &[(&'a str, i64)], depth: usize) -> Result<Gob<'a>, GobFault> {
        let (mut found, mut next) = (Vec::new(), 0_usize);
        loop {
            let step = self.reader.uint()?;
            if step == 0 {
                return Ok(Gob::Struct(found));
            }
            let at = usize::try_from(step - 1).ok().and_then(|step| next.checked_add(step));
            let Some((name, ty)) = at.and_then(|at| fields.get(at)) else {
                return self.reader.corrupt("a field that is not defined");
            };
            found.push((*name, self.value(*ty, depth)?));
            next = at.map_or(next, |at| at + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::external::gob::{spec, value};

    /// What Go writes for a struct with a field of each kind.
    const STRUCT: &str = "5e7f03010105506f696e7401ff8000010c010158010400010159010400010146010800010155010600010153010c0001\
        0142010a0001014c01ff820001014101ff840001014d01ff860001015001ff800001014901100001014a011000000016ff81020101085b5d\
        737472696e6701ff8200010c000017ff83010101075b325d626f6f6c01ff84000102010400001eff850401010e6d61705b737472696e675d\
        696e7401ff8600010c0104000061ff80010201fe025701fee03f01ffff0102c3a9010201020102016100010201000101016b0e0102020602\
        000000010a6d61696e2e506f696e74ff80090502696e0302000000010e5b5d696e74657266616365207b7dff87020102ff88000110000031\
        ff882d00040004626f6f6c0202000106737472696e670c030001780a6d61696e2e506f696e74ff80070104070200000000";
    /// What it writes for a string of cty in an attribute's specification.
    const ATTRIBUTE: &str = "1aff8b0401010a4f626a6563745370656301ff8c00010c011000004dff8c00010162102a68636c6465632e4174747253\
        706563ff8f03010108417474725370656301ff9000010301044e616d65010c0001045479706501ff92000108526571756972656401020000\
        0010ff91050101045479706501ff92000000ff92ff90ff8e01016201ff872aff9303010107676f625479706501ff94000102010756657273\
        696f6e0104000104496d706c011000000053ff94022b6769746875622e636f6d2f7a636c636f6e662f676f2d6374792f6374792e7072696d\
        697469766554797065ff950301010d7072696d69746976655479706501ff9600010101044b696e64010600000007ff96030153000000";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<char> = hex.chars().filter(|digit| !digit.is_whitespace()).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
    }

    #[test]
    fn values_of_each_kind_are_read() {
        let encoding = bytes(STRUCT);
        let point = |fields| Gob::Named("main.Point", Box::new(Gob::Struct(fields)));
        let elements = vec![
            Gob::Nil,
            Gob::Named("bool", Box::new(Gob::Bool(true))),
            Gob::Named("string", Box::new(Gob::String("x"))),
            point(vec![("X", Gob::Int(2)), ("A", Gob::List(vec![Gob::Bool(false), Gob::Bool(false)]))]),
        ];
        let inner = vec![("S", Gob::String("in")), ("A", Gob::List(vec![Gob::Bool(false), Gob::Bool(false)]))];
        let other = vec![("Y", Gob::Int(1)), ("A", Gob::List(vec![Gob::Bool(false), Gob::Bool(false)]))];
        let expected = Gob::Struct(vec![
            ("X", Gob::Int(1)),
            ("Y", Gob::Int(-300)),
            ("F", Gob::Float(0.5)),
            ("U", Gob::Uint(255)),
            ("S", Gob::String("é")),
            ("B", Gob::Bytes(&[1, 2])),
            ("L", Gob::List(vec![Gob::String("a"), Gob::String("")])),
            ("A", Gob::List(vec![Gob::Bool(true), Gob::Bool(false)])),
            ("M", Gob::Map(vec![(Gob::String("k"), Gob::Int(7))])),
            ("P", Gob::Struct(other)),
            ("I", point(inner)),
            ("J", Gob::Named("[]interface {}", Box::new(Gob::List(elements)))),
        ]);
        assert_eq!(decode(&encoding), Ok(expected));
        assert_eq!(decode(&bytes("0b0400f88000000000000000")), Ok(Gob::Int(1 << 62)));
    }

    #[test]
    fn what_is_no_encoding_is_refused() {
        for (encoding, expected) in [
            ("", "the gob ends too early"),
            ("0304", "the gob ends too early"),
            ("03040005ff", "more than one value at byte 4 of the gob"),
            ("03040105", "a field of a value that has none at byte 3 of the gob"),
            ("0304f6", "a number of too many bytes at byte 3 of the gob"),
            ("03ff8000", "the gob has a value of the type 64, which is not defined"),
            ("03ffc80000", "the gob has a value of the type 100, which is not defined"),
            ("031300", "a definition of a type that cannot be defined at byte 2 of the gob"),
            ("037f00", "a definition of nothing at byte 3 of the gob"),
            ("040c0001ff", "a string that is not UTF-8 at byte 5 of the gob"),
            // A slice of itself, defined and defined twice.
            ("0c7f020102ff800001ff80000004ff80000501", "the gob ends too early"),
            ("0c7f020102ff800001ff8000000c7f020102ff800001ff800000", "a second definition of a type"),
            // A struct without fields that has one.
            ("087f030102ff8000000004ff800200", "a field that is not defined"),
        ] {
            let fault = decode(&bytes(encoding)).map(|value| format!("{value:?}")).map_err(|fault| fault.to_string());
            assert!(fault.as_ref().is_err_and(|fault| fault.starts_with(expected)), "{encoding}: {fault:?}");
        }
    }

    #[test]
    fn values_have_an_end() {
        // A slice of bools, one byte each.
        let mut encoding = bytes("0b7f020102ff800001020000ff80 ff8000 fc01000000");
        encoding.extend(vec![1; 1 << 24]);
        assert_eq!(decode(&encoding), Err(GobFault::TooMany));
    }

    #[test]
    fn nesting_has_an_end() {
        // A slice of itself: each byte of the value is another level.
        let mut encoding = bytes("0c7f020102ff800001ff80000004ff8000");
        encoding.extend([1; 100_000]);
        assert_eq!(decode(&encoding), Err(GobFault::TooDeep));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn garbage_is_refused_or_read(garbage in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = (decode(&garbage), spec::schema(&garbage), value::from_gob(&garbage));
        }

        #[test]
        fn damage_is_refused_or_read(
            which in any::<bool>(),
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            end in any::<prop::sample::Index>(),
        ) {
            let mut encoding = bytes(if which { STRUCT } else { ATTRIBUTE });
            for (at, byte) in damage {
                let at = at.index(encoding.len());
                encoding[at] = byte;
            }
            let _ = (decode(&encoding), spec::schema(&encoding), spec::output(&encoding));
            encoding.truncate(end.index(encoding.len()));
            let _ = (decode(&encoding), spec::schema(&encoding), value::from_gob(&encoding));
        }
    }
}

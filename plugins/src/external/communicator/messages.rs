//! The arguments of a communicator's methods, under the names that Go gives them.

use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::component::FileInfo;

/// Of `Start`. A stream that is not wanted is 0.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Start {
    pub(super) command: String,
    pub(super) stdin_stream_id: u32,
    pub(super) stdout_stream_id: u32,
    pub(super) stderr_stream_id: u32,
    pub(super) response_stream_id: u32,
}

/// Of `Upload`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Upload {
    pub(super) path: String,
    pub(super) reader_stream_id: u32,
    pub(super) file_info: Option<GoFileInfo>,
}

/// Of `Download`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Download {
    pub(super) path: String,
    pub(super) writer_stream_id: u32,
}

/// Of `UploadDir` and `DownloadDir`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Folder {
    pub(super) dst: String,
    pub(super) src: String,
    pub(super) exclude: Option<Vec<String>>,
}

/// Go's form of what is known of a file.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct GoFileInfo {
    #[serde(rename = "N")]
    name: String,
    #[serde(rename = "S")]
    size: i64,
    #[serde(rename = "M")]
    mode: u32,
    #[serde(rename = "T")]
    modified: Option<GoTime>,
}

impl From<&FileInfo> for GoFileInfo {
    fn from(info: &FileInfo) -> Self {
        let FileInfo { name, size, mode, modified } = info.clone();
        Self { name, size, mode, modified: modified.map(GoTime) }
    }
}

impl From<GoFileInfo> for FileInfo {
    fn from(info: GoFileInfo) -> Self {
        let GoFileInfo { name, size, mode, modified } = info;
        Self { name, size, mode, modified: modified.map(|GoTime(time)| time) }
    }
}

/// A time as MessagePack's extension -1 in its three lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct GoTime(jiff::Timestamp);

/// What says that a value is an extension.
const EXTENSION: &str = rmp_serde::MSGPACK_EXT_STRUCT_NAME;
const TIMESTAMP: i8 = -1;

impl Serialize for GoTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nanoseconds = self.0.as_nanosecond();
        // Nanoseconds count forward even before 1970.
        let (seconds, rest) = (nanoseconds.div_euclid(1_000_000_000), nanoseconds.rem_euclid(1_000_000_000));
        let (seconds, rest) = (seconds as i64, rest as u32);
        let bytes = match u64::try_from(seconds) {
            Ok(seconds) if seconds >> 34 == 0 => match u32::try_from(seconds) {
                Ok(seconds) if rest == 0 => seconds.to_be_bytes().to_vec(),
                _ => (u64::from(rest) << 34 | seconds).to_be_bytes().to_vec(),
            },
            _ => [&rest.to_be_bytes()[..], &seconds.to_be_bytes()].concat(),
        };
        serializer.serialize_newtype_struct(EXTENSION, &(TIMESTAMP, serde_bytes::Bytes::new(&bytes)))
    }
}

impl<'de> Deserialize<'de> for GoTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(EXTENSION, TimeVisitor)
    }
}

struct TimeVisitor;

impl<'de> Visitor<'de> for TimeVisitor {
    type Value = GoTime;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a time")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<GoTime, D::Error> {
        let (kind, bytes) = <(i8, serde_bytes::ByteBuf)>::deserialize(deserializer)?;
        let time = (kind == TIMESTAMP).then(|| time(&bytes)).flatten();
        time.map(GoTime).ok_or_else(|| de::Error::custom("this is no time"))
    }
}

fn time(bytes: &[u8]) -> Option<jiff::Timestamp> {
    let (seconds, nanoseconds) = match bytes.len() {
        4 => (u32::from_be_bytes(bytes.try_into().ok()?).into(), 0),
        8 => {
            let both = u64::from_be_bytes(bytes.try_into().ok()?);
            // 34 bits and 30 bits.
            ((both & ((1 << 34) - 1)) as i64, (both >> 34) as u32)
        }
        12 => {
            let (nanoseconds, seconds) = bytes.split_at(4);
            (i64::from_be_bytes(seconds.try_into().ok()?), u32::from_be_bytes(nanoseconds.try_into().ok()?))
        }
        _ => return None,
    };
    let nanoseconds = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    jiff::Timestamp::from_nanosecond(nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_extensions_of_three_lengths() {
        for (nanoseconds, expected) in [
            (0, &[0xd6, 0xff, 0, 0, 0, 0][..]),
            (1_700_000_000_000_000_000, &[0xd6, 0xff, 0x65, 0x53, 0xf1, 0x00]),
            (1_000_000_001, &[0xd7, 0xff, 0, 0, 0, 4, 0, 0, 0, 1]),
            ((1 << 33) * 1_000_000_000, &[0xd7, 0xff, 0, 0, 0, 2, 0, 0, 0, 0]),
            (-1, &[0xc7, 12, 0xff, 0x3b, 0x9a, 0xc9, 0xff, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            let time = GoTime(jiff::Timestamp::from_nanosecond(nanoseconds).unwrap());
            let bytes = rmp_serde::to_vec(&time).unwrap();
            assert_eq!(bytes, expected);
            assert_eq!(rmp_serde::from_slice::<GoTime>(&bytes).unwrap(), time);
        }
        for bytes in [&[0xd6, 0x01, 0, 0, 0, 0][..], &[0xd4, 0xff, 0], &[0x01]] {
            assert!(rmp_serde::from_slice::<GoTime>(bytes).is_err(), "{bytes:x?}");
        }
    }
}

//! The manifest file: its content, and how it is read and written. The format is that of Packer's manifest, to the byte.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::io_fault::words_and_advice;
use crate::journal::Recorder;

/// The whole file. Field order is the order in the file.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct ManifestFile {
    pub(super) builds: Option<Vec<BuildEntry>>,
    pub(super) last_run_uuid: String,
}

/// One build. Older entries are read leniently, since any version may have written them.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct BuildEntry {
    pub(super) name: String,
    pub(super) builder_type: String,
    /// Seconds since 1970; zero is not written.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) build_time: i64,
    pub(super) files: Option<Vec<FileEntry>>,
    pub(super) artifact_id: String,
    pub(super) packer_run_uuid: String,
    pub(super) custom_data: Option<BTreeMap<String, String>>,
}

/// One file of a build.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct FileEntry {
    pub(super) name: String,
    /// In bytes; zero when the file is not there.
    pub(super) size: u64,
}

fn is_zero(time: &i64) -> bool {
    *time == 0
}

impl ManifestFile {
    /// Reads the file; an empty manifest when there is none. `shown` names it in errors.
    pub(super) fn read(path: &Path, shown: &str) -> Result<Self, String> {
        let content = match std::fs::metadata(path).and_then(|meta| {
            // A device has no builds to add to, and may have no end either.
            if meta.is_file() || meta.is_dir() { std::fs::read(path) } else { Ok(Vec::new()) }
        }) {
            Ok(content) => content,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(format!("Unable to open {shown} for reading: {}", words_and_advice(&error))),
        };
        if content.is_empty() {
            return Ok(Self::default());
        }
        let unreadable = |why: &dyn std::fmt::Display| {
            format!(
                "Unable to parse content from {shown}: {why}\n\
                 The file is left as it is. Repair it, move it away, or choose another output."
            )
        };
        // The reader would take a list for an object without names.
        if content.trim_ascii_start().first() != Some(&b'{') {
            return Err(unreadable(&"it is not a JSON object"));
        }
        serde_json::from_slice(&content).map_err(|error| unreadable(&error))
    }

    /// Replaces the file.
    pub(super) fn write(&self, path: &Path, shown: &str, recorder: &Recorder) -> Result<(), String> {
        let text = self.to_json()?;
        let written = Draft::begin(path, 0o664, recorder).and_then(|draft| {
            draft.file().write_all(text.as_bytes())?;
            draft.publish()
        });
        written.map_err(|error| {
            let folder = if error.kind() == std::io::ErrorKind::NotFound { "\nIts folder must exist." } else { "" };
            format!("Unable to write {shown}: {}{folder}", words_and_advice(&error))
        })
    }

    fn to_json(&self) -> Result<String, String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| format!("Unable to marshal JSON {error}"))?;
        // Go's encoder keeps JSON safe inside HTML. These characters occur inside strings only.
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '<' => escaped.push_str("\\u003c"),
                '>' => escaped.push_str("\\u003e"),
                '&' => escaped.push_str("\\u0026"),
                '\u{2028}' => escaped.push_str("\\u2028"),
                '\u{2029}' => escaped.push_str("\\u2029"),
                c => escaped.push(c),
            }
        }
        Ok(escaped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_text() {
        let entry = BuildEntry {
            name: "web".into(),
            builder_type: "file".into(),
            build_time: 1_700_000_000,
            files: Some(vec![FileEntry { name: "out/a".into(), size: 12 }]),
            artifact_id: "File".into(),
            packer_run_uuid: "u".into(),
            custom_data: Some([("k".to_owned(), "a<b> & \"c\"".to_owned())].into()),
        };
        let bare = BuildEntry { name: "bare".into(), ..BuildEntry::default() };
        let file = ManifestFile { builds: Some(vec![entry, bare]), last_run_uuid: "u".into() };
        let expected = r#"{
  "builds": [
    {
      "name": "web",
      "builder_type": "file",
      "build_time": 1700000000,
      "files": [
        {
          "name": "out/a",
          "size": 12
        }
      ],
      "artifact_id": "File",
      "packer_run_uuid": "u",
      "custom_data": {
        "k": "a\u003cb\u003e \u0026 \"c\""
      }
    },
    {
      "name": "bare",
      "builder_type": "",
      "files": null,
      "artifact_id": "",
      "packer_run_uuid": "",
      "custom_data": null
    }
  ],
  "last_run_uuid": "u"
}"#;
        assert_eq!(file.to_json().unwrap(), expected);
        let read: ManifestFile = serde_json::from_str(expected).unwrap();
        assert_eq!(read.to_json().unwrap(), expected);
    }
}

//! The shapes of components' configurations as plugins told them before, so that none need be started to be asked again.
//! One file for each component, in a folder named after the binary's checksum: whoever has the checksum right has the
//! binary that was asked.
//!
//! Files come into being whole, so that any number of programs can use the folder at once. One that cannot be read counts
//! as not there.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use planner::catalog::ComponentKind;
use tempfile::NamedTempFile;

use crate::external::binary::{Component, Encoding};

/// What a component's shape is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// What it takes.
    Config,
    /// What a data source gives.
    Output,
}

/// A folder of shapes; without one nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct SchemaCache {
    folder: Option<PathBuf>,
}

impl SchemaCache {
    /// The cache in `folder`, which is made when it is needed.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// What the component said.
    pub fn get(&self, component: &Component, subject: Subject) -> Option<Vec<u8>> {
        fs::read(self.file(component, subject)?).ok()
    }

    /// Keeps what the component said.
    pub fn put(&self, component: &Component, subject: Subject, said: &[u8]) {
        if let Err(error) = self.try_put(component, subject, said) {
            tracing::debug!("the schema of {} is not kept: {error}", component.name);
        }
    }

    fn try_put(&self, component: &Component, subject: Subject, said: &[u8]) -> io::Result<()> {
        let Some(file) = self.file(component, subject) else { return Ok(()) };
        let Some(folder) = file.parent() else { return Ok(()) };
        fs::create_dir_all(folder)?;
        let mut fresh = NamedTempFile::new_in(folder)?;
        fresh.write_all(said)?;
        fresh.persist(file)?;
        Ok(())
    }

    fn file(&self, component: &Component, subject: Subject) -> Option<PathBuf> {
        let kind = match component.kind {
            ComponentKind::Builder => "builder",
            ComponentKind::Provisioner => "provisioner",
            ComponentKind::PostProcessor => "post-processor",
            ComponentKind::Datasource => "datasource",
        };
        let subject = match subject {
            Subject::Config => "config",
            Subject::Output => "output",
        };
        let encoding = match component.binary.encoding {
            Encoding::Gob => "gob",
            Encoding::Protobuf => "protobuf",
        };
        // Names come from the plugin and may hold anything; bytes that are no plain name are spelled out.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let spell = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") };
        let name: String = component.name.bytes().map(spell).collect();
        let folder = self.folder.as_ref()?.join(&component.binary.checksum);
        Some(folder.join(format!("{kind}.{name}.{subject}.{encoding}")))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::external::binary::Binary;

    #[test]
    fn what_was_kept_is_found_for_the_same_component_only() {
        let home = tempfile::tempdir().unwrap();
        let cache = SchemaCache::new(Some(home.path().join("not/yet")));
        let component = |kind, name: &str, checksum: &str, encoding| Component {
            kind,
            name: name.to_owned(),
            binary: Arc::new(Binary {
                path: "/p".into(),
                plugin: "p".to_owned(),
                version: "1.0.0".to_owned(),
                checksum: checksum.to_owned(),
                encoding,
                is_single: false,
            }),
        };
        let kept = component(ComponentKind::Builder, "../é", "ab", Encoding::Protobuf);
        assert_eq!(cache.get(&kept, Subject::Config), None);
        cache.put(&kept, Subject::Config, b"said");
        assert_eq!(cache.get(&kept, Subject::Config), Some(b"said".to_vec()));
        assert_eq!(cache.get(&kept, Subject::Output), None);
        for other in [
            component(ComponentKind::Datasource, "../é", "ab", Encoding::Protobuf),
            component(ComponentKind::Builder, "..", "ab", Encoding::Protobuf),
            component(ComponentKind::Builder, "../é", "cd", Encoding::Protobuf),
            component(ComponentKind::Builder, "../é", "ab", Encoding::Gob),
        ] {
            assert_eq!(cache.get(&other, Subject::Config), None, "{other:?}");
        }
        SchemaCache::default().put(&kept, Subject::Config, b"said");
        assert_eq!(SchemaCache::default().get(&kept, Subject::Config), None);
    }
}

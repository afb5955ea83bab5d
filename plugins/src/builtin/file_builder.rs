//! Builder `file`: makes one local file. For trying out what comes after a builder.

use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::none_communicator::InertCommunicator;
use crate::component::{
    Artifact, BuildData, Builder, ComponentContext, ComponentError, HOOK_PROVISION, Hook, Prepared, Ui,
};
use crate::config::{Field, FieldType, Fields};
use crate::io_fault::words_and_advice;
use crate::journal::Recorder;
use crate::offload::offload;
use crate::process::while_nothing_starts;

/// The fields of the builder.
pub const FIELDS: &[Field] = &[("content", FieldType::Text), ("source", FieldType::Text), ("target", FieldType::Text)];

/// The builder.
#[derive(Debug, Default)]
pub struct FileBuilder {
    target: String,
    source: String,
    content: String,
    working_dir: Arc<PathBuf>,
    recorder: Recorder,
}

#[async_trait]
impl Builder for FileBuilder {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Prepared, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.target = fields.text("target");
        self.source = fields.text("source");
        self.content = fields.text("content");
        self.working_dir = context.working_dir.clone();
        self.recorder = context.recorder.clone();
        if self.target.is_empty() {
            fields.fault("target required");
        }
        if !self.source.is_empty() && !self.content.is_empty() {
            fields.fault("Cannot specify source file AND content");
        }
        let mut prepared = Prepared::default();
        if self.source.is_empty() && self.content.is_empty() {
            prepared.warnings.push("Both source file and contents are blank; target will have no content".to_owned());
        }
        fields.finish().map(|()| prepared)
    }

    async fn run(
        &self,
        ui: Arc<dyn Ui>,
        hook: Arc<dyn Hook>,
        cancel: &Cancel,
    ) -> Result<Option<Arc<dyn Artifact>>, ComponentError> {
        if cancel.is_stopping() {
            return Err(ComponentError::Cancelled);
        }
        let target = self.working_dir.join(&self.target);
        self.recorder.planned(target.clone());
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(|error| {
                ComponentError::new(format!("Unable to create dir {}: {}", parent.display(), words_and_advice(&error)))
            })?;
        }
        if self.source.is_empty() {
            self.write_content(&target)?;
        } else {
            self.copy_source(&target, ui.as_ref(), cancel).await?;
        }
        hook.run(HOOK_PROVISION, Some(Arc::new(InertCommunicator)), BuildData::new(), cancel).await?;
        Ok(Some(Arc::new(FileArtifact { target: self.target.clone(), path: target })))
    }
}

impl FileBuilder {
    fn write_content(&self, target: &Path) -> Result<(), ComponentError> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // It may be a script that is run next.
        let written = while_nothing_starts(|| {
            let mut file = options.open(target)?;
            file.write_all(self.content.as_bytes())
        });
        written.map_err(|error| self.unwritten(target, &error))
    }

    async fn copy_source(&self, target: &Path, ui: &dyn Ui, cancel: &Cancel) -> Result<(), ComponentError> {
        ui.say(&format!("Copying {} to {}", self.source, self.target));
        let source = self.working_dir.join(&self.source);
        let unread = |error: &io::Error| {
            ComponentError::new(format!("Unable to read {}: {}", self.source, words_and_advice(error)))
        };
        let mut from = std::fs::File::open(&source).map_err(|error| unread(&error))?;
        if std::fs::canonicalize(&source).ok().is_some_and(|path| std::fs::canonicalize(target).ok() == Some(path)) {
            return Err(ComponentError::new(format!("source and target are the same file: {}", self.source)));
        }
        let (stop, to) = (cancel.clone(), target.to_path_buf());
        let copied = offload(move || Ok(copy(&mut from, &to, &stop))).await?;
        match copied {
            Ok(n_bytes) => {
                ui.say(&format!("Copied {n_bytes} bytes"));
                Ok(())
            }
            Err(CopyFault::Read(error)) => {
                remove_half_written(target);
                Err(unread(&error))
            }
            Err(CopyFault::Write(error)) => Err(self.unwritten(target, &error)),
            Err(CopyFault::Cancelled) => {
                remove_half_written(target);
                Err(ComponentError::Cancelled)
            }
        }
    }

    fn unwritten(&self, target: &Path, error: &io::Error) -> ComponentError {
        if error.kind() == io::ErrorKind::StorageFull {
            remove_half_written(target);
        }
        ComponentError::new(format!("Unable to write {}: {}", self.target, words_and_advice(error)))
    }
}

/// A file of which only the beginning could be written is worse than none.
fn remove_half_written(target: &Path) {
    // Not a device, which looks just as full.
    if !std::fs::metadata(target).is_ok_and(|meta| meta.is_file()) {
        return;
    }
    if let Err(error) = std::fs::remove_file(target) {
        tracing::warn!(target = %target.display(), %error, "a half-written file stays behind");
    }
}

enum CopyFault {
    Read(io::Error),
    Write(io::Error),
    Cancelled,
}

/// How much is read at once. A run that stops is noticed after as much.
const CHUNK: usize = 256 * 1024;

fn copy(from: &mut std::fs::File, target: &Path, cancel: &Cancel) -> Result<u64, CopyFault> {
    let mut chunk = Vec::new();
    let read = |from: &mut std::fs::File, chunk: &mut Vec<u8>| {
        chunk.clear();
        Read::by_ref(from).take(CHUNK as u64).read_to_end(chunk).map_err(CopyFault::Read)
    };
    let mut n_bytes = read(from, &mut chunk)?;
    if n_bytes < CHUNK {
        // It may be a script that is run next.
        let write = || std::fs::File::create(target)?.write_all(&chunk);
        return while_nothing_starts(write).map_err(CopyFault::Write).map(|()| n_bytes as u64);
    }
    let mut to = std::fs::File::create(target).map_err(CopyFault::Write)?;
    while !chunk.is_empty() {
        if cancel.is_stopping() {
            return Err(CopyFault::Cancelled);
        }
        to.write_all(&chunk).map_err(CopyFault::Write)?;
        n_bytes += read(from, &mut chunk)?;
    }
    Ok(n_bytes as u64)
}

/// The file that was made.
#[derive(Debug)]
struct FileArtifact {
    target: String,
    path: PathBuf,
}

#[async_trait]
impl Artifact for FileArtifact {
    fn builder_id(&self) -> &str {
        "packer.file"
    }

    fn id(&self) -> String {
        "File".to_owned()
    }

    fn description(&self) -> String {
        format!("Stored file: {}", self.target)
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![PathBuf::from(&self.target)]
    }

    async fn destroy(&self) -> Result<(), ComponentError> {
        std::fs::remove_file(&self.path).map_err(|error| {
            ComponentError::new(format!("Unable to remove {}: {}", self.target, words_and_advice(&error)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::{RecordingHook, RecordingUi, context, context_in};

    async fn build(
        directory: &Path,
        config: &[(&str, &str)],
        hook: RecordingHook,
    ) -> (Result<Option<Arc<dyn Artifact>>, ComponentError>, Vec<String>, Vec<String>) {
        let mut builder = FileBuilder::default();
        let config = Value::object(config.iter().map(|(name, text)| (*name, Value::string(*text))));
        let (ui, hook) = (Arc::new(RecordingUi::default()), Arc::new(hook));
        let result = match builder.prepare(&config, &context_in(directory)).await {
            Ok(_) => builder.run(ui.clone(), hook.clone(), &Cancel::new()).await,
            Err(error) => Err(error),
        };
        (result, ui.said(), hook.names())
    }

    #[tokio::test]
    async fn writes_content_and_provisions() {
        let directory = tempfile::tempdir().unwrap();
        let config = [("target", "new/dir/out.txt"), ("content", "hi {{build_name}}")];
        let (artifact, said, hooks) = build(directory.path(), &config, RecordingHook::default()).await;
        let artifact = artifact.unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(directory.path().join("new/dir/out.txt")).unwrap(), "hi web");
        assert_eq!((said, hooks), (vec![], vec![HOOK_PROVISION.to_owned()]));
        assert_eq!((artifact.builder_id(), artifact.id().as_str()), ("packer.file", "File"));
        assert_eq!(artifact.description(), "Stored file: new/dir/out.txt");
        assert_eq!(artifact.files(), [PathBuf::from("new/dir/out.txt")]);
        assert!(artifact.generated_data().is_empty());
        artifact.destroy().await.unwrap();
        assert!(!directory.path().join("new/dir/out.txt").exists());
        assert!(artifact.destroy().await.unwrap_err().to_string().contains("no such file"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn content_is_private_and_source_is_not() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mode = |name: &str| std::fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
        build(directory.path(), &[("target", "a"), ("content", "12")], RecordingHook::default()).await.0.unwrap();
        assert_eq!(mode("a"), 0o600);
        let (_, said, _) = build(directory.path(), &[("target", "b"), ("source", "a")], RecordingHook::default()).await;
        assert_eq!(said, ["say: Copying a to b", "say: Copied 2 bytes"]);
        assert_ne!(mode("b") & 0o400, 0);
        let (error, ..) = build(directory.path(), &[("target", "a"), ("source", "a")], RecordingHook::default()).await;
        assert!(error.unwrap_err().to_string().contains("the same file"));
        assert_eq!(std::fs::read_to_string(path("a")).unwrap(), "12");
        let large = vec![5_u8; 3 * CHUNK + 1];
        std::fs::write(path("large"), &large).unwrap();
        let (_, said, _) =
            build(directory.path(), &[("target", "c"), ("source", "large")], RecordingHook::default()).await;
        assert_eq!(said[1], format!("say: Copied {} bytes", large.len()));
        assert!(std::fs::read(path("c")).unwrap() == large);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_is_named() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("large"), vec![5_u8; 2 * CHUNK]).unwrap();
        for from in [("content", "c"), ("source", "large")] {
            let (error, ..) = build(directory.path(), &[("target", "/dev/full"), from], RecordingHook::default()).await;
            let text = "Unable to write /dev/full: no space left on device\nFree some space there, or choose an output on another disk.";
            assert_eq!(error.unwrap_err(), ComponentError::new(text));
        }
        assert!(Path::new("/dev/full").exists());
    }

    #[tokio::test]
    async fn faults() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("plain"), "").unwrap();
        let rows: &[(&[(&str, &str)], &str)] = &[
            (
                &[("content", "a"), ("source", "b")],
                "2 error(s) occurred:\n\n* target required\n* Cannot specify source file AND content",
            ),
            (&[("target", "t"), ("source", "gone")], "Unable to read gone: no such file or directory"),
            (&[("target", "plain/t"), ("content", "c")], "Unable to create dir"),
        ];
        for (config, part) in rows {
            let (error, ..) = build(directory.path(), config, RecordingHook::default()).await;
            let error = error.unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let hook = RecordingHook::answering([Err(ComponentError::new("provisioner broke"))]);
        let (error, ..) = build(directory.path(), &[("target", "t"), ("content", "c")], hook).await;
        assert_eq!(error.unwrap_err(), ComponentError::new("provisioner broke"));
    }

    #[tokio::test]
    async fn an_empty_file_is_worth_a_warning() {
        let config = Value::object([("target", Value::string("t"))]);
        let prepared = FileBuilder::default().prepare(&config, &context()).await.unwrap();
        assert_eq!(prepared.warnings, ["Both source file and contents are blank; target will have no content"]);
    }
}

//! Post-processor `checksum`: files with the digests of an artifact's files.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use md5::digest::{Digest, DynDigest};
use planner::interpolate::{Interpolation, RunData};
use planner::value::Value;
use rayon::prelude::*;

use super::file_set::FileSet;
use crate::component::{Artifact, ComponentContext, ComponentError, PostProcessed, PostProcessor, Ui};
use crate::config::{Field, FieldType, Fields, is_placeholder};
use crate::io_fault::words_and_advice;
use crate::offload::Workbench;
use crate::turns::Turns;

/// The fields of the post-processor.
pub const FIELDS: &[Field] = &[("checksum_types", FieldType::Texts), ("output", FieldType::Template)];

const DEFAULT_OUTPUT: &str = "packer_{{.BuildName}}_{{.BuilderType}}_{{.ChecksumType}}.checksum";

/// The post-processor.
pub struct Checksum {
    turns: Arc<Turns>,
    workbench: Workbench,
    prepared: Option<Prepared>,
}

struct Prepared {
    context: ComponentContext,
    interpolation: Interpolation,
    types: Vec<String>,
    output: String,
}

impl Checksum {
    /// One that takes turns with the others of its registry.
    pub fn new(turns: Arc<Turns>, workbench: Workbench) -> Self {
        Self { turns, workbench, prepared: None }
    }
}

/// A hash function by its name.
fn hasher(name: &str) -> Option<Box<dyn DynDigest + Send>> {
    Some(match name {
        "md5" => Box::new(md5::Md5::new()),
        "sha1" => Box::new(sha1::Sha1::new()),
        "sha224" => Box::new(sha2::Sha224::new()),
        "sha256" => Box::new(sha2::Sha256::new()),
        "sha384" => Box::new(sha2::Sha384::new()),
        "sha512" => Box::new(sha2::Sha512::new()),
        _ => return None,
    })
}

#[async_trait]
impl PostProcessor for Checksum {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        let mut types = fields.texts("checksum_types");
        if types.is_empty() {
            types.push("md5".to_owned());
        }
        for unknown in types.iter().filter(|ty| hasher(ty).is_none() && !is_placeholder(ty)) {
            fields.fault(format!("Unrecognized checksum type: {unknown}"));
        }
        let output = match fields.raw_text("output") {
            output if output.is_empty() => DEFAULT_OUTPUT.to_owned(),
            output => output,
        };
        if let Err(error) = fields.interpolation().check(&output) {
            fields.fault(format!("Error parsing target template: {error}"));
        }
        let (context, interpolation) = (fields.context().clone(), fields.interpolation().clone());
        fields.finish()?;
        self.prepared = Some(Prepared { context, interpolation, types, output });
        Ok(Vec::new())
    }

    async fn post_process(
        &self,
        _: Arc<dyn Ui>,
        input: Arc<dyn Artifact>,
        cancel: &Cancel,
    ) -> Result<PostProcessed, ComponentError> {
        let Some(prepared) = &self.prepared else {
            return Err(ComponentError::new("checksum was not prepared"));
        };
        let working_dir = prepared.context.working_dir.clone();
        let mut files = input.files();
        let digests = self.digests(prepared, files.clone(), cancel).await?;
        for (ty, digests) in prepared.types.iter().zip(digests) {
            let output = prepared.output_for(ty, input.as_ref())?;
            let path = working_dir.join(&output);
            let lines: String = digests
                .iter()
                .zip(&input.files())
                .map(|(digest, file)| format!("{digest}\t{}\n", base_name(file)))
                .collect();
            if lines.is_empty() {
                continue;
            }
            let _turn = self.turns.take(&path).await;
            if !path.exists() {
                files.push(PathBuf::from(output.clone()));
                prepared.context.recorder.planned(path.clone());
            }
            append(&path, &output, &lines).map_err(ComponentError::new)?;
        }
        let artifact = FileSet { builder_id: "packer.post-processor.checksum", files, working_dir };
        // Kept by force: deleting the files would leave checksums of nothing.
        Ok(PostProcessed { artifact: Some(Arc::new(artifact)), keep: true, force: true })
    }
}

impl Checksum {
    /// For each type, the digests of all files in order. Each file is read once.
    async fn digests(
        &self,
        prepared: &Prepared,
        files: Vec<PathBuf>,
        cancel: &Cancel,
    ) -> Result<Vec<Vec<String>>, ComponentError> {
        let (types, working_dir) = (prepared.types.clone(), prepared.context.working_dir.clone());
        let stop = cancel.clone();
        let work = move || {
            let per_file: Result<Vec<Vec<String>>, ComponentError> = files
                .par_iter()
                .map(|file| hash_file(&working_dir.join(file), &file.display().to_string(), &types, &stop))
                .collect();
            let per_file = per_file?;
            Ok((0..types.len()).map(|ty| per_file.iter().map(|digests| digests[ty].clone()).collect()).collect())
        };
        self.workbench.run(cancel, work).await
    }
}

impl Prepared {
    fn output_for(&self, ty: &str, input: &dyn Artifact) -> Result<String, ComponentError> {
        let data = RunData::new(&input.generated_data())
            .with("BuildName", &self.context.build_name)
            .with("BuilderType", &self.context.builder_type)
            .with("ChecksumType", ty);
        self.interpolation.at_run(&self.output, &data).map_err(|error| ComponentError::new(error.to_string()))
    }
}

fn base_name(file: &Path) -> String {
    file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

fn hash_file(path: &Path, shown: &str, types: &[String], cancel: &Cancel) -> Result<Vec<String>, ComponentError> {
    let mut file = File::open(path)
        .map_err(|error| ComponentError::new(format!("unable to open file {shown}: {}", words_and_advice(&error))))?;
    let mut hashers: Vec<_> = types.iter().filter_map(|ty| hasher(ty)).collect();
    let mut buffer = vec![0_u8; 256 * 1024];
    loop {
        if cancel.is_stopping() {
            return Err(ComponentError::Cancelled);
        }
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => hashers.iter_mut().for_each(|hasher| hasher.update(&buffer[..n])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let text =
                    format!("unable to compute {} hash for {shown}: {}", types.join(", "), words_and_advice(&error));
                return Err(ComponentError::new(text));
            }
        }
    }
    Ok(hashers.into_iter().map(|hasher| hex(&hasher.finalize())).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Appends all lines, or none of them.
fn append(path: &Path, shown: &str, lines: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("unable to create dir {}: {}", folder.display(), words_and_advice(&error)))?;
    }
    let existed = path.exists();
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    let mut file =
        options.open(path).map_err(|error| format!("unable to create file {shown}: {}", words_and_advice(&error)))?;
    let n_before = file.metadata().map_or(0, |meta| meta.len());
    file.write_all(lines.as_bytes()).map_err(|error| {
        // Half a line would look like a wrong checksum.
        let undone = if existed { file.set_len(n_before) } else { std::fs::remove_file(path) };
        if let Err(error) = undone {
            tracing::warn!(path = %path.display(), %error, "a half-written line stays behind");
        }
        format!("unable to write file {shown}: {}", words_and_advice(&error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::{FixedArtifact, RecordingUi, context, context_in};
    use crate::component::BuildData;

    async fn run(folder: &Path, config: Value, files: &[&str]) -> Result<(PostProcessed, Vec<String>), ComponentError> {
        let mut checksum = Checksum::new(Arc::default(), Workbench::default());
        checksum.prepare(&config, &context_in(folder)).await?;
        let data = BuildData::from([("ID".to_owned(), Value::string("i-1"))]);
        let input = FixedArtifact { files: files.iter().map(PathBuf::from).collect(), data };
        let ui = Arc::new(RecordingUi::default());
        let done = checksum.post_process(ui.clone(), Arc::new(input), &Cancel::new()).await?;
        Ok((done, ui.said()))
    }

    fn types(types: &[&str]) -> Value {
        Value::object([("checksum_types", Value::strings(types.iter().copied()))])
    }

    #[tokio::test]
    async fn known_digests_in_named_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("sub/abc"), "abc").unwrap();
        std::fs::write(folder.path().join("empty"), "").unwrap();
        let all = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"];
        let (done, said) = run(folder.path(), types(&all), &["sub/abc", "empty"]).await.unwrap();
        assert!(done.keep && done.force && said.is_empty());
        let rows = [
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "sha384",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                "sha512",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ];
        for (ty, digest) in rows {
            let text = std::fs::read_to_string(folder.path().join(format!("packer_web_null_{ty}.checksum"))).unwrap();
            let lines: Vec<_> = text.split_inclusive('\n').collect();
            assert_eq!(lines[0], format!("{digest}\tabc\n"));
            assert!(lines[1].ends_with("\tempty\n") && lines.len() == 2);
        }
        let artifact = done.artifact.unwrap();
        assert_eq!(artifact.files().len(), 2 + all.len());
        assert_eq!((artifact.builder_id(), artifact.id().as_str()), ("packer.post-processor.checksum", ""));
        assert!(artifact.description().starts_with("Created artifact from files: sub/abc, empty, packer_web_null_md5"));
    }

    #[tokio::test]
    async fn appends_to_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("abc"), "abc").unwrap();
        let output = Value::object([("output", Value::string("new/{{.BuildName}}-{{build `ID`}}.{{.ChecksumType}}"))]);
        for n_lines in 1..=2 {
            let (done, _) = run(folder.path(), output.clone(), &["abc"]).await.unwrap();
            let text = std::fs::read_to_string(folder.path().join("new/web-i-1.md5")).unwrap();
            assert_eq!(text, "900150983cd24fb0d6963f7d28e17f72\tabc\n".repeat(n_lines));
            // A file that was there before is not ours.
            assert_eq!(done.artifact.unwrap().files().len(), if n_lines == 1 { 2 } else { 1 });
        }
    }

    #[tokio::test]
    async fn faults_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("abc"), "abc").unwrap();
        let error = run(folder.path(), types(&["md5", "sha256"]), &["abc", "gone"]).await.unwrap_err();
        assert_eq!(error.to_string(), "unable to open file gone: no such file or directory");
        let error = run(folder.path(), types(&["md5", "crc32"]), &[]).await.unwrap_err();
        assert_eq!(error, ComponentError::Invalid(vec!["Unrecognized checksum type: crc32".into()]));
        let output = Value::object([("output", Value::string("{{.X"))]);
        let error = run(folder.path(), output, &[]).await.unwrap_err().to_string();
        assert!(error.contains("Error parsing target template: "), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let cancel = Cancel::new();
        cancel.raise(engine::CancelPhase::Stopping);
        let mut checksum = Checksum::new(Arc::default(), Workbench::default());
        checksum.prepare(&types(&["md5"]), &context()).await.unwrap();
        let input = Arc::new(FixedArtifact { files: vec!["etc/hosts".into()], ..FixedArtifact::default() });
        let result = checksum.post_process(Arc::new(RecordingUi::default()), input, &cancel).await;
        assert_eq!(result.unwrap_err(), ComponentError::Cancelled);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("abc"), "abc").unwrap();
        let output = Value::object([("output", Value::string("/dev/full"))]);
        let error = run(folder.path(), output, &["abc"]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "unable to write file /dev/full: no space left on device\n\
             Free some space there, or choose an output on another disk."
        );
    }
}

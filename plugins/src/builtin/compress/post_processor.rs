//! The post-processor: reads its options, says what it does, and puts the result in its place.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::interpolate::{Interpolation, RunData};
use planner::value::Value;

use super::archive::{self, Fault, Inputs};
use super::encoder::Encoder;
use super::format::{Algorithm, Archive, Format, detect};
use super::output::Output;
use crate::builtin::file_set::list;
use crate::component::{Artifact, ComponentContext, ComponentError, PostProcessed, PostProcessor, Ui};
use crate::config::{Field, FieldType, Fields};
use crate::draft::Draft;
use crate::io_fault::words_and_advice;
use crate::journal::Recorder;
use crate::offload::Workbench;

/// The fields of the post-processor.
pub const FIELDS: &[Field] =
    &[("compression_level", FieldType::Number), ("format", FieldType::Text), ("output", FieldType::Template)];

const DEFAULT_OUTPUT: &str = "packer_{{.BuildName}}_{{.BuilderType}}";

/// The post-processor.
pub struct Compress {
    workbench: Workbench,
    prepared: Option<Prepared>,
}

struct Prepared {
    context: ComponentContext,
    interpolation: Interpolation,
    output: String,
    format: Format,
    /// 1 to 9; none for the algorithm's own default.
    level: Option<u32>,
}

impl Compress {
    /// One that shares the processors with the others of its registry.
    pub fn new(workbench: Workbench) -> Self {
        Self { workbench, prepared: None }
    }
}

#[async_trait]
impl PostProcessor for Compress {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        let output = match fields.raw_text("output") {
            output if output.is_empty() => DEFAULT_OUTPUT.to_owned(),
            output => output,
        };
        if let Err(error) = fields.interpolation().check(&output) {
            fields.fault(format!("Error parsing target template: {error}"));
        }
        let format = detect(&output, &fields.text("format"));
        let level = match fields.whole("compression_level") {
            // Nobody asks for no compression; zero is what an absent number reads as.
            -1 | 0 => None,
            level @ 1.. => Some(u32::try_from(level.min(9)).unwrap_or(9)),
            _ => {
                fields.fault("Invalid compression level. Expected an integer from -1 to 9.");
                None
            }
        };
        let mut warnings = Vec::new();
        if level.is_some() && format.algorithm == Some(Algorithm::Lz4) {
            warnings.push("compression_level has no effect: lz4 is compressed at one level only".to_owned());
        }
        if level.is_some() && format == (Format { archive: Some(Archive::Tar), algorithm: None }) {
            warnings.push("compression_level has no effect: a tar archive is not compressed".to_owned());
        }
        let (context, interpolation) = (fields.context().clone(), fields.interpolation().clone());
        fields.finish()?;
        self.prepared = Some(Prepared { context, interpolation, output, format, level });
        Ok(warnings)
    }

    async fn post_process(
        &self,
        ui: Arc<dyn Ui>,
        input: Arc<dyn Artifact>,
        cancel: &Cancel,
    ) -> Result<PostProcessed, ComponentError> {
        let Some(prepared) = &self.prepared else {
            return Err(ComponentError::new("compress was not prepared"));
        };
        let target = prepared.target(input.as_ref())?;
        let path = prepared.context.working_dir.join(&target);
        let files = input.files();
        let format = prepared.format;
        prepared.check_inputs(&files, &path, &target)?;
        announce(ui.as_ref(), format, &target, &files);
        let job = Job {
            working_dir: prepared.context.working_dir.clone(),
            path: path.clone(),
            target: target.clone(),
            files,
            format,
            level: prepared.level,
            cancel: cancel.clone(),
            recorder: prepared.context.recorder.clone(),
        };
        self.workbench.run(cancel, move || job.run()).await?;
        ui.say(&format!("Archive {target} completed"));
        let artifact = CompressArtifact { target, path };
        Ok(PostProcessed { artifact: Some(Arc::new(artifact)), keep: false, force: false })
    }
}

impl Prepared {
    fn target(&self, input: &dyn Artifact) -> Result<String, ComponentError> {
        let data = RunData::new(&input.generated_data())
            .with("BuildName", &self.context.build_name)
            .with("BuilderType", &self.context.builder_type);
        let target = self.interpolation.at_run(&self.output, &data);
        target.map_err(|error| ComponentError::new(format!("Error interpolating output value: {error}")))
    }

    fn check_inputs(&self, files: &[PathBuf], path: &Path, target: &str) -> Result<(), ComponentError> {
        if self.format.archive.is_none() && files.len() != 1 {
            let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            return Err(ComponentError::new(format!(
                "Can only have 1 input file when not using tar/zip. Found {} files: [{}]",
                files.len(),
                names.join(" ")
            )));
        }
        // The inputs are deleted afterwards, and the result would be deleted with them.
        let Ok(path) = std::fs::canonicalize(path) else { return Ok(()) };
        let same = |file: &&PathBuf| {
            std::fs::canonicalize(self.context.working_dir.join(file)).is_ok_and(|input| input == path)
        };
        match files.iter().find(same) {
            Some(_) => Err(ComponentError::new(format!("the output {target} is one of the files to compress"))),
            None => Ok(()),
        }
    }
}

/// Says what is going to be done.
fn announce(ui: &dyn Ui, format: Format, target: &str, files: &[PathBuf]) {
    let name = format.algorithm.map_or("no compression", Algorithm::name);
    match format.algorithm {
        Some(Algorithm::Pgzip | Algorithm::Bgzf | Algorithm::Lz4) => {
            let n_cores = rayon::current_num_threads();
            ui.say(&format!("Using {name} compression with {n_cores} cores for {target}"));
        }
        Some(Algorithm::Xz | Algorithm::Bzip2) => {
            ui.say(&format!("Using {name} compression with 1 core for {target} (library does not support MT)"));
        }
        None => {}
    }
    match format.archive {
        Some(Archive::Tar) => ui.say(&format!("Tarring {target} with {name}")),
        Some(Archive::Zip) => ui.say(&format!("Zipping {target}")),
        None => ui.say(&format!("Archiving {} with {name}", list(files))),
    }
}

/// Everything that is needed away from the component.
struct Job {
    working_dir: Arc<PathBuf>,
    path: PathBuf,
    target: String,
    files: Vec<PathBuf>,
    format: Format,
    level: Option<u32>,
    cancel: Cancel,
    recorder: Recorder,
}

impl Job {
    /// Makes the file, whole or not at all.
    fn run(&self) -> Result<(), ComponentError> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                let words = words_and_advice(&error);
                ComponentError::new(format!("Unable to create dir for archive {}: {words}", self.target))
            })?;
        }
        let uncreated = |error: io::Error| {
            ComponentError::new(format!("Unable to create archive {}: {}", self.target, words_and_advice(&error)))
        };
        if !self.path.exists() {
            self.recorder.planned(self.path.clone());
        }
        let draft = Draft::begin(&self.path, 0o666, &self.recorder).map_err(uncreated)?;
        let (output, fault) = Output::new(draft.file().try_clone().map_err(uncreated)?);
        let packed = self.pack(output);
        packed.map_err(|error| self.explain(error, fault.take()))?;
        draft.publish().map_err(uncreated)
    }

    fn pack(&self, output: Output) -> Result<(), Fault> {
        let inputs = Inputs { working_dir: &self.working_dir, files: &self.files, cancel: &self.cancel };
        let encoder = |output| Encoder::new(self.format.algorithm, self.level, output).map_err(Fault::Write);
        match (self.format.archive, self.files.first()) {
            (Some(Archive::Zip), _) => archive::zip(&inputs, self.level, output),
            (Some(Archive::Tar), _) => archive::tar(&inputs, encoder(output)?),
            (None, Some(file)) => archive::single(&inputs, file, encoder(output)?),
            (None, None) => Ok(()),
        }
    }

    fn explain(&self, fault: Fault, disk: Option<io::Error>) -> ComponentError {
        if let Some(error) = disk {
            return ComponentError::new(format!(
                "Unable to write archive {}: {}",
                self.target,
                words_and_advice(&error)
            ));
        }
        let text = match fault {
            Fault::Cancelled => return ComponentError::Cancelled,
            Fault::Read(text) => text,
            Fault::Write(error) => format!("Unable to write archive {}: {}", self.target, words_and_advice(&error)),
        };
        ComponentError::new(match self.format.archive {
            Some(Archive::Tar) => format!("Error creating tar: {text}"),
            Some(Archive::Zip) => format!("Error creating zip: {text}"),
            None => text,
        })
    }
}

/// The file that was made.
#[derive(Debug)]
struct CompressArtifact {
    target: String,
    path: PathBuf,
}

#[async_trait]
impl Artifact for CompressArtifact {
    fn builder_id(&self) -> &str {
        "packer.post-processor.compress"
    }

    fn id(&self) -> String {
        String::new()
    }

    fn description(&self) -> String {
        format!("compressed artifacts in: {}", self.target)
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

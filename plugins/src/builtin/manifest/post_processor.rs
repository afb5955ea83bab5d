//! The post-processor: adds one build to the manifest.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::interpolate::{Interpolation, RunData};
use planner::value::Value;

use super::carried::Carried;
use super::file::{BuildEntry, FileEntry, ManifestFile};
use super::lock::ManifestLock;
use crate::component::{Artifact, ComponentContext, ComponentError, PostProcessed, PostProcessor, Ui};
use crate::config::{Field, FieldType, Fields};
use crate::turns::Turns;

/// The fields of the post-processor.
pub const FIELDS: &[Field] = &[
    ("custom_data", FieldType::TextMap),
    ("output", FieldType::Text),
    ("strip_path", FieldType::Flag),
    ("strip_time", FieldType::Flag),
];

/// The post-processor.
pub struct Manifest {
    turns: Arc<Turns>,
    carried: Arc<Carried>,
    prepared: Option<Prepared>,
}

struct Prepared {
    context: ComponentContext,
    interpolation: Interpolation,
    output: String,
    strip_path: bool,
    strip_time: bool,
    custom_data: BTreeMap<String, String>,
}

impl Manifest {
    /// One that takes turns with the others of its registry, and knows with them what was there before.
    pub fn new(turns: Arc<Turns>, carried: Arc<Carried>) -> Self {
        Self { turns, carried, prepared: None }
    }
}

#[async_trait]
impl PostProcessor for Manifest {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        let output = match fields.text("output") {
            output if output.is_empty() => "packer-manifest.json".to_owned(),
            output => output,
        };
        let prepared = Prepared {
            context: fields.context().clone(),
            interpolation: fields.interpolation().clone(),
            output,
            strip_path: fields.flag("strip_path"),
            strip_time: fields.flag("strip_time"),
            custom_data: fields.text_map("custom_data"),
        };
        fields.finish()?;
        self.prepared = Some(prepared);
        Ok(Vec::new())
    }

    async fn post_process(
        &self,
        _: Arc<dyn Ui>,
        input: Arc<dyn Artifact>,
        cancel: &Cancel,
    ) -> Result<PostProcessed, ComponentError> {
        let Some(prepared) = &self.prepared else {
            return Err(ComponentError::new("manifest was not prepared"));
        };
        let entry = prepared.entry(input.as_ref())?;
        let path = prepared.context.working_dir.join(&prepared.output);
        // Chains of this run take turns among themselves; the lock file is for other processes.
        let _turn = self.turns.take(&path).await;
        let _lock = ManifestLock::take(&path, &prepared.context.recorder, cancel).await?;
        prepared.add(entry, &path, &self.carried).map_err(ComponentError::new)?;
        // Kept by force: a manifest must not delete what it lists.
        Ok(PostProcessed { artifact: Some(input), keep: true, force: true })
    }
}

impl Prepared {
    fn entry(&self, input: &dyn Artifact) -> Result<BuildEntry, ComponentError> {
        let data = RunData::new(&input.generated_data());
        let mut custom_data = BTreeMap::new();
        for (name, text) in &self.custom_data {
            let text = self.interpolation.at_run(text, &data);
            let text =
                text.map_err(|error| ComponentError::new(format!("Error interpolating custom data: {error}")))?;
            custom_data.insert(name.clone(), text);
        }
        let files: Vec<FileEntry> = input.files().iter().map(|file| self.file_entry(file)).collect();
        Ok(BuildEntry {
            name: self.context.build_name.to_string(),
            builder_type: self.context.builder_type.to_string(),
            build_time: if self.strip_time { 0 } else { jiff::Timestamp::now().as_second() },
            files: (!files.is_empty()).then_some(files),
            artifact_id: input.id(),
            packer_run_uuid: self.context.run_uuid.to_string(),
            custom_data: (!custom_data.is_empty()).then_some(custom_data),
        })
    }

    fn file_entry(&self, file: &Path) -> FileEntry {
        let size = std::fs::metadata(self.context.working_dir.join(file)).map_or(0, |meta| meta.len());
        let shown = if self.strip_path { file.file_name().unwrap_or(file.as_os_str()) } else { file.as_os_str() };
        FileEntry { name: shown.to_string_lossy().into_owned(), size }
    }

    fn add(&self, entry: BuildEntry, path: &Path, carried: &Carried) -> Result<(), String> {
        let mut file = ManifestFile::read(path, &self.output)?;
        // `-force` begins anew, but once per run only. A run that is taken up is the same.
        let (run, earlier) = (&self.context.run_uuid, &self.context.earlier_runs);
        if self.context.force && std::iter::once(run).chain(&**earlier).all(|run| file.last_run_uuid != **run) {
            file = ManifestFile::default();
        }
        carried.make_place(path, &mut file, &entry, earlier);
        file.builds.get_or_insert_default().push(entry);
        file.last_run_uuid = self.context.run_uuid.to_string();
        file.write(path, &self.output, &self.context.recorder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::{FixedArtifact, RecordingUi, context_in};
    use crate::component::BuildData;

    async fn manifest(context: &ComponentContext, turns: &Arc<Turns>, config: Value) -> Manifest {
        let mut manifest = Manifest::new(turns.clone(), Arc::default());
        manifest.prepare(&config, context).await.unwrap();
        manifest
    }

    async fn add(context: &ComponentContext, config: Value) -> Result<String, ComponentError> {
        let manifest = manifest(context, &Arc::default(), config).await;
        let data = BuildData::from([("ID".to_owned(), Value::string("i-1"))]);
        let input: Arc<dyn Artifact> = Arc::new(FixedArtifact { files: vec!["d/f".into(), "gone".into()], data });
        let ui = Arc::new(RecordingUi::default());
        let done = manifest.post_process(ui.clone(), input.clone(), &Cancel::new()).await?;
        assert!(done.keep && done.force && ui.said().is_empty());
        assert!(Arc::ptr_eq(&done.artifact.unwrap(), &input));
        Ok(std::fs::read_to_string(context.working_dir.join("packer-manifest.json")).unwrap_or_default())
    }

    fn fixture() -> (tempfile::TempDir, ComponentContext) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("d/f"), "twelve bytes").unwrap();
        let context = context_in(folder.path());
        (folder, context)
    }

    fn builds(text: &str) -> usize {
        let file: ManifestFile = serde_json::from_str(text).unwrap();
        file.builds.unwrap_or_default().len()
    }

    #[tokio::test]
    async fn lists_a_build() {
        let (_folder, context) = fixture();
        let custom = [(Arc::from("k"), Value::string("{{build `ID`}} {{build_type}} {{.Nope}}"))];
        let config = Value::object([
            ("strip_time", Value::Bool(true)),
            ("strip_path", Value::Bool(true)),
            ("custom_data", Value::Map(planner::value::Type::String, Arc::new(custom.into()))),
        ]);
        let text = add(&context, config).await.unwrap();
        let expected = r#"{
  "builds": [
    {
      "name": "web",
      "builder_type": "null",
      "files": [
        {
          "name": "f",
          "size": 12
        },
        {
          "name": "gone",
          "size": 0
        }
      ],
      "artifact_id": "fixed-id",
      "packer_run_uuid": "run-1",
      "custom_data": {
        "k": "i-1 null \u003cno value\u003e"
      }
    }
  ],
  "last_run_uuid": "run-1"
}"#;
        assert_eq!(text, expected);
        let text = add(&context, Value::object([("strip_path", Value::Bool(false))])).await.unwrap();
        assert!(text.contains("\"name\": \"d/f\"") && text.contains("\"build_time\": 1"), "{text}");
        assert_eq!(builds(&text), 2);
    }

    #[tokio::test]
    async fn force_begins_anew_once_per_run() {
        let (_folder, context) = fixture();
        let empty = Value::object::<&str>([]);
        add(&context, empty.clone()).await.unwrap();
        let next = ComponentContext { run_uuid: Arc::from("run-2"), ..context.clone() };
        assert_eq!(builds(&add(&next, empty.clone()).await.unwrap()), 2);
        let forced = ComponentContext { force: true, run_uuid: Arc::from("run-3"), ..context };
        assert_eq!(builds(&add(&forced, empty.clone()).await.unwrap()), 1);
        assert_eq!(builds(&add(&forced, empty).await.unwrap()), 2);
    }

    #[tokio::test]
    async fn a_run_that_takes_up_another_goes_on_with_its_entries() {
        let (folder, context) = fixture();
        let run = |uuid: &str, earlier: &[&str]| ComponentContext {
            run_uuid: Arc::from(uuid),
            earlier_runs: earlier.iter().map(|run| Arc::from(*run)).collect(),
            ..context.clone()
        };
        let carried = Arc::<Carried>::default();
        let add = async |context: &ComponentContext, build: &str| {
            let mut manifest = Manifest::new(Arc::default(), carried.clone());
            let context = ComponentContext { build_name: Arc::from(build), ..context.clone() };
            manifest.prepare(&Value::object::<&str>([]), &context).await.unwrap();
            let input = Arc::new(FixedArtifact::default());
            manifest.post_process(Arc::new(RecordingUi::default()), input, &Cancel::new()).await.unwrap();
            let text = std::fs::read(folder.path().join("packer-manifest.json")).unwrap();
            let file: ManifestFile = serde_json::from_slice(&text).unwrap();
            let entries = file.builds.unwrap().into_iter();
            entries.map(|entry| format!("{} {}", entry.name, entry.packer_run_uuid)).collect::<Vec<_>>()
        };
        for (name, build) in [("old", "a"), ("run-1", "a"), ("run-1", "b"), ("run-1", "b")] {
            add(&run(name, &[]), build).await;
        }
        // One of two entries for `b` is made again, `a` is taken over, `c` is new.
        let next = ComponentContext { force: true, ..run("run-2", &["run-1", "run-0"]) };
        assert_eq!(add(&next, "b").await, ["a old", "a run-2", "b run-2", "b run-2"]);
        assert_eq!(add(&next, "c").await, ["a old", "a run-2", "b run-2", "b run-2", "c run-2"]);
        assert_eq!(add(&next, "c").await.len(), 6, "two chains of one build");
    }

    #[tokio::test]
    async fn a_broken_manifest_is_left_as_it_is() {
        let (folder, context) = fixture();
        let path = folder.path().join("packer-manifest.json");
        for broken in ["{\"builds\": [", "[]", "{\"builds\": 5}", "\0"] {
            std::fs::write(&path, broken).unwrap();
            let error = add(&context, Value::object::<&str>([])).await.unwrap_err().to_string();
            assert!(error.starts_with("Unable to parse content from packer-manifest.json: "), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
        }
        assert!(!folder.path().join("packer-manifest.json.lock").exists());
        std::fs::write(&path, "").unwrap();
        assert_eq!(builds(&add(&context, Value::object::<&str>([])).await.unwrap()), 1);
        let lost = Value::object([("output", Value::string("no/where.json"))]);
        let error = add(&context, lost).await.unwrap_err().to_string();
        assert_eq!(error, "Unable to write no/where.json: no such file or directory\nIts folder must exist.");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
    async fn chains_of_one_run_do_not_lose_each_others_builds() {
        let (folder, context) = fixture();
        let turns = Arc::<Turns>::default();
        let chains = (0..64).map(|_| {
            let (turns, context) = (turns.clone(), context.clone());
            tokio::spawn(async move {
                let manifest = manifest(&context, &turns, Value::object::<&str>([])).await;
                let input = Arc::new(FixedArtifact::default());
                manifest.post_process(Arc::new(RecordingUi::default()), input, &Cancel::new()).await.unwrap();
            })
        });
        futures_util::future::try_join_all(chains).await.unwrap();
        assert_eq!(builds(&std::fs::read_to_string(folder.path().join("packer-manifest.json")).unwrap()), 64);
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["d", "packer-manifest.json"]);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_is_named() {
        let (_folder, context) = fixture();
        let error = add(&context, Value::object([("output", Value::string("/dev/full"))])).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "Unable to write /dev/full: no space left on device\n\
             Free some space there, or choose an output on another disk."
        );
    }
}

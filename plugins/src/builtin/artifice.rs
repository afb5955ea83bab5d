//! Post-processor `artifice`: replaces the artifact by files that something else has made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use glob::MatchOptions;
use planner::value::Value;

use super::file_set::{FileSet, list};
use crate::component::{Artifact, ComponentContext, ComponentError, PostProcessed, PostProcessor, Ui};
use crate::config::{Field, FieldType, Fields};
use crate::io_fault::words_and_advice;

/// The fields of the post-processor.
pub const FIELDS: &[Field] = &[("files", FieldType::Texts), ("keep_input_artifact", FieldType::Flag)];

/// The post-processor.
#[derive(Debug, Default)]
pub struct Artifice {
    patterns: Vec<String>,
    working_dir: Arc<PathBuf>,
}

#[async_trait]
impl PostProcessor for Artifice {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.patterns = fields.texts("files");
        self.working_dir = context.working_dir.clone();
        fields.finish()?;
        if self.patterns.is_empty() {
            return Err(ComponentError::new("No files specified in artifice configuration"));
        }
        Ok(Vec::new())
    }

    async fn post_process(
        &self,
        ui: Arc<dyn Ui>,
        input: Arc<dyn Artifact>,
        _: &Cancel,
    ) -> Result<PostProcessed, ComponentError> {
        let discarded = input.files();
        if !discarded.is_empty() {
            ui.say(&format!("Discarding files from artifact: {}", list(&discarded)));
        }
        let mut files = Vec::new();
        for pattern in &self.patterns {
            files.extend(find(pattern, &self.working_dir)?);
        }
        ui.say(&format!("Using these artifact files: {}", list(&files)));
        let builder_id = "packer.post-processor.artifice";
        let artifact = FileSet { builder_id, files, working_dir: self.working_dir.clone() };
        Ok(PostProcessed { artifact: Some(Arc::new(artifact)), keep: true, force: false })
    }
}

/// The files that match, named as the pattern names them, in order. None is no fault.
fn find(pattern: &str, working_dir: &Path) -> Result<Vec<PathBuf>, ComponentError> {
    let bad = |why: &str| ComponentError::new(format!("syntax error in pattern '{pattern}': {why}"));
    let relative = Path::new(pattern).is_relative();
    let mut whole = if relative { glob::Pattern::escape(&working_dir.display().to_string()) } else { String::new() };
    if relative {
        whole.push('/');
    }
    whole.push_str(&translate(pattern).ok_or_else(|| bad("it ends in a backslash"))?);
    // Stars match a leading dot, and never a separator.
    let options =
        MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };
    let matches = glob::glob_with(&whole, options).map_err(|error| bad(error.msg))?;
    let mut files = Vec::new();
    for path in matches {
        let path = path.map_err(|error| {
            let (path, words) = (error.path().display().to_string(), words_and_advice(error.error()));
            ComponentError::new(format!("Unable to look for files in {path}: {words}"))
        })?;
        let shown = if relative { path.strip_prefix(working_dir).unwrap_or(&path) } else { &path };
        files.push(shown.to_path_buf());
    }
    Ok(files)
}

/// A pattern of Go's `filepath.Match` for the `glob` crate: `[^…]` negates, a backslash quotes, `**` is only `*`.
fn translate(pattern: &str) -> Option<String> {
    let mut translated = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if !cfg!(windows) => translated.push_str(&glob::Pattern::escape(&chars.next()?.to_string())),
            '*' => {
                translated.push('*');
                while chars.next_if_eq(&'*').is_some() {}
            }
            '[' => {
                translated.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    translated.push('!');
                }
            }
            c => translated.push(c),
        }
    }
    Some(translated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::{FixedArtifact, RecordingUi, context, context_in};

    async fn run(folder: &Path, patterns: &[&str]) -> (Result<PostProcessed, ComponentError>, Vec<String>) {
        let mut artifice = Artifice::default();
        let config = Value::object([("files", Value::strings(patterns.iter().copied()))]);
        artifice.prepare(&config, &context_in(folder)).await.unwrap();
        let ui = Arc::new(RecordingUi::default());
        let input = FixedArtifact { files: vec!["old".into(), "older".into()], ..FixedArtifact::default() };
        (artifice.post_process(ui.clone(), Arc::new(input), &Cancel::new()).await, ui.said())
    }

    #[tokio::test]
    async fn takes_what_matches() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        for name in ["a.img", "b.img", "c.txt", ".h.img", "d/e.img", "w*w"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let absolute = format!("{}/c.*", folder.path().display());
        let found = folder.path().join("c.txt").display().to_string();
        let rows: [(&str, &str); 9] = [
            ("a.img", "a.img"),
            ("*.img", ".h.img, a.img, b.img"),
            ("**/*.img", "d/e.img"),
            ("[^a].img", "b.img"),
            ("[a-b].img", "a.img, b.img"),
            ("w\\*w", "w*w"),
            ("nothing*", ""),
            ("d/?.img", "d/e.img"),
            (&absolute, &found),
        ];
        for (pattern, files) in rows {
            let (done, said) = run(folder.path(), &[pattern]).await;
            let done = done.unwrap();
            let artifact = done.artifact.unwrap();
            assert_eq!(
                said,
                [
                    "say: Discarding files from artifact: old, older".to_owned(),
                    format!("say: Using these artifact files: {files}")
                ]
            );
            assert_eq!(artifact.description(), format!("Created artifact from files: {files}"));
            assert_eq!((artifact.builder_id(), artifact.id().as_str()), ("packer.post-processor.artifice", ""));
            assert!(done.keep && !done.force);
        }
        let (done, _) = run(folder.path(), &["b.img", "a.img"]).await;
        assert_eq!(done.unwrap().artifact.unwrap().files(), ["b.img", "a.img"].map(PathBuf::from));
    }

    #[tokio::test]
    async fn faults() {
        let (error, _) = run(Path::new("/"), &["[a"]).await;
        assert!(error.unwrap_err().to_string().starts_with("syntax error in pattern '[a'"));
        let error = Artifice::default().prepare(&Value::object([("files", Value::strings([""; 0]))]), &context()).await;
        assert_eq!(error, Err(ComponentError::new("No files specified in artifice configuration")));
    }
}

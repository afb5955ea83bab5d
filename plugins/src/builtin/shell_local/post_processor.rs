//! The post-processor: scripts after a build. The artifact passes through.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::config::ShellLocal;
use crate::component::{Artifact, ComponentContext, ComponentError, PostProcessed, PostProcessor, Ui};

/// The post-processor.
#[derive(Debug, Default)]
pub struct ShellLocalPostProcessor {
    prepared: Option<ShellLocal>,
}

#[async_trait]
impl PostProcessor for ShellLocalPostProcessor {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut shell_local = ShellLocal::read(config, context)?;
        // A single part is a whole command line, as it was before the shell became configurable.
        if shell_local.execute_command.len() == 1 {
            let shell: [&str; 2] = if cfg!(windows) { ["cmd", "/C"] } else { ["/bin/sh", "-c"] };
            shell_local.execute_command.splice(0..0, shell.map(str::to_owned));
        }
        self.prepared = Some(shell_local);
        Ok(Vec::new())
    }

    async fn post_process(
        &self,
        ui: Arc<dyn Ui>,
        input: Arc<dyn Artifact>,
        cancel: &Cancel,
    ) -> Result<PostProcessed, ComponentError> {
        let Some(shell_local) = &self.prepared else {
            return Err(ComponentError::new("shell-local was not prepared"));
        };
        shell_local.run(ui.as_ref(), &input.generated_data(), cancel).await?;
        // Kept by force: deleting it would delete what is passed on.
        Ok(PostProcessed { artifact: Some(input), keep: true, force: true })
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::{FixedArtifact, RecordingUi, context_in};
    use crate::component::BuildData;

    #[tokio::test]
    async fn passes_its_input_on() {
        let directory = tempfile::tempdir().unwrap();
        let mut pp = ShellLocalPostProcessor::default();
        let config = Value::object([
            ("inline", Value::strings(["echo {{ build `ID` }} $WHAT"])),
            ("execute_command", Value::strings(["{{.Vars}} {{.Script}}"])),
            ("environment_vars", Value::strings(["WHAT=it's {{build `ID`}}"])),
        ]);
        pp.prepare(&config, &context_in(directory.path())).await.unwrap();
        let data = BuildData::from([("ID".to_owned(), Value::string("i-7"))]);
        let input: Arc<dyn Artifact> = Arc::new(FixedArtifact { data, ..FixedArtifact::default() });
        let ui = Arc::new(RecordingUi::default());
        let done = pp.post_process(ui.clone(), input.clone(), &Cancel::new()).await.unwrap();
        assert!(Arc::ptr_eq(&done.artifact.unwrap(), &input));
        assert!(done.keep && done.force);
        assert_eq!(ui.said()[1..], ["say: i-7 it's i-7"]);
    }
}

//! The builder and what it leaves: nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::build_data;
use super::connect::StepConnect;
use super::keys::{Made, StepClearKeys, StepKeyPair};
use super::options::{Link, Options};
use super::serve::StepHttpServer;
use crate::builtin::steps::{Step, StepOptions, StepProvision, StepState, run_steps};
use crate::component::{Artifact, Builder, ComponentContext, ComponentError, Hook, Prepared, Ui};
use crate::config::Fields;

/// The builder.
#[derive(Debug, Default)]
pub struct NullBuilder {
    options: Options,
    step_options: StepOptions,
    context: Option<ComponentContext>,
}

#[async_trait]
impl Builder for NullBuilder {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Prepared, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.options = Options::read(&mut fields);
        self.step_options = StepOptions { on_error: fields.context().on_error, debug: fields.context().debug };
        self.context = Some(fields.context().clone());
        fields.finish()?;
        Ok(Prepared { warnings: self.options.warnings.clone(), ..Prepared::default() })
    }

    async fn run(
        &self,
        ui: Arc<dyn Ui>,
        hook: Arc<dyn Hook>,
        cancel: &Cancel,
    ) -> Result<Option<Arc<dyn Artifact>>, ComponentError> {
        let Some(context) = &self.context else { return Err(ComponentError::new("the builder was not prepared")) };
        let link = &self.options.link;
        let made = Made::default();
        let mut steps: Vec<Box<dyn Step + '_>> = Vec::new();
        if self.options.served.is_some() {
            steps.push(Box::new(StepHttpServer::new(&self.options)));
        }
        let has_keys = matches!(link, Link::Ssh(ssh) if ssh.temporary.is_some());
        if has_keys {
            steps.push(Box::new(StepKeyPair { link, context, made: made.clone() }));
        }
        steps.push(Box::new(StepConnect::new(&self.options, made)));
        steps.push(Box::new(StepProvision));
        if has_keys {
            steps.push(Box::new(StepClearKeys { link }));
        }
        let data = build_data::initial(link, &context.run_uuid);
        let mut state = StepState { ui, hook, communicator: None, data, cancel: cancel.clone(), error: None };
        run_steps(&steps, self.step_options, &mut state).await?;
        Ok(Some(Arc::new(NullArtifact)))
    }
}

/// What a `null` build gives.
#[derive(Debug)]
struct NullArtifact;

#[async_trait]
impl Artifact for NullArtifact {
    fn builder_id(&self) -> &str {
        "fnoeding.null"
    }

    fn id(&self) -> String {
        "Null".to_owned()
    }

    fn description(&self) -> String {
        "Did not export anything. This is the null builder".to_owned()
    }

    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    fn generated_data(&self) -> BTreeMap<String, Value> {
        BTreeMap::from([("ID".to_owned(), Value::string("Null"))])
    }

    async fn destroy(&self) -> Result<(), ComponentError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use engine::CancelPhase;

    use super::*;
    use crate::builtin::fixtures::{RecordingHook, RecordingUi, context};
    use crate::component::{HOOK_CLEANUP_PROVISION, HOOK_PROVISION, OnError};

    async fn builder(on_error: OnError) -> NullBuilder {
        let mut builder = NullBuilder::default();
        let config = Value::object([("communicator", Value::string("none"))]);
        builder.prepare(&config, &ComponentContext { on_error, ..context() }).await.unwrap();
        builder
    }

    #[tokio::test]
    async fn lends_a_communicator_and_gives_nothing() {
        let (ui, hook) = (Arc::new(RecordingUi::default()), Arc::new(RecordingHook::default()));
        let builder = builder(OnError::Cleanup).await;
        let artifact = builder.run(ui.clone(), hook.clone(), &Cancel::new()).await.unwrap().unwrap();
        assert_eq!((artifact.builder_id(), artifact.id().as_str()), ("fnoeding.null", "Null"));
        assert_eq!(artifact.description(), "Did not export anything. This is the null builder");
        assert!(artifact.files().is_empty());
        assert_eq!(artifact.generated_data(), [("ID".to_owned(), Value::string("Null"))].into());
        let calls = hook.calls.lock().unwrap();
        let (name, communicator, data) = &calls[0];
        assert_eq!((name.as_str(), *communicator, calls.len()), (HOOK_PROVISION, true, 1));
        assert_eq!(data["PackerRunUUID"], Value::string("run-1"));
        assert!(!data.contains_key("Host"));
        assert!(ui.said().is_empty());
    }

    #[tokio::test]
    async fn a_failed_provisioner_is_cleaned_up_after() {
        let (ui, hook) = (Arc::new(RecordingUi::default()), RecordingHook::answering([Err(ComponentError::new("no"))]));
        let hook = Arc::new(hook);
        let error = builder(OnError::Cleanup).await.run(ui.clone(), hook.clone(), &Cancel::new()).await.unwrap_err();
        assert_eq!(error, ComponentError::new("no"));
        assert_eq!(hook.names(), [HOOK_PROVISION, HOOK_CLEANUP_PROVISION]);
        assert_eq!(ui.said(), ["say: Provisioning step had errors: Running the cleanup provisioner, if present..."]);
    }

    #[tokio::test]
    async fn abort_keeps_the_cleanup_provisioner_from_running() {
        let (ui, hook) = (Arc::new(RecordingUi::default()), RecordingHook::answering([Err(ComponentError::new("no"))]));
        let hook = Arc::new(hook);
        builder(OnError::Abort).await.run(ui.clone(), hook.clone(), &Cancel::new()).await.unwrap_err();
        assert_eq!(hook.names(), [HOOK_PROVISION]);
        assert_eq!(
            ui.said(),
            [
                "error: no",
                "error: Step \"StepProvision\" failed, aborting...",
                "error: aborted: skipping cleanup of step \"StepConnect\""
            ]
        );
    }

    #[tokio::test]
    async fn a_stopped_run_builds_nothing() {
        let cancel = Cancel::new();
        cancel.raise(CancelPhase::Stopping);
        let hook = Arc::new(RecordingHook::default());
        let error = builder(OnError::Cleanup).await.run(Arc::new(RecordingUi::default()), hook.clone(), &cancel).await;
        assert_eq!(error.unwrap_err(), ComponentError::Cancelled);
        assert!(hook.names().is_empty());
    }
}

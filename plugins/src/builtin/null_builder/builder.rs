//! The builder and what it leaves: nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use super::connection;
use crate::builtin::none_communicator::NoneCommunicator;
use crate::builtin::steps::{Step, StepOptions, StepProvision, StepState, run_steps};
use crate::component::{Artifact, BuildData, Builder, ComponentContext, ComponentError, Hook, Prepared, Ui};
use crate::config::Fields;

/// The builder.
#[derive(Debug, Default)]
pub struct NullBuilder {
    options: StepOptions,
    run_uuid: Arc<str>,
}

#[async_trait]
impl Builder for NullBuilder {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Prepared, ComponentError> {
        let mut fields = Fields::new(config, context);
        connection::check(&mut fields);
        self.options = StepOptions { on_error: fields.context().on_error, debug: fields.context().debug };
        self.run_uuid = context.run_uuid.clone();
        fields.finish().map(|()| Prepared::default())
    }

    async fn run(
        &self,
        ui: Arc<dyn Ui>,
        hook: Arc<dyn Hook>,
        cancel: &Cancel,
    ) -> Result<Option<Arc<dyn Artifact>>, ComponentError> {
        let steps: [Box<dyn Step>; 2] = [Box::new(StepConnect), Box::new(StepProvision)];
        let mut state =
            StepState { ui, hook, communicator: None, data: self.build_data(), cancel: cancel.clone(), error: None };
        run_steps(&steps, self.options, &mut state).await?;
        Ok(Some(Arc::new(NullArtifact)))
    }
}

impl NullBuilder {
    /// What provisioners learn: there is no host and no HTTP server, and they are told so.
    fn build_data(&self) -> BuildData {
        let data = [
            ("ID", "Null"),
            ("PackerRunUUID", &*self.run_uuid),
            ("PackerHTTPAddr", "ERR_HTTP_ADDR_NOT_IMPLEMENTED_BY_BUILDER"),
            ("PackerHTTPIP", "ERR_HTTP_IP_NOT_IMPLEMENTED_BY_BUILDER"),
            ("PackerHTTPPort", "ERR_HTTP_PORT_NOT_IMPLEMENTED_BY_BUILDER"),
        ];
        data.into_iter().map(|(name, text)| (name.to_owned(), Value::string(text))).collect()
    }
}

/// Connects. With communicator `none` there is nothing to wait for.
struct StepConnect;

#[async_trait]
impl Step for StepConnect {
    fn name(&self) -> &'static str {
        "StepConnect"
    }

    async fn run(&self, state: &mut StepState) -> Result<(), ComponentError> {
        tracing::info!("communicator disabled, will not connect");
        state.communicator = Some(Arc::new(NoneCommunicator));
        Ok(())
    }

    async fn cleanup(&self, _: &mut StepState) {}
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

//! Provisioner `sleep`: waits, silently.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::duration::GoDuration;
use planner::value::Value;

use crate::component::{BuildData, Communicator, ComponentContext, ComponentError, Provisioner, Ui};
use crate::config::{Field, FieldType, Fields};

/// The fields of the provisioner. It takes no `packer_*` attributes.
pub const FIELDS: &[Field] = &[("duration", FieldType::Duration)];

/// The provisioner.
#[derive(Debug, Default)]
pub struct Sleep {
    duration: GoDuration,
}

#[async_trait]
impl Provisioner for Sleep {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.duration = fields.duration("duration").unwrap_or_default();
        fields.finish().map(|()| Vec::new())
    }

    async fn provision(
        &self,
        _: Arc<dyn Ui>,
        _: Arc<dyn Communicator>,
        _: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        tokio::select! {
            biased;
            () = cancel.stopping() => Err(ComponentError::Cancelled),
            () = tokio::time::sleep(self.duration.to_std()) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::CancelPhase;
    use tokio::time::{Duration, Instant};

    use super::*;
    use crate::builtin::fixtures::{RecordingUi, context};
    use crate::builtin::none_communicator::NoneCommunicator;

    async fn sleep(duration: &str, cancel: &Cancel) -> Result<(), ComponentError> {
        let mut sleep = Sleep::default();
        sleep.prepare(&Value::object([("duration", Value::string(duration))]), &context()).await?;
        let ui = Arc::new(RecordingUi::default());
        let result = sleep.provision(ui.clone(), Arc::new(NoneCommunicator), &BuildData::new(), cancel).await;
        assert_eq!(ui.said(), Vec::<String>::new());
        result
    }

    #[tokio::test(start_paused = true)]
    async fn waits_as_long_as_told() {
        let start = Instant::now();
        assert_eq!(sleep("1h1s", &Cancel::new()).await, Ok(()));
        assert_eq!(start.elapsed(), Duration::from_secs(3_601));
        assert_eq!(sleep("-5s", &Cancel::new()).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn ends_when_cancelled() {
        let cancel = Cancel::new();
        let (slept, ()) = tokio::join!(sleep("100h", &cancel), async { cancel.raise(CancelPhase::Stopping) });
        assert_eq!(slept, Err(ComponentError::Cancelled));
    }

    #[tokio::test]
    async fn duration_must_be_one() {
        let error = sleep("5", &Cancel::new()).await.unwrap_err().to_string();
        assert!(error.contains("duration: time: missing unit in duration \"5\""), "{error}");
    }
}

//! Provisioner `breakpoint`: waits until somebody presses enter.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use crate::component::{BuildData, Communicator, ComponentContext, ComponentError, Provisioner, Ui};
use crate::config::{Field, FieldType, Fields};

/// The fields of the provisioner.
pub const FIELDS: &[Field] = &[("disable", FieldType::Flag), ("note", FieldType::Text)];

/// The provisioner.
#[derive(Debug, Default)]
pub struct Breakpoint {
    note: String,
    disable: bool,
}

#[async_trait]
impl Provisioner for Breakpoint {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.note = fields.text("note");
        self.disable = fields.flag("disable");
        fields.finish().map(|()| Vec::new())
    }

    async fn provision(
        &self,
        ui: Arc<dyn Ui>,
        _: Arc<dyn Communicator>,
        _: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let note = if self.note.is_empty() { String::new() } else { format!(" with note \"{}\"", self.note) };
        if self.disable {
            ui.say(&format!("Breakpoint provisioner{note} disabled; continuing..."));
            return Ok(());
        }
        ui.say(&format!("Pausing at breakpoint provisioner{note}."));
        tokio::select! {
            biased;
            () = cancel.stopping() => Err(ComponentError::Cancelled),
            answer = ui.ask("Press enter to continue.") => answer
                .map(drop)
                .map_err(|error| ComponentError::new(format!("Error asking for input: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::{RecordingUi, context};
    use crate::builtin::none_communicator::NoneCommunicator;

    #[tokio::test]
    async fn asks_unless_disabled() {
        let ask = "ask: Press enter to continue.";
        type Row<'a> = (&'a str, bool, &'a [&'a str], &'a [&'a str], Result<(), &'a str>);
        let rows: &[Row<'_>] = &[
            ("", false, &[""], &["say: Pausing at breakpoint provisioner.", ask], Ok(())),
            ("look", false, &[""], &["say: Pausing at breakpoint provisioner with note \"look\".", ask], Ok(())),
            (
                "",
                false,
                &[],
                &["say: Pausing at breakpoint provisioner.", ask],
                Err("Error asking for input: no available tty"),
            ),
            ("", true, &[], &["say: Breakpoint provisioner disabled; continuing..."], Ok(())),
            ("n", true, &[], &["say: Breakpoint provisioner with note \"n\" disabled; continuing..."], Ok(())),
        ];
        for (note, disable, answers, said, expected) in rows {
            let mut breakpoint = Breakpoint::default();
            let config = Value::object([("note", Value::string(*note)), ("disable", Value::Bool(*disable))]);
            breakpoint.prepare(&config, &context()).await.unwrap();
            let ui = Arc::new(RecordingUi::answering(answers));
            let result =
                breakpoint.provision(ui.clone(), Arc::new(NoneCommunicator), &BuildData::new(), &Cancel::new()).await;
            assert_eq!(result, expected.map_err(ComponentError::new));
            assert_eq!(ui.said(), *said);
        }
    }
}

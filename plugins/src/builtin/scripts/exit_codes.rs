//! `valid_exit_codes`.

use crate::component::ComponentError;
use crate::config::Fields;

/// The statuses with which a script may end.
#[derive(Clone, Debug)]
pub struct ExitCodes(Vec<i64>);

impl ExitCodes {
    /// Reads the field. Only zero, when there is none.
    pub fn read(fields: &mut Fields<'_>) -> Self {
        let codes = fields.wholes("valid_exit_codes");
        Self(if codes.is_empty() { vec![0] } else { codes })
    }

    /// Whether this one is allowed.
    pub fn allow(&self, status: i64) -> bool {
        self.0.contains(&status)
    }

    /// Refuses a status that is not allowed.
    ///
    /// # Errors
    ///
    /// That one.
    pub fn check(&self, status: i64) -> Result<(), ComponentError> {
        if self.allow(status) {
            return Ok(());
        }
        let allowed: Vec<String> = self.0.iter().map(i64::to_string).collect();
        Err(ComponentError::new(format!(
            "Script exited with non-zero exit status: {status}. Allowed exit codes are: [{}]",
            allowed.join(" ")
        )))
    }
}

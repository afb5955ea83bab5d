//! Where a component says what it does.

use async_trait::async_trait;

use super::error::ComponentError;

/// A component's output. Lines reach the user under the build's name.
#[async_trait]
pub trait Ui: Send + Sync {
    /// A step worth a line.
    fn say(&self, text: &str);

    /// A detail.
    fn message(&self, text: &str);

    /// Something went wrong.
    fn error(&self, text: &str);

    /// A machine-readable line.
    fn machine(&self, kind: &str, args: &[String]);

    /// Asks the user and waits for a line. Fails with `no available tty` where nobody can answer.
    async fn ask(&self, query: &str) -> Result<String, ComponentError>;
}

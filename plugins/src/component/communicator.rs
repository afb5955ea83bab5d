//! The connection to a machine, lent to provisioners between a builder's open and close.

use std::path::Path;

use async_trait::async_trait;
use engine::Cancel;

use super::error::ComponentError;
use super::ui::Ui;

/// Runs commands on, and moves files to and from, a machine.
#[async_trait]
pub trait Communicator: Send + Sync {
    /// Runs a command line to its end and gives its exit status; output lines go to `ui`.
    async fn run(&self, command: &str, ui: &dyn Ui, cancel: &Cancel) -> Result<i32, ComponentError>;

    /// Copies a local file to the machine.
    async fn upload(&self, from: &Path, to: &str, cancel: &Cancel) -> Result<(), ComponentError>;

    /// Copies a local directory's content to the machine.
    async fn upload_dir(&self, from: &Path, to: &str, cancel: &Cancel) -> Result<(), ComponentError>;

    /// Copies a file from the machine.
    async fn download(&self, from: &str, to: &Path, cancel: &Cancel) -> Result<(), ComponentError>;

    /// Copies a directory from the machine.
    async fn download_dir(&self, from: &str, to: &Path, cancel: &Cancel) -> Result<(), ComponentError>;
}

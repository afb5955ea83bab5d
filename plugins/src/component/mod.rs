//! What a component is: the traits behind which built-in and external ones look alike, and what is handed to them.

pub mod artifact;
pub mod builder;
pub mod communicator;
pub mod context;
pub mod datasource;
pub mod error;
pub mod post_processor;
pub mod provisioner;
pub mod state;
pub mod ui;

pub use artifact::Artifact;
pub use builder::{Builder, HOOK_CLEANUP_PROVISION, HOOK_PROVISION, Hook, Prepared};
pub use communicator::{Communicator, DISCONNECTED, FileInfo, RemoteCommand, Running, Sink, Source};
pub use context::{BuildData, ComponentContext, OnError};
pub use datasource::Datasource;
pub use error::ComponentError;
pub use post_processor::{PostProcessed, PostProcessor};
pub use provisioner::Provisioner;
pub use state::{GENERATED_DATA, State};
pub use ui::{Echo, Progress, Ui, Unseen};

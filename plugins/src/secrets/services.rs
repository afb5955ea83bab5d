//! All services behind the one border.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use planner::eval::{SecretError, SecretStore};

use crate::secrets::aws::{AwsError, SecretsManager};
use crate::secrets::consul::Consul;
use crate::secrets::run::run;
use crate::secrets::settings::SecretSettings;
use crate::secrets::vault::Vault;

/// The services that the environment names. Each client is made when it is first needed.
pub struct Services {
    settings: SecretSettings,
    vault: Slot<Vault>,
    consul: Slot<Consul>,
    aws: Slot<SecretsManager>,
}

/// A client, or why there is none.
type Slot<T> = OnceLock<Result<T, Arc<dyn std::error::Error + Send + Sync>>>;

impl Services {
    /// Services as `settings` describe them. Nothing is reached yet.
    pub fn new(settings: SecretSettings) -> Self {
        Self { settings, vault: OnceLock::new(), consul: OnceLock::new(), aws: OnceLock::new() }
    }

    fn open<'a, T, E: std::error::Error + Send + Sync + 'static>(
        &'a self,
        slot: &'a Slot<T>,
        new: fn(&SecretSettings) -> Result<T, E>,
    ) -> Result<&'a T, SecretError> {
        let client = slot.get_or_init(|| new(&self.settings).map_err(|error| Arc::new(error) as _));
        client.as_ref().map_err(|error| SecretError::service(error.clone()))
    }
}

impl SecretStore for Services {
    fn vault(&self, path: &str, key: &str) -> Result<String, SecretError> {
        answer(self.open(&self.vault, Vault::new)?.read(path, key))
    }

    fn consul(&self, key: &str) -> Result<String, SecretError> {
        answer(self.open(&self.consul, Consul::new)?.read(key))
    }

    fn aws(&self, name: &str, key: Option<&str>) -> Result<String, SecretError> {
        check_name(name)?;
        answer(self.open(&self.aws, SecretsManager::new)?.read(name, key))
    }

    fn aws_raw(&self, name: &str) -> Result<String, SecretError> {
        check_name(name)?;
        answer(self.open(&self.aws, SecretsManager::new)?.read_raw(name))
    }
}

/// Said before anything is looked at.
fn check_name(name: &str) -> Result<(), SecretError> {
    if name.is_empty() { Err(SecretError::service(AwsError::NoName)) } else { Ok(()) }
}

fn answer<E: std::error::Error + Send + Sync + 'static>(
    asked: impl Future<Output = Result<String, E>> + Send,
) -> Result<String, SecretError> {
    run(asked).map_err(SecretError::service)?.map_err(SecretError::service)
}

impl fmt::Debug for Services {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Services").field("settings", &self.settings).finish_non_exhaustive()
    }
}

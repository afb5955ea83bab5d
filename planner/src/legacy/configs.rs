//! What the components of a legacy template are handed: their configuration as it was written.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::interpolate::Promised;
use crate::legacy::raw::Raw;
use crate::lower::Program;
use crate::lower::configure::BUILD_KEYS;
use crate::node::{BuildId, ComponentUse, ProvisionerId};

impl Program {
    /// The configurations of a component, later ones laid over earlier ones. `None` in other templates.
    pub fn raw_configs(&self, id: BuildId, what: ComponentUse) -> Option<Vec<Raw>> {
        let template = &self.legacy.as_ref()?.template;
        let build = self.build(id);
        let provisioner = match what {
            ComponentUse::Builder => return Some(vec![template.builders.get(&build.local_name)?.config.clone()]),
            ComponentUse::PostProcessor(at) => {
                let (chain, position) = *build.chains.get(at.chain as usize)?.get(at.position as usize)?;
                let post_processor = template.chains.get(chain as usize)?.get(position as usize)?;
                return Some(vec![post_processor.config.clone()]);
            }
            ComponentUse::Provisioner(ProvisionerId::ErrorCleanup) => template.error_cleanup.as_ref()?,
            ComponentUse::Provisioner(ProvisionerId::Ordinary(nth)) => {
                let at = *build.provisioners.get(nth as usize)?;
                template.provisioners.get(at as usize)?
            }
        };
        let own = provisioner.overrides.get(&build.local_name);
        Some(std::iter::once(&provisioner.config).chain(own).cloned().collect())
    }

    /// The names that `build` passes on when the strings of a component are rendered before its builder has run;
    /// `generated` are those that the builder promised to add.
    pub fn promised(&self, what: ComponentUse, generated: &[String]) -> Promised {
        if what == ComponentUse::Builder {
            return Promised::Nothing;
        }
        let known = BUILD_KEYS.iter().map(|key| Arc::from(*key));
        let names: BTreeSet<Arc<str>> = known.chain(generated.iter().map(|key| Arc::from(key.as_str()))).collect();
        Promised::Names(Arc::new(names))
    }
}

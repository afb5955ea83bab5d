//! The components of plugins by the names that templates know them by.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use planner::catalog::{ComponentKind, Schema};

use crate::component::{Builder, Datasource, PostProcessor, Provisioner};
use crate::external::binary::{Binary, Component};
use crate::external::builder::PluginBuilder;
use crate::external::datasource::PluginDatasource;
use crate::external::hosting::Hosting;
use crate::external::post_processor::PluginPostProcessor;
use crate::external::provisioner::PluginProvisioner;
use crate::external::schemas;

/// Components by name.
pub type Components = BTreeMap<(ComponentKind, String), Component>;
/// Finds out which further components there are; called once, when one is asked for that is not known yet.
pub type Find = Box<dyn Fn() -> Result<Components, String> + Send + Sync>;
/// What was found, or why that failed.
type Found = Result<Entries, String>;
/// Components with what is known of them.
type Entries = HashMap<ComponentKind, BTreeMap<String, Entry>>;
/// What is known of a component: the shape of its configuration, or why that is not known.
type Known = Result<Arc<Schema>, String>;

/// All components of plugins. Nothing is looked for, and no plugin started, before somebody asks for a component.
#[derive(Default)]
pub struct External(Option<Plugins>);

struct Plugins {
    hosting: Arc<Hosting>,
    known: Entries,
    find: Find,
    found: OnceLock<Found>,
}

struct Entry {
    component: Arc<Component>,
    schema: OnceLock<Known>,
}

impl External {
    /// The components in `known`, and those that `find` finds, run with `hosting`. Known ones are preferred: while only they
    /// are asked for, nothing is looked for.
    pub fn new(hosting: Hosting, known: Components, find: Find) -> Self {
        let known = entries(known);
        Self(Some(Plugins { hosting: Arc::new(hosting), known, find, found: OnceLock::new() }))
    }

    /// Whether there is such a component.
    pub fn has(&self, kind: ComponentKind, name: &str) -> bool {
        self.entry(kind, name).is_some()
    }

    /// The plugin that a component is in.
    pub fn binary(&self, kind: ComponentKind, name: &str) -> Option<&Arc<Binary>> {
        self.entry(kind, name).map(|entry| &entry.component.binary)
    }

    /// What the configuration of a component looks like. `None` when there is no such component; an error when that cannot
    /// be found out, or when its plugin does not tell the shape. Must not be called from within a tokio runtime.
    pub fn schema(&self, kind: ComponentKind, name: &str) -> Option<Known> {
        let plugins = self.0.as_ref()?;
        match plugins.entry(kind, name) {
            Err(fault) => Some(Err(fault.clone())),
            Ok(entry) => {
                let entry = entry?;
                Some(entry.schema.get_or_init(|| plugins.ask(&entry.component)).clone())
            }
        }
    }

    /// All names of one kind, sorted.
    pub fn names(&self, kind: ComponentKind) -> Vec<String> {
        let Some(plugins) = &self.0 else { return Vec::new() };
        let all = [Some(&plugins.known), plugins.found().as_ref().ok()];
        let names = all.into_iter().flatten().filter_map(|entries| entries.get(&kind)).flat_map(BTreeMap::keys);
        names.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A new builder called `name`.
    pub fn builder(&self, name: &str) -> Option<Box<dyn Builder>> {
        let (component, hosting) = self.parts(ComponentKind::Builder, name)?;
        Some(Box::new(PluginBuilder::new(component, hosting)))
    }

    /// A new provisioner called `name`.
    pub fn provisioner(&self, name: &str) -> Option<Box<dyn Provisioner>> {
        let (component, hosting) = self.parts(ComponentKind::Provisioner, name)?;
        Some(Box::new(PluginProvisioner::new(component, hosting)))
    }

    /// A new post-processor called `name`.
    pub fn post_processor(&self, name: &str) -> Option<Box<dyn PostProcessor>> {
        let (component, hosting) = self.parts(ComponentKind::PostProcessor, name)?;
        Some(Box::new(PluginPostProcessor::new(component, hosting)))
    }

    /// A new data source called `name`.
    pub fn datasource(&self, name: &str) -> Option<Box<dyn Datasource>> {
        let (component, hosting) = self.parts(ComponentKind::Datasource, name)?;
        Some(Box::new(PluginDatasource::new(component, hosting)))
    }

    fn parts(&self, kind: ComponentKind, name: &str) -> Option<(Arc<Component>, Arc<Hosting>)> {
        let hosting = self.0.as_ref()?.hosting.clone();
        Some((self.entry(kind, name)?.component.clone(), hosting))
    }

    fn entry(&self, kind: ComponentKind, name: &str) -> Option<&Entry> {
        self.0.as_ref()?.entry(kind, name).ok()?
    }
}

fn entries(components: Components) -> Entries {
    let mut entries = Entries::new();
    for ((kind, name), component) in components {
        let entry = Entry { component: Arc::new(component), schema: OnceLock::new() };
        entries.entry(kind).or_default().insert(name, entry);
    }
    entries
}

fn entry_of<'e>(entries: &'e Entries, kind: ComponentKind, name: &str) -> Option<&'e Entry> {
    entries.get(&kind)?.get(name)
}

impl Plugins {
    /// A component, if there is one; an error when that cannot be found out.
    fn entry(&self, kind: ComponentKind, name: &str) -> Result<Option<&Entry>, &String> {
        match entry_of(&self.known, kind, name) {
            Some(entry) => Ok(Some(entry)),
            None => Ok(entry_of(self.found().as_ref()?, kind, name)),
        }
    }

    fn found(&self) -> &Found {
        self.found.get_or_init(|| (self.find)().map(entries))
    }

    fn ask(&self, component: &Component) -> Known {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("the plugin cannot be asked: {error}"))?;
        let schema = runtime.block_on(schemas::schema(&self.hosting, component));
        schema.map(Arc::new).map_err(|error| error.to_string())
    }
}

//! Which builds there are, and what runs for each of them.

use std::sync::Arc;

use crate::catalog::{Catalog, ComponentKind};
use crate::config::{BuildBlock, build};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval::Scope;
use crate::legacy::analysis::Legacy;
use crate::legacy::template::{PostProcessor, Provisioner};
use crate::lower::analysis::Analysis;
use crate::lower::builds::Expanded;
use crate::lower::meta::{PostProcessorMeta, ProvisionerMeta};
use crate::lower::program::{BlockPlan, Build};
use crate::lower::reference::Schemas;
use crate::select::Selection;
use crate::span::{FileId, Span};
use crate::value::quote;
use crate::values::ComponentScope;

/// A build that cannot be made, and why. The others can.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// Its name, without the builder's type.
    pub name: Arc<str>,
    /// What is wrong with it.
    pub diagnostic: Diagnostic,
}

/// Expands the selected builds, sorted by name.
pub(crate) fn expand(
    legacy: &Legacy,
    analysis: &Analysis,
    catalog: &dyn Catalog,
    selection: &Selection,
) -> (Expanded, Vec<LeftOut>) {
    let mut expander = Expander {
        legacy,
        catalog,
        selection,
        schemas: Schemas::default(),
        retries: legacy.template.provisioners.iter().map(|one| max_retries(legacy, one)).collect(),
    };
    let (mut builds, mut left_out) = (Vec::new(), Vec::new());
    for (at, source) in analysis.template.sources.iter().enumerate() {
        let name = &source.name.name;
        if !selection.takes_build(name) {
            continue;
        }
        match expander.build(at, name, &source.kind.name) {
            Ok(build) => builds.push(build),
            Err(detail) => {
                let summary = format!("Failed to initialize build {}", quote(name));
                left_out.push(LeftOut { name: name.clone(), diagnostic: Diagnostic::error(summary, detail, None) });
            }
        }
    }
    let blocks = decode_build(analysis).map(|block| expander.block_plan(block)).into_iter().collect();
    (Expanded { builds, blocks, schemas: expander.schemas }, left_out)
}

/// The one block with all provisioners and post-processors in it.
fn decode_build(analysis: &Analysis) -> Option<BuildBlock> {
    let values = &analysis.values;
    let plain = ComponentScope::plain(values);
    let scope = Scope { variables: &plain, functions: &values.functions, host: &values.host };
    // It was made to be well formed.
    build::decode(analysis.template.builds.first()?, &scope, &mut Diagnostics::new())
}

struct Expander<'a> {
    legacy: &'a Legacy,
    catalog: &'a dyn Catalog,
    selection: &'a Selection,
    schemas: Schemas,
    /// `max_retries` of each provisioner.
    retries: Vec<Result<u32, String>>,
}

impl Expander<'_> {
    /// A build, or the first thing that keeps it from being made.
    fn build(&mut self, source: usize, name: &Arc<str>, kind: &Arc<str>) -> Result<Build, String> {
        let legacy = self.legacy;
        let written = legacy.names.get(name).cloned().unwrap_or_else(|| name.clone());
        self.require(ComponentKind::Builder, "builder", kind)?;
        let mut provisioners = Vec::new();
        for (at, one) in legacy.template.provisioners.iter().enumerate() {
            if !one.sources.skips(&written) {
                self.require(ComponentKind::Provisioner, "provisioner", &one.kind)?;
                self.retries[at].as_ref().map_err(String::clone)?;
                provisioners.push(at as u32);
            }
        }
        if let Some(one) = &legacy.template.error_cleanup {
            self.require(ComponentKind::Provisioner, "provisioner", &one.kind)?;
            max_retries(legacy, one)?;
        }
        let mut chains = Vec::new();
        for (chain_at, chain) in legacy.template.chains.iter().enumerate() {
            let mut kept = Vec::new();
            // What is excluded cuts off the rest of its chain.
            for (at, one) in chain.iter().enumerate().take_while(|(_, one)| !self.selection.excepts(&one.name)) {
                if !one.sources.skips(&written) {
                    self.require(ComponentKind::PostProcessor, "post-processor", &one.kind)?;
                    kept.push((chain_at as u32, at as u32));
                }
            }
            if !kept.is_empty() {
                chains.push(kept);
            }
        }
        let shown: Arc<str> = if *kind == written { name.clone() } else { format!("{kind}.{name}").into() };
        Ok(Build {
            key: shown.clone(),
            name: shown,
            block: 0,
            source: source as u32,
            use_at: None,
            kind: kind.clone(),
            source_name: name.clone(),
            local_name: written,
            provisioners,
            error_cleanup: legacy.template.error_cleanup.is_some(),
            chains,
            claims: Vec::new(),
        })
    }

    /// A component must exist.
    fn require(&mut self, kind: ComponentKind, label: &str, name: &Arc<str>) -> Result<(), String> {
        let mut found = Diagnostics::new();
        // Only the words are wanted: in such a template nothing is pointed at.
        let nowhere = Span { file: FileId(0), start: 0, end: 0 };
        if self.schemas.require(self.catalog, kind, label, name, nowhere, &mut found) {
            return Ok(());
        }
        Err(found.into_iter().next().map(|unknown| unknown.detail).unwrap_or_default())
    }

    fn block_plan(&self, block: BuildBlock) -> BlockPlan {
        let template = &self.legacy.template;
        let provisioners = template.provisioners.iter().zip(&self.retries);
        BlockPlan {
            block,
            name: Arc::default(),
            description: template.description.as_str().into(),
            sources: template.builders.iter().map(|(name, builder)| format!("{}.{name}", builder.kind)).collect(),
            is_whole: true,
            provisioners: provisioners.map(|(one, retries)| provisioner_meta(one, retries)).collect(),
            error_cleanup: template
                .error_cleanup
                .as_ref()
                .map(|one| provisioner_meta(one, &max_retries(self.legacy, one))),
            chains: template.chains.iter().map(|chain| chain.iter().map(post_processor_meta).collect()).collect(),
        }
    }
}

fn provisioner_meta(provisioner: &Provisioner, retries: &Result<u32, String>) -> ProvisionerMeta {
    ProvisionerMeta {
        pause_before: provisioner.pause_before,
        timeout: provisioner.timeout,
        // A build for which they could not be read is not made.
        max_retries: retries.as_ref().copied().unwrap_or_default(),
        ..ProvisionerMeta::default()
    }
}

fn post_processor_meta(post_processor: &PostProcessor) -> PostProcessorMeta {
    PostProcessorMeta {
        name: post_processor.name.clone(),
        keep_input_artifact: post_processor.keep_input_artifact,
        ..PostProcessorMeta::default()
    }
}

/// How often a provisioner is tried again.
fn max_retries(legacy: &Legacy, provisioner: &Provisioner) -> Result<u32, String> {
    if provisioner.max_retries.is_empty() {
        return Ok(0);
    }
    let rendered = legacy.interpolation().until_stable(&provisioner.max_retries);
    let rendered = rendered.map_err(|error| format!("failed to interpolate `max_retries`: {error}"))?;
    let number: i64 = rendered.parse().map_err(|_| {
        format!("`max_retries` must be a valid integer: strconv.Atoi: parsing {}: invalid syntax", quote(&rendered))
    })?;
    Ok(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

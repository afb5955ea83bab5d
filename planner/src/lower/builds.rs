//! Expands build blocks into builds: one for each use of a source, with the provisioners and post-processors that run
//! for it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::{Catalog, ComponentKind};
use crate::config::{BuildBlock, ComponentBlock, Template, build, setting};
use crate::diagnostic::{Diagnostics, Severity};
use crate::eval::Scope;
use crate::lower::analysis::Analysis;
use crate::lower::meta::{self, PostProcessorMeta};
use crate::lower::program::{BlockPlan, Build};
use crate::lower::reference::{Schemas, SourceIndex, parse_reference};
use crate::select::Selection;
use crate::span::Span;
use crate::syntax::ast::{Block, Expr};
use crate::value::Value;
use crate::values::{BuildView, ComponentScope};

/// Builds and what their blocks share.
#[derive(Debug, Default)]
pub struct Expanded {
    /// The selected builds, in template order.
    pub builds: Vec<Build>,
    /// One entry for each build block.
    pub blocks: Vec<BlockPlan>,
    /// The schemas of all components used by selected builds.
    pub schemas: Schemas,
}

/// One source that a block builds.
struct SourceChoice {
    source: usize,
    use_at: Option<usize>,
    local_name: Arc<str>,
}

/// Expands all build blocks and applies the selection.
pub fn expand(analysis: &Analysis, catalog: &dyn Catalog, selection: &Selection, diags: &mut Diagnostics) -> Expanded {
    analysis.settle_structure(diags);
    let template = &analysis.template;
    let sources = SourceIndex::new(&template.sources);
    let mut expanded = Expanded::default();
    let mut names = Vec::new();
    let mut n_cut = 0;
    for block in &template.builds {
        let mut expander = Expander { analysis, catalog, sources: &sources, schemas: &mut expanded.schemas, diags };
        let Some((plan, choices)) = expander.expand(block) else { continue };
        let at = expanded.blocks.len();
        for choice in choices {
            let (build, n_cut_here) = make_build(template, at, &plan, choice, selection);
            names.push(build.name.to_string());
            if selection.takes_build(&build.name) {
                expanded.builds.push(build);
                n_cut += n_cut_here;
            }
        }
        expanded.blocks.push(plan);
    }
    selection.report_unmatched(&names, n_cut, diags);
    make_keys_unique(&mut expanded.builds);
    expanded
}

struct Expander<'a> {
    analysis: &'a Analysis,
    catalog: &'a dyn Catalog,
    sources: &'a SourceIndex<'a>,
    schemas: &'a mut Schemas,
    diags: &'a mut Diagnostics,
}

impl Expander<'_> {
    fn expand(&mut self, block: &Block) -> Option<(BlockPlan, Vec<SourceChoice>)> {
        let values = &self.analysis.values;
        let plain = ComponentScope::plain(values);
        let scope = Scope { variables: &plain, functions: &values.functions, host: &values.host };
        let mut found = Diagnostics::new();
        let decoded = build::decode(block, &scope, &mut found);
        let head = decoded.and_then(|block| Some((read_head(&block, &scope, &mut found)?, block)));
        let whole = !found.has_errors();
        self.diags.append(found);
        let (Head { name, description, sources }, block) = head?;
        let n_before = self.diags.len();
        let mut plan = self.block_plan(block, name, description);
        let listed = listed_sources(&plan.block, &sources);
        let metas_whole = !self.diags.iter().skip(n_before).any(|found| found.severity == Severity::Error);
        plan.is_whole = whole && metas_whole && listed.is_some();
        plan.sources = listed.unwrap_or_default();
        if whole && sources.is_empty() && plan.block.source_uses.is_empty() {
            let detail = "a build block must reference at least one source to be built";
            self.diags.error("missing source reference", detail, plan.block.header);
        }
        let choices = self.choices(&plan.block, &sources);
        self.check_components(&plan.block);
        Some((plan, choices))
    }

    fn block_plan(&mut self, block: BuildBlock, name: Arc<str>, description: Arc<str>) -> BlockPlan {
        let values = &self.analysis.values;
        let named = Value::object([("name", Value::string(name.clone()))]);
        let inside = ComponentScope::new(values, None, BuildView::Known(named));
        let scope = Scope { variables: &inside, functions: &values.functions, host: &values.host };
        let diags = &mut *self.diags;
        let provisioners = block.provisioners.iter().map(|inner| meta::provisioner(inner, &scope, diags)).collect();
        let error_cleanup = block.error_cleanup.as_ref().map(|inner| meta::provisioner(inner, &scope, diags));
        let mut chains = Vec::with_capacity(block.chains.len());
        for chain in &block.chains {
            chains.push(chain.iter().map(|inner| meta::post_processor(inner, &scope, diags)).collect());
        }
        let sources = Vec::new();
        BlockPlan { block, name, description, sources, is_whole: false, provisioners, error_cleanup, chains }
    }

    /// All entries of `sources`, then all `source` blocks. Faults are told at the build: it is what cannot be made.
    fn choices(&mut self, block: &BuildBlock, listed: &[Arc<str>]) -> Vec<SourceChoice> {
        let mut choices = Vec::with_capacity(listed.len() + block.source_uses.len());
        for text in listed {
            choices.extend(self.choose(text, block.header, None, None));
        }
        for (at, used) in block.source_uses.iter().enumerate() {
            let local = used.name.as_ref().map(|name| name.name.clone());
            choices.extend(self.choose(&used.reference.name, block.header, Some(at), local));
        }
        choices
    }

    fn choose(&mut self, text: &str, at: Span, use_at: Option<usize>, local: Option<Arc<str>>) -> Option<SourceChoice> {
        let (kind, name) = match parse_reference(text, at) {
            Ok(parts) => parts,
            Err(problem) => {
                self.diags.push(problem);
                return None;
            }
        };
        // The type is checked before the reference, so an undeclared source of an unknown type reports the type.
        let kind: Arc<str> = kind.into();
        if !self.schemas.require(self.catalog, ComponentKind::Builder, "source type", &kind, at, self.diags) {
            return None;
        }
        match self.sources.find(&kind, name, at) {
            Ok(source) => Some(SourceChoice { source, use_at, local_name: local.unwrap_or_else(|| name.into()) }),
            Err(problem) => {
                self.diags.push(problem);
                None
            }
        }
    }

    fn check_components(&mut self, block: &BuildBlock) {
        let mut require = |kind: ComponentKind, label: &str, inner: &ComponentBlock| {
            self.schemas.require(self.catalog, kind, label, &inner.kind.name, inner.header, self.diags);
        };
        for inner in &block.provisioners {
            require(ComponentKind::Provisioner, "provisioner", inner);
        }
        if let Some(inner) = &block.error_cleanup {
            require(ComponentKind::Provisioner, "error-cleanup-provisioner", inner);
        }
        for inner in block.chains.iter().flatten() {
            require(ComponentKind::PostProcessor, "post-processor", inner);
        }
    }
}

/// The sources of a block as they are shown; none when one of them is no reference.
fn listed_sources(block: &BuildBlock, listed: &[Arc<str>]) -> Option<Vec<String>> {
    let listed = listed.iter().map(|text| (&**text, None));
    let used = block.source_uses.iter().map(|used| (&*used.reference.name, used.name.as_ref()));
    let shown = listed.chain(used).map(|(text, local)| {
        let (kind, name) = parse_reference(text, block.header).ok()?;
        Some(format!("{kind}.{}", local.map_or(name, |local| &*local.name)))
    });
    shown.collect()
}

/// What a block says of itself.
struct Head {
    name: Arc<str>,
    description: Arc<str>,
    sources: Vec<Arc<str>>,
}

/// Reads the arguments of a block; none when one of them cannot be read, which is said.
fn read_head(block: &BuildBlock, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<Head> {
    let mut text = |expr: &Option<Arc<Expr>>| match expr {
        Some(expr) => setting::text(expr, Some(scope), diags),
        None => Some(Arc::default()),
    };
    let (name, description) = (text(&block.name), text(&block.description));
    let sources = match &block.sources {
        Some(expr) => setting::texts(expr, Some(scope), diags),
        None => Some(Vec::new()),
    };
    Some(Head { name: name?, description: description?, sources: sources? })
}

/// One build of the block at `at`, and how many of its chains `-except` cuts short.
fn make_build(
    template: &Template,
    at: usize,
    plan: &BlockPlan,
    choice: SourceChoice,
    selection: &Selection,
) -> (Build, usize) {
    let source = &template.sources[choice.source];
    let SourceChoice { use_at, local_name, .. } = choice;
    let selector = format!("{}.{local_name}", source.kind.name);
    let name = if plan.name.is_empty() { selector.clone() } else { format!("{}.{selector}", plan.name) };
    let runs = plan.provisioners.iter().enumerate().filter(|(_, meta)| meta.sources.runs_for(&selector));
    let error_cleanup = plan.error_cleanup.as_ref().is_some_and(|meta| meta.sources.runs_for(&selector));
    let mut chains = Vec::with_capacity(plan.chains.len());
    let mut n_cut = 0;
    for (chain_at, metas) in plan.chains.iter().enumerate() {
        // What does not run for this source cannot end the chain either.
        let running: Vec<_> = metas.iter().enumerate().filter(|(_, meta)| meta.sources.runs_for(&selector)).collect();
        let kept = running.iter().take_while(|(at, meta)| {
            let inner = &plan.block.chains[chain_at][*at];
            !selection.excepts(shown_name(inner, meta))
        });
        let chain: Vec<(u32, u32)> = kept.map(|(at, _)| (chain_at as u32, *at as u32)).collect();
        n_cut += usize::from(chain.len() < running.len());
        if !chain.is_empty() {
            chains.push(chain);
        }
    }
    let build = Build {
        key: name.clone().into(),
        name: name.into(),
        block: at as u32,
        source: choice.source as u32,
        use_at: use_at.map(|at| at as u32),
        kind: source.kind.name.clone(),
        source_name: source.name.name.clone(),
        local_name,
        provisioners: runs.map(|(at, _)| at as u32).collect(),
        error_cleanup,
        chains,
        // They are known when all builds are.
        claims: Vec::new(),
    };
    (build, n_cut)
}

/// What `-except` is matched against: the name, or the type of an unnamed post-processor.
fn shown_name<'a>(block: &'a ComponentBlock, meta: &'a PostProcessorMeta) -> &'a str {
    if meta.name.is_empty() { &block.kind.name } else { &meta.name }
}

/// Builds may share a name (the same source used twice); their keys may not.
fn make_keys_unique(builds: &mut [Build]) {
    let mut seen: HashMap<Arc<str>, usize> = HashMap::new();
    for build in builds {
        let n_before = seen.entry(build.name.clone()).or_default();
        *n_before += 1;
        if *n_before > 1 {
            build.key = format!("{}#{n_before}", build.name).into();
        }
    }
}

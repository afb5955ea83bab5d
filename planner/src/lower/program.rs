//! A compiled template: what runs, with what configuration, in which order.

use std::sync::Arc;

use engine::Plan;

use crate::config::{BuildBlock, ComponentBlock, Template};
use crate::legacy::{LeftOut, Legacy};
use crate::lower::analysis::Analysis;
use crate::lower::meta::{PostProcessorMeta, ProvisionerMeta};
use crate::lower::reference::Schemas;
use crate::node::{ArtifactId, BuildId, ComponentUse, Node, PostProcessorId, ProvisionerId};
use crate::span::Span;
use crate::values::Values;

/// One source use of one build block.
#[derive(Clone, Debug)]
pub struct Build {
    /// `[build.]type.name`, as users see it.
    pub name: Arc<str>,
    /// The name, made unique where two builds share one.
    pub key: Arc<str>,
    /// The position of its build block.
    pub block: u32,
    /// The position of its source.
    pub source: u32,
    /// The position of the `source` block inside the build block, if it was used by one.
    pub use_at: Option<u32>,
    /// The builder's type.
    pub kind: Arc<str>,
    /// The source's own name.
    pub source_name: Arc<str>,
    /// The local name if one was given, else the source's.
    pub local_name: Arc<str>,
    /// The provisioners that run for it, by position in the block.
    pub provisioners: Vec<u32>,
    /// Whether the block's error-cleanup provisioner serves it.
    pub error_cleanup: bool,
    /// The post-processors that run for it: chains of (chain, position) in the block.
    pub chains: Vec<Vec<(u32, u32)>>,
    /// What it claims of pools while it is built, by name.
    pub claims: Vec<(Arc<str>, u32)>,
}

/// What all builds of one block share.
#[derive(Clone, Debug)]
pub struct BlockPlan {
    /// The block, its `dynamic` blocks expanded.
    pub block: BuildBlock,
    /// `build.name`; empty when the block has none.
    pub name: Arc<str>,
    /// The block's description.
    pub description: Arc<str>,
    /// `type.name` of every source it uses, by local name; whether or not there is such a source.
    pub sources: Vec<String>,
    /// Whether nothing was wrong with the block itself.
    pub is_whole: bool,
    /// Evaluated meta-arguments, in block order.
    pub provisioners: Vec<ProvisionerMeta>,
    /// Those of the error-cleanup provisioner.
    pub error_cleanup: Option<ProvisionerMeta>,
    /// Those of the post-processors, by chain.
    pub chains: Vec<Vec<PostProcessorMeta>>,
}

/// A compiled template.
#[derive(Debug)]
pub struct Program {
    /// The blocks.
    pub template: Template,
    /// What expressions see.
    pub values: Values,
    /// The selected builds, in template order.
    pub builds: Vec<Build>,
    /// What the builds of a block share, by position of the block.
    pub blocks: Vec<BlockPlan>,
    /// The sealed graph.
    pub plan: Arc<Plan<Node>>,
    /// What a legacy template has beside its blocks; none for other templates.
    pub legacy: Option<Arc<Legacy>>,
    /// Builds of a legacy template that cannot be made, sorted by name. The others can.
    pub left_out: Vec<LeftOut>,
    pub(crate) schemas: Schemas,
}

impl Program {
    /// The template and values, to be compiled again.
    pub fn into_analysis(self) -> Analysis {
        Analysis { template: self.template, values: self.values, legacy: self.legacy }
    }

    /// A build.
    pub fn build(&self, id: BuildId) -> &Build {
        &self.builds[id.0 as usize]
    }

    /// What the builds of a build's block share.
    pub fn block(&self, id: BuildId) -> &BlockPlan {
        &self.blocks[self.build(id).block as usize]
    }

    /// The block and meta-arguments of a provisioner.
    pub fn provisioner(&self, id: BuildId, at: ProvisionerId) -> Option<(&ComponentBlock, &ProvisionerMeta)> {
        let plan = self.block(id);
        let block = &plan.block;
        match at {
            ProvisionerId::Ordinary(nth) => {
                let at = *self.build(id).provisioners.get(nth as usize)? as usize;
                Some((block.provisioners.get(at)?, plan.provisioners.get(at)?))
            }
            ProvisionerId::ErrorCleanup => Some((block.error_cleanup.as_ref()?, plan.error_cleanup.as_ref()?)),
        }
    }

    /// The block and meta-arguments of a post-processor.
    pub fn post_processor(&self, id: BuildId, at: PostProcessorId) -> Option<(&ComponentBlock, &PostProcessorMeta)> {
        let (chain, position) = *self.build(id).chains.get(at.chain as usize)?.get(at.position as usize)?;
        let plan = self.block(id);
        let inner = plan.block.chains.get(chain as usize)?.get(position as usize)?;
        Some((inner, plan.chains.get(chain as usize)?.get(position as usize)?))
    }

    /// Names a node the same way on every machine: `build.type.name/provision[2]`.
    pub fn key(&self, node: Node) -> String {
        let build = |id: BuildId| &self.build(id).key;
        match node {
            Node::Datasource(at) => self.template.data[at as usize].reference(),
            Node::PrepareData(at) => format!("{}/prepare", self.template.data[at as usize].reference()),
            Node::Prepare(id, ComponentUse::Builder) => format!("{}/prepare", build(id)),
            Node::Prepare(id, ComponentUse::Provisioner(at)) => format!("{}/{}/prepare", build(id), provision_key(at)),
            Node::Prepare(id, ComponentUse::PostProcessor(at)) => format!("{}/{}/prepare", build(id), post_key(at)),
            Node::BuilderOpen(id) => format!("{}/open", build(id)),
            Node::Provision(id, at) => format!("{}/{}", build(id), provision_key(at)),
            Node::BuilderClose(id) => format!("{}/close", build(id)),
            Node::PostProcess(id, at) => format!("{}/{}", build(id), post_key(at)),
            Node::Destroy(id, ArtifactId::Builder) => format!("{}/destroy", build(id)),
            Node::Destroy(id, ArtifactId::PostProcessor(at)) => format!("{}/{}/destroy", build(id), post_key(at)),
        }
    }

    /// Where in the template a node comes from.
    pub fn span(&self, node: Node) -> Span {
        let source = |id: BuildId| {
            let build = self.build(id);
            let used = build.use_at.map(|at| &self.block(id).block.source_uses[at as usize]);
            used.map_or(self.template.sources[build.source as usize].header, |used| used.header)
        };
        let provisioner =
            |id: BuildId, at| self.provisioner(id, at).map_or_else(|| source(id), |(block, _)| block.header);
        let post_processor =
            |id: BuildId, at| self.post_processor(id, at).map_or_else(|| source(id), |(block, _)| block.header);
        match node {
            Node::Datasource(at) | Node::PrepareData(at) => self.template.data[at as usize].header,
            Node::Prepare(id, ComponentUse::Builder) | Node::BuilderOpen(id) | Node::BuilderClose(id) => source(id),
            Node::Prepare(id, ComponentUse::Provisioner(at)) | Node::Provision(id, at) => provisioner(id, at),
            Node::Prepare(id, ComponentUse::PostProcessor(at)) | Node::PostProcess(id, at) => post_processor(id, at),
            Node::Destroy(id, ArtifactId::Builder) => source(id),
            Node::Destroy(id, ArtifactId::PostProcessor(at)) => post_processor(id, at),
        }
    }
}

fn provision_key(at: ProvisionerId) -> String {
    match at {
        ProvisionerId::Ordinary(nth) => format!("provision[{nth}]"),
        ProvisionerId::ErrorCleanup => "error-cleanup".to_owned(),
    }
}

fn post_key(at: PostProcessorId) -> String {
    format!("post-process[{}][{}]", at.chain, at.position)
}

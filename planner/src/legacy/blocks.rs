//! The blocks that say what a legacy template says: a source for each builder, and one build with everything in it. Their
//! bodies are empty, as components decode their own configuration.

use std::sync::Arc;

use crate::config::{self, Template};
use crate::legacy::analysis::Legacy;
use crate::legacy::template::{PostProcessor, Provisioner};
use crate::span::{FileId, Span};
use crate::syntax::ast::{Block, Body, Ident};

/// The blocks for a template. Sources are in the order of the builders' names.
pub(super) fn template(legacy: &Legacy) -> Template {
    let mut sources = Vec::new();
    for (name, written) in &legacy.names {
        let Some(builder) = legacy.template.builders.get(written) else { continue };
        let block = block("source", &[&builder.kind, name], builder.span, Vec::new());
        sources.push(config::source::decode(&block));
    }
    Template { sources, builds: vec![build(legacy)], ..Template::default() }
}

fn build(legacy: &Legacy) -> Block {
    let template = &legacy.template;
    let mut inner: Vec<Block> = Vec::new();
    let provisioner =
        |word: &str, provisioner: &Provisioner| block(word, &[&provisioner.kind], provisioner.span, Vec::new());
    inner.extend(template.provisioners.iter().map(|one| provisioner("provisioner", one)));
    inner.extend(template.error_cleanup.iter().map(|one| provisioner("error-cleanup-provisioner", one)));
    for chain in &template.chains {
        let link = |one: &PostProcessor| block("post-processor", &[&one.kind], one.span, Vec::new());
        let span = chain.first().map_or(NOWHERE, |first| first.span);
        inner.push(block("post-processors", &[], span, chain.iter().map(link).collect()));
    }
    block("build", &[], NOWHERE, inner)
}

/// The place of what is not written anywhere: the start of the template.
const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };

fn block(kind: &str, labels: &[&Arc<str>], span: Span, blocks: Vec<Block>) -> Block {
    let ident = |name: Arc<str>| Ident { name, span };
    Block {
        kind: ident(kind.into()),
        labels: labels.iter().map(|label| ident((*label).clone())).collect(),
        body: Body { attributes: Vec::new(), blocks, span, is_unknown: false, json: None },
        span,
        header: span,
    }
}

//! Named pools: how much there is of each, by the template and the command line, and what each build claims.
//!
//! `claims` in a source means this to everybody but a builder that has an argument of that name itself.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::catalog::{ComponentKind, Schema};
use crate::config::shape::{attribute, did_you_mean};
use crate::config::{Template, setting};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval::Scope;
use crate::lower::builds::Expanded;
use crate::lower::graph::{Extent, Limits};
use crate::span::Span;
use crate::syntax::ast::{Body, Expr};
use crate::values::{ComponentScope, Values};

const CLAIMS: &str = "claims";

/// A pool and its capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedPool {
    pub(crate) name: Arc<str>,
    pub(crate) capacity: u32,
    /// Whether the command line says so.
    is_given: bool,
}

/// What a source claims, with the place that says so.
type Claims = BTreeMap<Arc<str>, (u32, Span)>;

/// The pools of a template in the order they were declared, then those that only the command line knows. Says of each
/// build in `expanded` what it claims.
pub(crate) fn resolve(
    template: &Template,
    values: &Values,
    expanded: &mut Expanded,
    (limits, extent): (&Limits, Extent),
    diags: &mut Diagnostics,
) -> Vec<NamedPool> {
    let reader = Reader { template, values, expanded };
    let declared = reader.declared(limits, diags);
    let claims = reader.claims_by_build(diags);
    let mut pools = declared;
    for (name, capacity) in &limits.pools {
        if pools.iter().all(|pool| pool.name != *name) {
            pools.push(NamedPool { name: name.clone(), capacity: *capacity, is_given: true });
        }
    }
    reader.check_given(limits, &claims, diags);
    let mut is_said = BTreeSet::new();
    for (build, claims) in claims.iter().enumerate() {
        for (name, (claim, at)) in claims {
            // Many builds may share a source.
            let complaint = complaint(&pools, (name, *claim, *at), extent).filter(|_| is_said.insert((*at, name)));
            diags.extend(complaint);
        }
        let claims = claims.iter().filter(|(name, _)| pools.iter().any(|pool| pool.name == **name));
        expanded.builds[build].claims = claims.map(|(name, (claim, _))| (name.clone(), *claim)).collect();
    }
    pools
}

/// The configuration in a source, without what it claims.
pub(crate) fn without_claims<'b>(body: &'b Body, schema: &Schema) -> Cow<'b, Body> {
    if own_claims(body, Some(schema)).is_none() {
        return Cow::Borrowed(body);
    }
    let mut rest = body.clone();
    rest.take(&[CLAIMS], &mut Diagnostics::new());
    Cow::Owned(rest)
}

fn own_claims<'b>(body: &'b Body, schema: Option<&Schema>) -> Option<&'b Arc<Expr>> {
    let is_theirs = schema.is_some_and(|schema| {
        let mut names = schema.attributes.iter().map(|attribute| &attribute.name);
        names.any(|name| &**name == CLAIMS) || schema.blocks.iter().any(|block| &*block.name == CLAIMS)
    });
    attribute(body, CLAIMS).filter(|_| !is_theirs).map(|attribute| &attribute.expr)
}

struct Reader<'a> {
    template: &'a Template,
    values: &'a Values,
    expanded: &'a Expanded,
}

impl Reader<'_> {
    fn declared(&self, limits: &Limits, diags: &mut Diagnostics) -> Vec<NamedPool> {
        let mut pools = Vec::new();
        for block in &self.template.pools {
            let name = block.name.name.clone();
            let number = self.evaluate(&block.capacity, diags, setting::whole_number);
            let capacity = number.and_then(|number| u32::try_from(number).ok().filter(|number| *number > 0));
            if let (Some(number), None) = (number, capacity) {
                let detail = format!("The capacity of pool {name:?} is {number}. It must be 1 to {}.", u32::MAX);
                diags.error("Invalid pool capacity", detail, block.capacity.span);
            }
            let given = limits.pools.iter().rfind(|(given, _)| *given == name).map(|(_, capacity)| *capacity);
            if let Some(capacity) = given.or(capacity) {
                pools.push(NamedPool { name, capacity, is_given: given.is_some() });
            }
        }
        pools
    }

    fn claims_by_build(&self, diags: &mut Diagnostics) -> Vec<Claims> {
        let mut known: HashMap<(u32, Option<(u32, u32)>), Claims> = HashMap::new();
        let builds = self.expanded.builds.iter().map(|build| {
            let used = build.use_at.map(|at| (build.block, at));
            let claims = known.entry((build.source, used)).or_insert_with(|| {
                let schema = self.expanded.schemas.get(ComponentKind::Builder, &build.kind).map(|schema| &**schema);
                let mut claims = self.claims(&self.template.sources[build.source as usize].body, schema, diags);
                if let Some((block, at)) = used {
                    let block = &self.expanded.blocks[block as usize].block;
                    // A pool's share is what the nearer block says.
                    claims.extend(self.claims(&block.source_uses[at as usize].body, schema, diags));
                }
                claims
            });
            claims.clone()
        });
        builds.collect()
    }

    fn claims(&self, body: &Body, schema: Option<&Schema>, diags: &mut Diagnostics) -> Claims {
        let Some(expr) = own_claims(body, schema) else { return Claims::new() };
        let numbers = self.evaluate(expr, diags, setting::whole_numbers).unwrap_or_default();
        let mut claims = Claims::new();
        for (name, number) in numbers {
            match u32::try_from(number) {
                Ok(claim) => _ = claims.insert(name, (claim, expr.span)),
                Err(_) => {
                    let detail = format!("The claim on pool {name:?} is {number}. It must be 0 to {}.", u32::MAX);
                    diags.error("Invalid claim", detail, expr.span);
                }
            }
        }
        claims
    }

    fn evaluate<T>(
        &self,
        expr: &Expr,
        diags: &mut Diagnostics,
        read: fn(&Expr, Option<&Scope<'_>>, &mut Diagnostics) -> Option<T>,
    ) -> Option<T> {
        let needed = self.values.dependencies().of_expr(expr);
        self.values.settle(&needed, diags);
        let plain = ComponentScope::plain(self.values).seeing(&needed);
        let scope = Scope { variables: &plain, functions: &self.values.functions, host: &self.values.host };
        read(expr, Some(&scope), diags)
    }

    /// A pool on the command line that nobody knows is a slip.
    fn check_given(&self, limits: &Limits, claims: &[Claims], diags: &mut Diagnostics) {
        if limits.pools.is_empty() {
            return;
        }
        // Builds that are not selected claim too, but not now.
        let sources = self.template.sources.iter().map(|source| &source.body);
        let uses = self.expanded.blocks.iter().flat_map(|block| &block.block.source_uses).map(|used| &used.body);
        let mut known: BTreeSet<Arc<str>> = claims.iter().flat_map(Claims::keys).cloned().collect();
        known.extend(sources.chain(uses).flat_map(|body| self.claims(body, None, &mut Diagnostics::new()).into_keys()));
        known.extend(self.template.pools.iter().map(|pool| pool.name.name.clone()));
        for (name, _) in limits.pools.iter().filter(|(name, _)| !known.contains(name)) {
            let hint = did_you_mean(name, known.iter().map(|name| &**name));
            let detail =
                format!("--pool gives a capacity to {name:?}, which the template neither declares nor claims.{hint}");
            diags.error("No such pool", detail, None);
        }
    }
}

/// What is wrong with a claim. Where nothing is built, the command line may still name the pool later.
fn complaint(pools: &[NamedPool], (name, claim, at): (&str, u32, Span), extent: Extent) -> Option<Diagnostic> {
    let Some(pool) = pools.iter().find(|pool| &*pool.name == name) else {
        let hint = did_you_mean(name, pools.iter().map(|pool| &*pool.name));
        let detail = format!(
            "Nothing says how much there is of the pool {name:?}. Declare it in the packer block, as in pool {name:?} {{ \
             capacity = 10 }}, or on the command line, as in --pool {name}=10.{hint}"
        );
        let summary = "Undeclared pool";
        return Some(match extent {
            Extent::Build => Diagnostic::error(summary, detail, at),
            Extent::DataAndPrepare | Extent::Prepare => Diagnostic::warning(summary, detail, at),
        });
    };
    if claim <= pool.capacity {
        return None;
    }
    let by = if pool.is_given { " by --pool" } else { "" };
    let detail = format!(
        "The claim on pool {name:?} is {claim}, and its capacity is {}{by}: this could never be built.",
        pool.capacity
    );
    Some(Diagnostic::error("Claim above the capacity of a pool", detail, at))
}

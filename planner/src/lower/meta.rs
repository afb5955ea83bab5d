//! Meta-arguments evaluated: what the core itself does around a provisioner or post-processor.

use std::sync::Arc;

use crate::config::{ComponentBlock, setting};
use crate::diagnostic::Diagnostics;
use crate::duration::GoDuration;
use crate::eval::{self, Scope};
use crate::syntax::ast::Expr;
use crate::value::Value;

/// Which sources a component runs for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnlyExcept {
    only: Vec<Arc<str>>,
    except: Vec<Arc<str>>,
}

impl OnlyExcept {
    /// Whether it runs for `source`, a `type.name` without the build's name.
    pub fn runs_for(&self, source: &str) -> bool {
        let listed = |names: &[Arc<str>]| names.iter().any(|name| &**name == source);
        (self.only.is_empty() || listed(&self.only)) && !listed(&self.except)
    }
}

/// What the core does around a provisioner.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProvisionerMeta {
    /// Its label.
    pub name: Arc<str>,
    /// Which sources it runs for.
    pub sources: OnlyExcept,
    /// Wait before each attempt; zero and less: not at all.
    pub pause_before: GoDuration,
    /// Longest an attempt may take; zero and less: as long as it likes.
    pub timeout: GoDuration,
    /// Attempts after the first.
    pub max_retries: u32,
    /// Failure becomes a warning.
    pub continue_on_error: bool,
    /// Configuration per local source name, laid over the block's own.
    pub overrides: Option<Value>,
}

/// What the core does around a post-processor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PostProcessorMeta {
    /// Its label.
    pub name: Arc<str>,
    /// Which sources it runs for.
    pub sources: OnlyExcept,
    /// What the author says about keeping the input artifact.
    pub keep_input_artifact: Option<bool>,
}

/// Evaluates a provisioner's meta-arguments. With errors in `diags` the result is not what the author meant.
pub fn provisioner(block: &ComponentBlock, scope: &Scope<'_>, diags: &mut Diagnostics) -> ProvisionerMeta {
    let mut reader = Reader { block, scope, diags };
    let retries = reader.read("max_retries", setting::whole_number).unwrap_or(0);
    ProvisionerMeta {
        name: reader.read("name", setting::text).unwrap_or_default(),
        sources: reader.only_except(),
        pause_before: reader.duration("pause_before"),
        timeout: reader.duration("timeout"),
        max_retries: u32::try_from(retries.max(0)).unwrap_or(u32::MAX),
        continue_on_error: reader.read("continue_on_error", setting::flag).unwrap_or(false),
        overrides: reader.overrides(),
    }
}

/// Evaluates a post-processor's meta-arguments.
pub fn post_processor(block: &ComponentBlock, scope: &Scope<'_>, diags: &mut Diagnostics) -> PostProcessorMeta {
    let mut reader = Reader { block, scope, diags };
    PostProcessorMeta {
        name: reader.read("name", setting::text).unwrap_or_default(),
        sources: reader.only_except(),
        keep_input_artifact: reader.read("keep_input_artifact", setting::optional_flag),
    }
}

struct Reader<'a, 's> {
    block: &'a ComponentBlock,
    scope: &'a Scope<'s>,
    diags: &'a mut Diagnostics,
}

impl Reader<'_, '_> {
    fn read<T>(&mut self, name: &str, read: fn(&Expr, Option<&Scope<'_>>, &mut Diagnostics) -> Option<T>) -> Option<T> {
        read(self.block.meta.get(name)?, Some(self.scope), self.diags)
    }

    fn only_except(&mut self) -> OnlyExcept {
        let only = self.read("only", setting::texts).unwrap_or_default();
        let except = self.read("except", setting::texts).unwrap_or_default();
        if !only.is_empty() && !except.is_empty() {
            let detail = "Remove one of the two: 'only' lists the sources to run for, 'except' those to leave out.";
            self.diags.error("only one of 'only' or 'except' may be specified", detail, self.block.header);
        }
        OnlyExcept { only, except }
    }

    fn duration(&mut self, name: &str) -> GoDuration {
        let text = self.read(name, setting::text).unwrap_or_default();
        if text.is_empty() {
            return GoDuration::default();
        }
        match text.parse() {
            Ok(duration) => duration,
            Err(error) => {
                let detail = format!("{error}. Durations are written like \"300ms\", \"90s\" or \"1h30m\".");
                self.diags.error(format!("Failed to parse {name} duration"), detail, self.block.header);
                GoDuration::default()
            }
        }
    }

    /// Settings by source name; what is in them may still be unknown.
    fn overrides(&mut self) -> Option<Value> {
        let expr = self.block.meta.get("override")?;
        let mut found = Diagnostics::new();
        let value = eval::evaluate(expr, self.scope, &mut found);
        let failed = found.has_errors();
        self.diags.append(found);
        if failed || value.is_null() {
            return None;
        }
        let Value::Object(entries) = &value else {
            let detail = "Give an object with a source name for each key and an object of settings for each value.";
            self.diags.error("provisioner's override block must be an HCL object", detail, self.block.header);
            return None;
        };
        for (name, _) in entries.iter().filter(|(_, inner)| !matches!(inner, Value::Object(_))) {
            let summary = format!("provisioner's override.'{name}' block must be an HCL object");
            self.diags.error(summary, "Give an object of settings.", self.block.header);
        }
        Some(value)
    }
}

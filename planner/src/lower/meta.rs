//! Meta-arguments evaluated: what the core itself does around a provisioner or post-processor.

use std::sync::Arc;

use crate::config::ComponentBlock;
use crate::diagnostic::Diagnostics;
use crate::duration::GoDuration;
use crate::eval::{self, Scope};
use crate::syntax::ast::Expr;
use crate::value::{Type, Value, convert};

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

/// Evaluates a provisioner's meta-arguments.
pub fn provisioner(block: &ComponentBlock, scope: &Scope<'_>, diags: &mut Diagnostics) -> ProvisionerMeta {
    let mut reader = Reader { block, scope, diags };
    let retries = reader.value("max_retries", &Type::Number).and_then(|value| value.as_number()?.to_i64());
    ProvisionerMeta {
        name: reader.text("name"),
        sources: reader.only_except(),
        pause_before: reader.duration("pause_before"),
        timeout: reader.duration("timeout"),
        max_retries: retries.map_or(0, |retries| u32::try_from(retries.max(0)).unwrap_or(u32::MAX)),
        continue_on_error: reader.flag("continue_on_error").unwrap_or(false),
        overrides: reader.overrides(),
    }
}

/// Evaluates a post-processor's meta-arguments.
pub fn post_processor(block: &ComponentBlock, scope: &Scope<'_>, diags: &mut Diagnostics) -> PostProcessorMeta {
    let mut reader = Reader { block, scope, diags };
    PostProcessorMeta {
        name: reader.text("name"),
        sources: reader.only_except(),
        keep_input_artifact: reader.flag("keep_input_artifact"),
    }
}

struct Reader<'a, 's> {
    block: &'a ComponentBlock,
    scope: &'a Scope<'s>,
    diags: &'a mut Diagnostics,
}

impl Reader<'_, '_> {
    fn expr(&self, name: &str) -> Option<Expr> {
        self.block.meta.get(name).cloned()
    }

    fn value(&mut self, name: &str, ty: &Type) -> Option<Value> {
        let expr = self.expr(name)?;
        let value = eval::evaluate(&expr, self.scope, self.diags);
        match convert(&value, ty) {
            Ok(value) if !value.is_known() && !self.diags.has_errors() => {
                let detail = format!(
                    "The value of {name:?} must be known before the build starts; it depends on something that only \
                     exists later, such as source or build values."
                );
                self.diags.error("Unsuitable value", detail, expr.span);
                None
            }
            Ok(value) => Some(value),
            Err(error) => {
                let detail = format!("Inappropriate value for attribute {name:?}: {error}.");
                self.diags.error("Unsuitable value type", detail, expr.span);
                None
            }
        }
    }

    fn text(&mut self, name: &str) -> Arc<str> {
        let value = self.value(name, &Type::String);
        value.and_then(|value| value.as_str().map(Arc::from)).unwrap_or_default()
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        self.value(name, &Type::Bool)?.as_bool()
    }

    fn names(&mut self, name: &str) -> Vec<Arc<str>> {
        let value = self.value(name, &Type::List(Arc::new(Type::String)));
        let items = value.as_ref().and_then(Value::items).unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(Arc::from).collect()
    }

    fn only_except(&mut self) -> OnlyExcept {
        if let (Some(_), Some(except)) = (self.expr("only"), self.expr("except")) {
            let detail = "Remove one of the two: 'only' lists the sources to run for, 'except' those to leave out.";
            self.diags.error("only one of 'only' or 'except' may be specified", detail, except.span);
        }
        OnlyExcept { only: self.names("only"), except: self.names("except") }
    }

    fn duration(&mut self, name: &str) -> GoDuration {
        let value = self.value(name, &Type::String);
        let text = value.as_ref().and_then(Value::as_str).unwrap_or_default();
        if text.is_empty() {
            return GoDuration::default();
        }
        match text.parse() {
            Ok(duration) => duration,
            Err(error) => {
                let span = self.expr(name).map(|expr| expr.span);
                let detail = format!("{error}. Durations are written like \"300ms\", \"90s\" or \"1h30m\".");
                self.diags.error(format!("Failed to parse {name} duration"), detail, span);
                GoDuration::default()
            }
        }
    }

    fn overrides(&mut self) -> Option<Value> {
        let value = self.value("override", &Type::Dynamic)?;
        let span = self.expr("override").map(|expr| expr.span);
        let Some(entries) = value.entries() else {
            let detail = "Give an object with a source name for each key and an object of settings for each value.";
            self.diags.error("provisioner's override block must be an HCL object", detail, span);
            return None;
        };
        for (name, inner) in entries {
            if inner.entries().is_none() {
                let summary = format!("provisioner's override.'{name}' block must be an HCL object");
                self.diags.error(summary, "Give an object of settings.", span);
            }
        }
        Some(value)
    }
}

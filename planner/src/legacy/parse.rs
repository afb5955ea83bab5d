//! Text to a legacy template: its shape, what must be there, and nothing about what the parts mean together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::duration::GoDuration;
use crate::files::Files;
use crate::legacy::decode::{Decoder, Fault, Field, Settings, Target};
use crate::legacy::json_syntax;
use crate::legacy::multi_error::all_of;
use crate::legacy::raw::{self, Raw};
use crate::legacy::template::{Builder, LegacyTemplate, OnlyExcept, PostProcessor, Provisioner, Variable};
use crate::span::{FileId, Span};
use crate::syntax::json::{self, Node};

use Target::{Anything, Duration, List, Map, OptionalFlag, Text};

const ROOT: &[Field] = &[
    ("min_packer_version", Text),
    ("Description", Text),
    ("builders", List(&Anything)),
    ("Comments", List(&Map(&Text))),
    ("Push", Map(&Anything)),
    ("post-processors", List(&Anything)),
    ("Provisioners", List(&Anything)),
    ("error-cleanup-provisioner", Anything),
    ("Variables", Map(&Anything)),
    ("sensitive-variables", List(&Text)),
    ("RawContents", List(&Target::Whole)),
];
const BUILDER: &[Field] = &[("Name", Text), ("Type", Text), ("Config", Map(&Anything))];
const PROVISIONER: &[Field] = &[
    ("Only", List(&Text)),
    ("Except", List(&Text)),
    ("Type", Text),
    ("Config", Map(&Anything)),
    ("Override", Map(&Anything)),
    ("pause_before", Duration),
    ("max_retries", Text),
    ("timeout", Duration),
];
const POST_PROCESSOR: &[Field] = &[
    ("Only", List(&Text)),
    ("Except", List(&Text)),
    ("Name", Text),
    ("Type", Text),
    ("keep_input_artifact", OptionalFlag),
    ("Config", Map(&Anything)),
];

/// Reads the text of a template. The spans of its parts point into a file called `name`.
///
/// # Errors
///
/// What is wrong with it, as one text.
pub fn parse(files: &mut Files, name: &str, text: &[u8]) -> Result<LegacyTemplate, String> {
    json_syntax::check(text).map_err(|error| error.describe(text))?;
    // Go reads bytes that are not UTF-8 as replacement characters.
    let file = files.add(name, String::from_utf8_lossy(text));
    let tree = json::parse(&files.get(file).text.clone(), file).map_err(|found| summaries(&found))?;
    let value = raw::from_tree(&tree)?;
    if let Some(field) = raw::find_duplicate(&tree) {
        return Err(format!("template has duplicate field: {field}"));
    }
    let mut root = Settings::new();
    let unused = Decoder { durations: false, ..Decoder::STRICT }.fields(&value, ROOT, &mut root);
    check_comments(&unused.map_err(|fault| fault.to_string())?, &value)?;
    Reader { root, spans: Spans { tree: &tree }, errors: Vec::new() }.template()
}

/// The template that stands in where none was given: one builder that does nothing.
pub fn null_template() -> LegacyTemplate {
    let communicator = BTreeMap::from([("communicator".into(), Raw::text("none"))]);
    let span = Span { file: FileId(0), start: 0, end: 0 };
    let builder = Builder { kind: "null".into(), config: Raw::Map(Arc::new(communicator)), span };
    LegacyTemplate { builders: BTreeMap::from([("null".into(), builder)]), ..LegacyTemplate::default() }
}

/// What the tree's parser has against a text that is JSON: it is nested too deeply.
pub(super) fn summaries(found: &Diagnostics) -> String {
    let summaries: Vec<&str> = found.iter().map(|fault| fault.summary.as_str()).collect();
    summaries.join("\n")
}

/// Names that mean nothing must be comments.
fn check_comments(unused: &[Arc<str>], value: &Raw) -> Result<(), String> {
    let mut unknown = Vec::new();
    for name in unused {
        let text = value.entries().and_then(|entries| entries.get(name)?.as_str());
        match text {
            Some(_) if name.starts_with('_') => {}
            None if name.starts_with('_') => {
                return Err(format!("Failed to cast root level comment value in comment \"{name}\" to string."));
            }
            _ => unknown.push(format!("Unknown root level key in template: '{name}'")),
        }
    }
    all_of(unknown)
}

/// Where the parts of a template stand.
struct Spans<'t> {
    tree: &'t Node,
}

impl Spans<'_> {
    /// The value of a root key, whose name is compared as the decoder does.
    fn of(&self, key: &str) -> Option<&Node> {
        let properties = self.tree.properties()?;
        let exact = properties.iter().find(|property| &*property.name == key);
        let found = exact.or_else(|| properties.iter().find(|property| property.name.eq_ignore_ascii_case(key)))?;
        Some(&found.value)
    }

    fn item(&self, key: &str, at: usize) -> Span {
        self.of(key).and_then(|list| Some(list.items()?.get(at)?.span)).unwrap_or(self.tree.span)
    }

    /// A post-processor alone, or in a chain.
    fn chained(&self, at: usize, position: usize) -> Span {
        let link = self.of("post-processors").and_then(|list| list.items()?.get(at));
        let inner = link.map(|link| link.items().and_then(|items| items.get(position)).unwrap_or(link));
        inner.unwrap_or(self.tree).span
    }
}

struct Reader<'t> {
    root: Settings,
    spans: Spans<'t>,
    errors: Vec<String>,
}

impl Reader<'_> {
    fn template(mut self) -> Result<LegacyTemplate, String> {
        let text = |name: &str| self.root.get(name).and_then(Raw::as_str).unwrap_or_default().to_owned();
        let mut template = LegacyTemplate {
            description: text("Description"),
            min_version: text("min_packer_version"),
            ..LegacyTemplate::default()
        };
        self.variables(&mut template);
        self.builders(&mut template);
        for (at, value) in self.items("post-processors").into_iter().enumerate() {
            let chain = self.chain(at, &value);
            template.chains.extend(chain);
        }
        for (at, value) in self.items("Provisioners").into_iter().enumerate() {
            match provisioner(&value, self.spans.item("provisioners", at)) {
                Ok(provisioner) => template.provisioners.push(provisioner),
                Err(error) => self.errors.push(format!("provisioner {}: {error}", at + 1)),
            }
        }
        if let Some(value) = self.root.get("error-cleanup-provisioner") {
            let span = self.spans.of("error-cleanup-provisioner").map_or(self.spans.tree.span, |node| node.span);
            match provisioner(value, span) {
                Ok(provisioner) => template.error_cleanup = Some(provisioner),
                Err(error) => self.errors.push(format!("On Error Cleanup Provisioner error: {error}")),
            }
        }
        all_of(self.errors).map(|()| template)
    }

    fn items(&self, name: &str) -> Vec<Raw> {
        self.root.get(name).and_then(Raw::items).unwrap_or_default().to_vec()
    }

    fn variables(&mut self, template: &mut LegacyTemplate) {
        let sensitive = self.items("sensitive-variables");
        let declared = self.root.get("Variables").and_then(Raw::entries).cloned().unwrap_or_default();
        for (name, value) in declared {
            let default = match Decoder::STRICT.value("", &value, Text, None) {
                Ok(default) => default,
                Err(fault) => {
                    self.errors.push(format!("variable {name}: {fault}"));
                    continue;
                }
            };
            let listed = sensitive.iter().filter(|other| other.as_str() == Some(&name));
            template.sensitive.extend(listed.map(|_| name.clone()));
            let default = default.as_str().unwrap_or_default().to_owned();
            template.variables.insert(name, Variable { default, required: value == Raw::Null });
        }
    }

    fn builders(&mut self, template: &mut LegacyTemplate) {
        for (at, value) in self.items("builders").iter().enumerate() {
            let nth = at + 1;
            let settings = match settings(Decoder { durations: false, ..Decoder::WEAK }, value, BUILDER) {
                Ok(settings) => settings,
                Err(fault) => {
                    self.errors.push(format!("builder {nth}: {fault}"));
                    continue;
                }
            };
            let Some(kind) = settings.text("Type") else {
                self.errors.push(format!("builder {nth}: missing 'type'"));
                continue;
            };
            let name = settings.text("Name").unwrap_or_else(|| kind.clone());
            if template.builders.contains_key(&name) {
                self.errors.push(format!("builder {nth}: builder with name '{name}' already exists"));
                continue;
            }
            let config = without(value, &["name", "type"]);
            let span = self.spans.item("builders", at);
            template.builders.insert(name, Builder { kind, config, span });
        }
    }

    /// A chain of post-processors: one alone, or a list of them. `None` when it has no shape at all.
    fn chain(&mut self, at: usize, value: &Raw) -> Option<Vec<PostProcessor>> {
        let nth = at + 1;
        let links = match value {
            Raw::Text(_) | Raw::Map(_) => std::slice::from_ref(value),
            Raw::List(items) => items,
            _ => {
                self.errors.push(format!("post-processor {nth}: bad format"));
                return None;
            }
        };
        let mut misshapen = Vec::new();
        for (position, link) in links.iter().enumerate() {
            let complaint = match link {
                Raw::Text(_) | Raw::Map(_) => continue,
                Raw::List(_) => "sequence not allowed to be nested in a sequence",
                _ => "unknown format",
            };
            misshapen.push(format!("post-processor {nth}.{}: {complaint}", position + 1));
        }
        if !misshapen.is_empty() {
            self.errors.extend(misshapen);
            return None;
        }
        let mut chain = Vec::with_capacity(links.len());
        for (position, link) in links.iter().enumerate() {
            match post_processor(link, self.spans.chained(at, position)) {
                Ok(post_processor) => chain.push(post_processor),
                Err(error) => self.errors.push(format!("post-processor {nth}.{}: {error}", position + 1)),
            }
        }
        Some(chain)
    }
}

fn post_processor(link: &Raw, span: Span) -> Result<PostProcessor, String> {
    let value = match link {
        Raw::Text(kind) => Raw::Map(Arc::new(BTreeMap::from([("type".into(), Raw::Text(kind.clone()))]))),
        other => other.clone(),
    };
    let settings = settings(Decoder::STRICT, &value, POST_PROCESSOR).map_err(|fault| fault.to_string())?;
    let kind = settings.text("Type").ok_or("type is required")?;
    Ok(PostProcessor {
        name: settings.text("Name").unwrap_or_else(|| kind.clone()),
        kind,
        sources: settings.only_except(),
        keep_input_artifact: match settings.0.get("keep_input_artifact") {
            Some(Raw::Bool(keep)) => Some(*keep),
            _ => None,
        },
        config: without(&value, &["except", "only", "keep_input_artifact", "type", "name"]),
        span,
    })
}

fn provisioner(value: &Raw, span: Span) -> Result<Provisioner, String> {
    let settings =
        settings(Decoder::WEAK, value, PROVISIONER).map_err(|fault| format!("Error decoding provisioner: {fault}"))?;
    Ok(Provisioner {
        kind: settings.text("Type").ok_or("Provisioner missing 'type'")?,
        sources: settings.only_except(),
        overrides: settings.0.get("Override").and_then(Raw::entries).cloned().unwrap_or_default(),
        pause_before: settings.duration("pause_before"),
        timeout: settings.duration("timeout"),
        max_retries: settings.text("max_retries").unwrap_or_default().to_string(),
        config: without(value, &["except", "only", "override", "pause_before", "max_retries", "type", "timeout"]),
        span,
    })
}

/// The decoded settings of one component.
struct Decoded(Settings);

fn settings(decoder: Decoder, value: &Raw, fields: &[Field]) -> Result<Decoded, Fault> {
    let mut settings = Settings::new();
    decoder.fields(value, fields, &mut settings).map(|_| Decoded(settings))
}

impl Decoded {
    /// A text that is not empty.
    fn text(&self, name: &str) -> Option<Arc<str>> {
        match self.0.get(name) {
            Some(Raw::Text(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }

    fn texts(&self, name: &str) -> Vec<Arc<str>> {
        let items = self.0.get(name).and_then(Raw::items).unwrap_or_default();
        items.iter().filter_map(Raw::as_str).map(Arc::from).collect()
    }

    fn only_except(&self) -> OnlyExcept {
        OnlyExcept { only: self.texts("Only"), except: self.texts("Except") }
    }

    fn duration(&self, name: &str) -> GoDuration {
        let Some(Raw::Number(nanos)) = self.0.get(name) else { return GoDuration::default() };
        GoDuration::from_nanos(*nanos as i64)
    }
}

/// The component's own configuration: all but what the core itself reads, by these exact names.
fn without(value: &Raw, names: &[&str]) -> Raw {
    let mut entries = value.entries().cloned().unwrap_or_default();
    entries.retain(|name, _| !names.contains(&&**name));
    Raw::Map(Arc::new(entries))
}

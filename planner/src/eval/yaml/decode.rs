//! Documents to values.

use std::collections::BTreeMap;

use super::error::YamlError;
use super::node::{Head, Place, Start, TagPrefixes, empty, start};
use super::resolve::{Scalar, resolve};
use super::scan::Scanner;
use super::token::{Kind, Mark, Style};
use crate::value::{Type, Value, convert, quote};

/// Nesting beyond this is refused, so that hostile text cannot exhaust the stack.
const MAX_DEPTH: usize = 256;
/// Values that aliases may stand for, all in all: a few lines of text can ask for billions.
const MAX_ALIASED: usize = 1_000_000;

const MAP: &str = "tag:yaml.org,2002:map";
const SEQUENCE: &str = "tag:yaml.org,2002:seq";

/// The value of the only document in `text`. A null has no type.
pub(in crate::eval) fn decode(text: &str) -> Result<Value, YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.chars().any(is_forbidden) {
        return Err(YamlError::new("control characters are not allowed"));
    }
    let tokens = Scanner::new(if text.is_empty() { "\n" } else { text });
    let mut reader =
        Reader { tokens, prefixes: TagPrefixes::default(), anchors: BTreeMap::new(), count: 0, aliased: 0, late: None };
    let value = reader.document()?;
    reader.late.map_or(Ok(value), Err)
}

fn is_forbidden(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control(),
    }
}

pub(super) struct Reader<'t> {
    pub(super) tokens: Scanner<'t>,
    pub(super) prefixes: TagPrefixes,
    /// What was anchored so far.
    anchors: BTreeMap<String, Anchor>,
    /// Values so far, those behind aliases counted each time.
    pub(super) count: usize,
    /// How many of them were behind aliases.
    aliased: usize,
    /// The first fault that is only told when there is no other: the reference looks at types before values, and the
    /// type of quoted and block text is known without its value.
    late: Option<YamlError>,
}

/// What an anchor marks.
#[derive(Default)]
struct Anchor {
    /// How many values with this anchor are being read.
    open: usize,
    done: Option<Node>,
}

/// A value, with what its aliases cost.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) count: usize,
    pub(super) height: usize,
}

impl Node {
    fn leaf(value: Value) -> Self {
        Self { value, count: 1, height: 0 }
    }
}

/// A fault of what stands at `mark`.
pub(super) fn fault<T>(why: impl Into<String>, mark: Mark) -> Result<T, YamlError> {
    Err(YamlError::new(why).at(mark))
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Value, YamlError> {
        let first = self.tokens.peek()?;
        let value = match first.kind {
            Kind::StreamEnd => return fault("missing start of document", first.start),
            Kind::Version { .. } | Kind::TagPrefix { .. } | Kind::DocumentStart => {
                self.document_start()?;
                self.explicit_content()?
            }
            _ => {
                self.directives()?;
                self.next_node(Place::Block, 0)?
            }
        };
        while self.tokens.peek()?.kind == Kind::DocumentEnd {
            self.tokens.take()?;
        }
        let end = self.tokens.peek()?;
        if end.kind == Kind::StreamEnd {
            return Ok(value.value);
        }
        let mark = end.start;
        self.prefixes = TagPrefixes::default();
        self.document_start()?;
        fault("unexpected extra content after value", mark)
    }

    /// What stands before a document, and `---`.
    fn document_start(&mut self) -> Result<(), YamlError> {
        self.directives()?;
        let token = self.tokens.take()?;
        if token.kind == Kind::DocumentStart {
            return Ok(());
        }
        fault("did not find expected <document start>", token.start)
    }

    fn directives(&mut self) -> Result<(), YamlError> {
        let mut has_version = false;
        loop {
            let token = self.tokens.peek()?;
            let mark = token.start;
            match token.kind.clone() {
                Kind::Version { .. } if has_version => return fault("found duplicate %YAML directive", mark),
                Kind::Version { major: 1, minor: 1 } => has_version = true,
                Kind::Version { .. } => return fault("found incompatible YAML document", mark),
                Kind::TagPrefix { handle, prefix } => {
                    if !self.prefixes.add(handle, prefix) {
                        return fault("found duplicate %TAG directive", mark);
                    }
                }
                _ => break,
            }
            self.tokens.take()?;
        }
        self.prefixes.add("!".to_owned(), "!".to_owned());
        self.prefixes.add("!!".to_owned(), "tag:yaml.org,2002:".to_owned());
        Ok(())
    }

    /// What follows `---`, which may be nothing.
    fn explicit_content(&mut self) -> Result<Node, YamlError> {
        let token = self.tokens.peek()?;
        match token.kind {
            Kind::Version { .. }
            | Kind::TagPrefix { .. }
            | Kind::DocumentStart
            | Kind::DocumentEnd
            | Kind::StreamEnd => self.missing_here(),
            _ => self.next_node(Place::Block, 0),
        }
    }

    /// A node that is not there.
    pub(super) fn missing(&mut self, mark: Mark) -> Result<Node, YamlError> {
        self.node(Head::at(mark), empty(), 0)
    }

    pub(super) fn missing_here(&mut self) -> Result<Node, YamlError> {
        let mark = self.tokens.peek()?.start;
        self.missing(mark)
    }

    pub(super) fn next_node(&mut self, place: Place, depth: usize) -> Result<Node, YamlError> {
        let (head, start) = start(&mut self.tokens, &self.prefixes, place)?;
        self.node(head, start, depth)
    }

    /// The node that begins so, so many nodes deep.
    pub(super) fn node(&mut self, head: Head, start: Start, depth: usize) -> Result<Node, YamlError> {
        let mark = head.mark;
        if depth > MAX_DEPTH {
            return fault("exceeded max depth", mark);
        }
        match start {
            Start::Alias(name) => self.alias(&name, depth).map_err(|error| error.at(mark)),
            Start::Scalar { text, style } => {
                self.count += 1;
                let value = self.scalar(&head, &text, style)?;
                self.anchored(&head, |_| Ok(Node::leaf(value)))
            }
            Start::Sequence(shape) => {
                expect_tag(&head, "sequence", SEQUENCE)?;
                self.anchored(&head, |reader| reader.sequence(shape, depth))
            }
            Start::Mapping(shape) => {
                expect_tag(&head, "mapping", MAP)?;
                self.anchored(&head, |reader| reader.mapping(shape, depth))
            }
        }
    }

    fn scalar(&mut self, head: &Head, text: &str, style: Style) -> Result<Value, YamlError> {
        let is_text = head.tag.is_empty() && style != Style::Plain;
        match resolve(&head.tag, text, style) {
            Ok(Scalar::Merge) => Ok(Value::string("<<")),
            // What it would mean without its quotes still decides how it is written.
            Ok(Scalar::Value(value)) if is_text => Ok(as_text(value)),
            Ok(Scalar::Value(value)) => Ok(value),
            Err(error) if is_text => {
                self.late.get_or_insert(error.at(head.mark));
                Ok(Value::Null(Type::String))
            }
            Err(error) => Err(error.at(head.mark)),
        }
    }

    /// What `read` gives, remembered by its anchor if it has one.
    fn anchored(
        &mut self,
        head: &Head,
        read: impl FnOnce(&mut Self) -> Result<Node, YamlError>,
    ) -> Result<Node, YamlError> {
        if head.anchor.is_empty() {
            return read(self);
        }
        self.anchors.entry(head.anchor.clone()).or_default().open += 1;
        let node = read(self)?;
        let anchor = self.anchors.entry(head.anchor.clone()).or_default();
        anchor.open -= 1;
        anchor.done = Some(node.clone());
        Ok(node)
    }

    fn alias(&mut self, name: &str, depth: usize) -> Result<Node, YamlError> {
        let anchor = self.anchors.get(name);
        if anchor.is_some_and(|anchor| anchor.open > 0) {
            let why = format!("cannot refer to anchor {} from inside its own definition", quote(name));
            return Err(YamlError::new(why));
        }
        let Some(node) = anchor.and_then(|anchor| anchor.done.clone()) else {
            return Err(YamlError::new(format!("reference to undefined anchor {}", quote(name))));
        };
        self.count += node.count;
        self.aliased += node.count;
        if self.aliased > MAX_ALIASED {
            return Err(YamlError::new(format!("aliases stand for more than {MAX_ALIASED} values")));
        }
        if depth + node.height > MAX_DEPTH {
            return Err(YamlError::new("exceeded max depth"));
        }
        Ok(node)
    }
}

/// A scalar as text, null as the null of text.
pub(super) fn as_text(value: Value) -> Value {
    convert(&value, &Type::String).unwrap_or(value)
}

/// Refuses any tag but `tag`.
fn expect_tag(head: &Head, what: &str, tag: &str) -> Result<(), YamlError> {
    if head.tag.is_empty() || head.tag == tag {
        return Ok(());
    }
    fault(format!("can't interpret {what} as {}", head.tag), head.mark)
}

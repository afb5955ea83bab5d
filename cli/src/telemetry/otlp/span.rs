//! Spans as the JSON form of OTLP has them: names in camel case, ids in hex, 64-bit numbers as texts.

use serde::Serialize;

/// A request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    pub(super) resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResourceSpans<'a> {
    pub(super) resource: Resource<'a>,
    pub(super) scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
pub(super) struct Resource<'a> {
    pub(super) attributes: &'a [Attribute],
}

#[derive(Serialize)]
pub(super) struct ScopeSpans<'a> {
    pub(super) scope: Scope,
    pub(super) spans: &'a [Span],
}

#[derive(Serialize)]
pub(super) struct Scope {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

/// A span that has ended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Span {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) parent_span_id: String,
    pub(super) name: String,
    /// 1: internal.
    pub(super) kind: u8,
    pub(super) start_time_unix_nano: String,
    pub(super) end_time_unix_nano: String,
    pub(super) attributes: Vec<Attribute>,
    pub(super) status: Status,
}

/// How it ended.
#[derive(Serialize)]
pub(super) struct Status {
    /// 0: nothing to say, 1: well, 2: not well.
    pub(super) code: u8,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) message: String,
}

impl Status {
    pub(super) fn good() -> Self {
        Self { code: 1, message: String::new() }
    }

    pub(super) fn unset() -> Self {
        Self { code: 0, message: String::new() }
    }

    pub(super) fn bad(message: String) -> Self {
        Self { code: 2, message }
    }
}

/// A name and a text.
#[derive(Serialize)]
pub(super) struct Attribute {
    key: &'static str,
    value: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    string_value: String,
}

impl Attribute {
    pub(super) fn new(key: &'static str, value: impl Into<String>) -> Self {
        Self { key, value: Text { string_value: value.into() } }
    }
}

//! The options of the file server.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::ssh_options::port;
use crate::config::{Fields, is_placeholder};
use crate::file_server::{Content, Family};

/// What is served, and where.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) content: Content,
    pub(super) address: String,
    pub(super) family: Family,
    pub(super) ports: RangeInclusive<u16>,
}

/// Takes and checks the options; none when nothing is served.
pub(super) fn read_served(fields: &mut Fields<'_>) -> Option<Served> {
    let (folder, texts) = (fields.text("http_directory"), fields.text_map("http_content"));
    if !folder.is_empty() && !texts.is_empty() {
        fields.fault(
            "http_content cannot be used in conjunction with http_directory. \
             Put the files into http_content with the function file, or the texts into the folder",
        );
    }
    for path in texts.keys().filter(|path| !path.starts_with('/')) {
        fields.fault(format!("http_content: the path {path:?} must begin with a slash"));
    }
    let (first, last) = (port(fields, "http_port_min", 8000), port(fields, "http_port_max", 9000));
    if first > last {
        fields.fault("http_port_min must be less than http_port_max");
    }
    let address = fields.text("http_bind_address");
    let family = match fields.text("http_network_protocol").as_str() {
        "" | "tcp" => Family::Any,
        "tcp4" => Family::V4,
        "tcp6" => Family::V6,
        later if is_placeholder(later) => Family::Any,
        other => {
            fields.fault(format!("http_network_protocol is invalid: {other}. Must be one of: tcp, tcp4, tcp6"));
            Family::Any
        }
    };
    if folder.is_empty() && texts.is_empty() {
        return None;
    }
    let content = if folder.is_empty() {
        Content::Texts(Arc::new(texts))
    } else {
        Content::Folder(fields.context().working_dir.join(folder))
    };
    Some(Served { content, address, family, ports: first..=last.max(first) })
}

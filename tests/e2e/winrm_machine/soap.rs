//! The protocol's texts, as the service sees them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The attributes and the content of the first element with this local name.
pub(super) fn element<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    let mut rest = text;
    loop {
        let start = rest.find('<')?;
        rest = &rest[start + 1..];
        let tag = &rest[..rest.find('>')?];
        let (full, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if full.rsplit(':').next()?.trim_end_matches('/') != name || full.starts_with('/') {
            continue;
        }
        if tag.ends_with('/') {
            return Some((attributes.trim_end_matches('/'), ""));
        }
        let content = &rest[tag.len() + 1..];
        let end = content.find(&format!("</{full}>"))?;
        return Some((attributes, &content[..end]));
    }
}

/// The text of the first element with this local name.
pub(super) fn text(envelope: &str, name: &str) -> Option<String> {
    element(envelope, name).map(|(_, content)| unescape(content.trim()))
}

/// The value of an attribute.
pub(super) fn attribute(attributes: &str, name: &str) -> Option<String> {
    let (_, rest) = attributes.split_once(&format!("{name}=\""))?;
    rest.split('"').next().map(unescape)
}

/// The value of an option of the request.
pub(super) fn option(envelope: &str, name: &str) -> Option<String> {
    let (_, rest) = envelope.split_once(&format!("Name=\"{name}\""))?;
    let (_, rest) = rest.split_once('>')?;
    rest.split('<').next().map(str::to_owned)
}

fn unescape(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#13;", "\r"),
        ("&#10;", "\n"),
        ("&#9;", "\t"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An answer around `body`.
pub(super) fn envelope(body: &str) -> String {
    format!(
        "<s:Envelope xml:lang=\"en-US\" xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" \
         xmlns:x=\"http://schemas.xmlsoap.org/ws/2004/09/transfer\" \
         xmlns:rsp=\"http://schemas.microsoft.com/wbem/wsman/1/windows/shell\"><s:Header/><s:Body>{body}</s:Body>\
         </s:Envelope>"
    )
}

pub(super) fn created(shell: &str) -> String {
    envelope(&format!(
        "<x:ResourceCreated><a:Address>http://machine/wsman</a:Address><a:ReferenceParameters><w:SelectorSet>\
         <w:Selector Name=\"ShellId\">{shell}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>\
         <rsp:Shell><rsp:ShellId>{shell}</rsp:ShellId></rsp:Shell>"
    ))
}

pub(super) fn started(command: &str) -> String {
    envelope(&format!("<rsp:CommandResponse><rsp:CommandId>{command}</rsp:CommandId></rsp:CommandResponse>"))
}

/// Output of a command, and its status when it is done.
pub(super) fn received(command: &str, output: &[(&str, Vec<u8>)], status: Option<i64>) -> String {
    let mut body = String::new();
    for (stream, bytes) in output {
        body +=
            &format!("<rsp:Stream Name=\"{stream}\" CommandId=\"{command}\">{}</rsp:Stream>", STANDARD.encode(bytes));
    }
    let state = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState";
    body += &match status {
        Some(status) => format!(
            "<rsp:Stream Name=\"stdout\" CommandId=\"{command}\" End=\"true\"></rsp:Stream>\
             <rsp:Stream Name=\"stderr\" CommandId=\"{command}\" End=\"true\"></rsp:Stream>\
             <rsp:CommandState CommandId=\"{command}\" State=\"{state}/Done\"><rsp:ExitCode>{status}</rsp:ExitCode>\
             </rsp:CommandState>"
        ),
        None => format!("<rsp:CommandState CommandId=\"{command}\" State=\"{state}/Running\"/>"),
    };
    envelope(&format!("<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"))
}

/// Why a request comes to nothing.
pub(super) fn fault(number: &str, code: &str, reason: &str) -> String {
    let reason = escape(reason);
    envelope(&format!(
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>\
         <s:Reason><s:Text xml:lang=\"en-US\">{reason} </s:Text></s:Reason><s:Detail>\
         <f:WSManFault xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" Code=\"{number}\" \
         Machine=\"machine\"><f:Message>{reason} </f:Message></f:WSManFault></s:Detail></s:Fault>"
    ))
}

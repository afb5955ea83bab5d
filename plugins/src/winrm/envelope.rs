//! The requests of the remote shell protocol (MS-WSMV), as text.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

/// How large an answer may be. What every version of Windows takes.
const MAX_ENVELOPE: usize = 153_600;
/// How many bytes of input fit into one request to the oldest service.
pub(super) const MAX_INPUT: usize = 100_000;

const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";

/// What a request is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request<'a> {
    /// A new shell.
    Create,
    /// A command in a shell. With `console` it reads from nowhere.
    Command { shell: &'a str, line: &'a str, console: bool },
    /// What a command wrote.
    Receive { shell: &'a str, command: &'a str },
    /// Something for a command to read; with `end` the last of it.
    Send { shell: &'a str, command: &'a str, data: &'a [u8], end: bool },
    /// The end of a command.
    Terminate { shell: &'a str, command: &'a str },
    /// The end of a shell.
    Delete { shell: &'a str },
}

impl Request<'_> {
    fn action(&self) -> String {
        match self {
            Self::Create => format!("{TRANSFER}/Create"),
            Self::Command { .. } => format!("{SHELL}/Command"),
            Self::Receive { .. } => format!("{SHELL}/Receive"),
            Self::Send { .. } => format!("{SHELL}/Send"),
            Self::Terminate { .. } => format!("{SHELL}/Signal"),
            Self::Delete { .. } => format!("{TRANSFER}/Delete"),
        }
    }

    fn shell(&self) -> Option<&str> {
        match self {
            Self::Create => None,
            Self::Command { shell, .. }
            | Self::Receive { shell, .. }
            | Self::Send { shell, .. }
            | Self::Terminate { shell, .. }
            | Self::Delete { shell } => Some(shell),
        }
    }

    /// What the service is told about how to do it.
    fn options(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Create => &[("WINRS_NOPROFILE", "FALSE"), ("WINRS_CODEPAGE", "65001")],
            Self::Command { console: true, .. } => {
                &[("WINRS_CONSOLEMODE_STDIN", "TRUE"), ("WINRS_SKIP_CMD_SHELL", "FALSE")]
            }
            Self::Command { console: false, .. } => {
                &[("WINRS_CONSOLEMODE_STDIN", "FALSE"), ("WINRS_SKIP_CMD_SHELL", "FALSE")]
            }
            _ => &[],
        }
    }

    fn body(&self) -> String {
        match self {
            Self::Create => "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams>\
                             <rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
                .to_owned(),
            Self::Command { line, .. } => {
                format!("<rsp:CommandLine><rsp:Command>{}</rsp:Command></rsp:CommandLine>", escaped(line))
            }
            Self::Receive { command, .. } => format!(
                "<rsp:Receive><rsp:DesiredStream CommandId=\"{}\">stdout stderr</rsp:DesiredStream></rsp:Receive>",
                escaped(command)
            ),
            Self::Send { command, data, end, .. } => format!(
                "<rsp:Send><rsp:Stream Name=\"stdin\" CommandId=\"{}\"{}>{}</rsp:Stream></rsp:Send>",
                escaped(command),
                if *end { " End=\"true\"" } else { "" },
                STANDARD.encode(data)
            ),
            Self::Terminate { command, .. } => format!(
                "<rsp:Signal CommandId=\"{}\"><rsp:Code>{SHELL}/signal/terminate</rsp:Code></rsp:Signal>",
                escaped(command)
            ),
            Self::Delete { .. } => String::new(),
        }
    }

    /// The whole request, to a service at `endpoint` that is to answer within `timeout`.
    pub(super) fn text(&self, endpoint: &str, timeout: Duration) -> String {
        let seconds = timeout.as_secs_f64().max(0.5);
        let (endpoint, action, id) = (escaped(endpoint), self.action(), Uuid::new_v4());
        let mut selectors = String::new();
        if let Some(shell) = self.shell() {
            selectors =
                format!("<w:SelectorSet><w:Selector Name=\"ShellId\">{}</w:Selector></w:SelectorSet>", escaped(shell));
        }
        let mut options = String::new();
        for (name, value) in self.options() {
            // Writing to a string cannot fail.
            let _ = write!(options, "<w:Option Name=\"{name}\">{value}</w:Option>");
        }
        if !options.is_empty() {
            options = format!("<w:OptionSet>{options}</w:OptionSet>");
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
             xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" \
             xmlns:p=\"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd\" xmlns:rsp=\"{SHELL}\"><env:Header>\
             <a:To>{endpoint}</a:To><a:ReplyTo><a:Address env:mustUnderstand=\"true\">\
             http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>\
             <w:MaxEnvelopeSize env:mustUnderstand=\"true\">{MAX_ENVELOPE}</w:MaxEnvelopeSize>\
             <a:MessageID>uuid:{id}</a:MessageID><w:Locale env:mustUnderstand=\"false\" xml:lang=\"en-US\"/>\
             <p:DataLocale env:mustUnderstand=\"false\" xml:lang=\"en-US\"/>\
             <w:OperationTimeout>PT{seconds:.3}S</w:OperationTimeout>\
             <w:ResourceURI env:mustUnderstand=\"true\">{SHELL}/cmd</w:ResourceURI>\
             <a:Action env:mustUnderstand=\"true\">{action}</a:Action>{selectors}{options}</env:Header>\
             <env:Body>{}</env:Body></env:Envelope>",
            self.body()
        )
    }
}

/// Text as it may stand in XML. What XML cannot have at all is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let request = Request::Command { shell: "S", line: "echo \"a\" < b > c & d\r\n\u{1}", console: true };
        let text = request.text("http://h/wsman?a&b", Duration::from_secs(7));
        assert!(text.contains("<rsp:Command>echo &quot;a&quot; &lt; b &gt; c &amp; d&#13;&#10;</rsp:Command>"));
        assert!(text.contains("<a:To>http://h/wsman?a&amp;b</a:To>"));
        assert!(text.contains("<w:OperationTimeout>PT7.000S</w:OperationTimeout>"));
    }

    #[test]
    fn the_largest_input_fits_into_the_smallest_service() {
        let data = vec![0xff; MAX_INPUT];
        let request = Request::Send { shell: &"S".repeat(36), command: &"C".repeat(36), data: &data, end: true };
        assert!(request.text(&"h".repeat(300), Duration::from_secs(1800)).len() <= MAX_ENVELOPE);
    }
}

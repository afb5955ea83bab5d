//! The answers of the remote shell protocol, read as XML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::winrm::fault::Fault;

/// A command came to its end.
const DONE: &str = "/CommandState/Done";

/// What is of interest in any answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The shell that was made.
    pub(super) shell: Option<String>,
    /// The command that was started.
    pub(super) command: Option<String>,
    /// Output, in order.
    pub(super) output: Vec<(Stream, Vec<u8>)>,
    /// Whether the command is done.
    pub(super) done: bool,
    /// With what status.
    pub(super) status: Option<i64>,
    fault: Option<Refusal>,
}

/// Where a command wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// Its output.
    Output,
    /// Its errors.
    Errors,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Refusal {
    number: String,
    code: String,
    reason: String,
    detail: String,
}

/// The element being read, of those whose text counts.
#[derive(Clone, Copy)]
enum Place {
    Elsewhere,
    Shell,
    Command,
    Stream(Option<Stream>),
    Status,
    Code,
    Reason,
    Detail,
}

/// Reads an answer. One that says why the request came to nothing is a [`Fault::Refused`].
pub(super) fn read(text: &str) -> Result<Answer, Fault> {
    let unreadable = |what: &str| Fault::Nonsense(what.to_owned());
    let mut reader = Reader::from_str(text);
    let (mut answer, mut place, mut gathered) = (Answer::default(), Place::Elsewhere, String::new());
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Err(_) => return Err(unreadable("it is not well-formed XML")),
            Ok(Event::Eof) => break,
            Ok(Event::Start(start)) => {
                if depth == 0 && start.local_name().as_ref() != "Envelope" {
                    return Err(unreadable("it is not SOAP"));
                }
                depth += 1;
                place = answer.enter(&start);
                gathered.clear();
            }
            Ok(Event::Empty(start)) => {
                answer.enter(&start);
            }
            Ok(Event::Text(text)) => gathered.push_str(&text),
            Ok(Event::CData(text)) => gathered.push_str(&text),
            Ok(Event::GeneralRef(name)) => {
                let text = unescape(&format!("&{};", &*name))
                    .map_err(|_| unreadable("it has an unknown entity"))?
                    .into_owned();
                gathered.push_str(&text);
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                answer.leave(place, &gathered)?;
                place = Place::Elsewhere;
            }
            Ok(_) => {}
        }
    }
    if depth > 0 {
        return Err(unreadable("it ends too early"));
    }
    match answer.fault.take() {
        Some(fault) => Err(fault.into_fault()),
        None => Ok(answer),
    }
}

impl Answer {
    fn enter(&mut self, start: &BytesStart<'_>) -> Place {
        let attribute = |name: &str| {
            let found = start.try_get_attribute(name).ok().flatten()?;
            Some(found.value.into_owned())
        };
        match start.local_name().as_ref() {
            "ShellId" => Place::Shell,
            // The shell's name stands in selectors as well.
            "Selector" if attribute("Name").as_deref() == Some("ShellId") => Place::Shell,
            "CommandId" => Place::Command,
            "Stream" => Place::Stream(match attribute("Name").as_deref() {
                Some("stdout") => Some(Stream::Output),
                Some("stderr") => Some(Stream::Errors),
                _ => None,
            }),
            "CommandState" => {
                self.done |= attribute("State").is_some_and(|state| state.ends_with(DONE));
                Place::Elsewhere
            }
            "ExitCode" => Place::Status,
            "Fault" => {
                self.fault.get_or_insert_default();
                Place::Elsewhere
            }
            "WSManFault" => {
                if let Some(fault) = &mut self.fault {
                    fault.number = attribute("Code").unwrap_or_default();
                }
                Place::Elsewhere
            }
            "Value" => Place::Code,
            "Text" => Place::Reason,
            "Message" => Place::Detail,
            _ => Place::Elsewhere,
        }
    }

    fn leave(&mut self, place: Place, text: &str) -> Result<(), Fault> {
        let trimmed = text.trim();
        match place {
            Place::Shell => {
                self.shell.get_or_insert_with(|| trimmed.to_owned());
            }
            Place::Command => self.command = Some(trimmed.to_owned()),
            Place::Stream(Some(stream)) => {
                let bytes = STANDARD
                    .decode(trimmed)
                    .or_else(|_| STANDARD.decode(trimmed.split_whitespace().collect::<String>()));
                let bytes = bytes.map_err(|_| Fault::Nonsense("its output is not in base64".to_owned()))?;
                if !bytes.is_empty() {
                    self.output.push((stream, bytes));
                }
            }
            Place::Status => self.status = trimmed.parse().ok(),
            _ => {}
        }
        let Some(fault) = &mut self.fault else { return Ok(()) };
        match place {
            // The last one is the most specific.
            Place::Code => trimmed.clone_into(&mut fault.code),
            Place::Reason if fault.reason.is_empty() => trimmed.clone_into(&mut fault.reason),
            Place::Detail if fault.detail.is_empty() => trimmed.clone_into(&mut fault.detail),
            _ => {}
        }
        Ok(())
    }
}

impl Refusal {
    fn into_fault(self) -> Fault {
        let Self { number, code, reason, detail } = self;
        let code = if number.is_empty() { code } else { number };
        let reason = [reason, detail].into_iter().find(|text| !text.is_empty());
        Fault::Refused { code, reason: reason.unwrap_or_else(|| "the service refuses".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMESPACES: &str = "xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"";

    #[test]
    fn a_shell_and_a_command() {
        let created = format!(
            "<s:Envelope {NAMESPACES}><s:Body><x:ResourceCreated><a:ReferenceParameters><w:SelectorSet>\
             <w:Selector Name=\"ShellId\">67A7</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>\
             <rsp:Shell><rsp:ShellId>67A7</rsp:ShellId><rsp:Owner>x</rsp:Owner></rsp:Shell></s:Body></s:Envelope>"
        );
        assert_eq!(read(&created).unwrap().shell.as_deref(), Some("67A7"));
        let started =
            "<Envelope><rsp:CommandResponse><rsp:CommandId>\n C1 </rsp:CommandId></rsp:CommandResponse></Envelope>";
        assert_eq!(read(started).unwrap().command.as_deref(), Some("C1"));
    }

    #[test]
    fn output_of_any_bytes_in_order() {
        let answer = read(
            "<Envelope><Stream Name=\"stdout\" CommandId=\"C\">AP8=</Stream><r:Stream Name=\"stderr\">ZQ==\n</r:Stream>\
             <r:Stream Name=\"stdout\">YQ\r\n==</r:Stream><r:Stream Name=\"stdout\" End=\"true\"/>\
             <r:CommandState CommandId=\"C\" State=\"http://x/CommandState/Done\"><r:ExitCode>3221225786</r:ExitCode>\
             </r:CommandState></Envelope>",
        );
        let answer = answer.unwrap();
        let expected: [(Stream, &[u8]); 3] =
            [(Stream::Output, &[0, 255]), (Stream::Errors, b"e"), (Stream::Output, b"a")];
        assert!(answer.output.iter().map(|(stream, bytes)| (*stream, &bytes[..])).eq(expected));
        assert!(answer.done);
        assert_eq!(answer.status, Some(3_221_225_786));
        let running = read("<Envelope><CommandState State=\"http://x/CommandState/Running\"/></Envelope>").unwrap();
        assert_eq!((running.done, running.status), (false, None));
    }

    #[test]
    fn refusals() {
        let fault = |text: &str| read(text).unwrap_err();
        let full = fault(
            "<s:Envelope><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value>\
             </s:Subcode></s:Code><s:Reason><s:Text xml:lang=\"\">Too &lt;slow&gt;. </s:Text></s:Reason><s:Detail>\
             <f:WSManFault Code=\"2150858793\"><f:Message>longer</f:Message></f:WSManFault></s:Detail></s:Fault></s:Body>\
             </s:Envelope>",
        );
        assert_eq!(full, Fault::Refused { code: "2150858793".into(), reason: "Too <slow>.".into() });
        assert!(full.is_quiet() && !full.is_lost());
        assert_eq!(full.to_string(), "Too <slow>. (code 2150858793)");
        let short = fault("<Envelope><Fault><Code><Value>s:Sender</Value></Code></Fault></Envelope>");
        assert_eq!(short.to_string(), "the service refuses (code s:Sender)");
        assert!(fault("<Envelope><Fault><f:WSManFault Code=\"995\"/></Fault></Envelope>").is_lost());
    }

    #[test]
    fn what_is_no_answer() {
        for (text, why) in [
            ("<s:Envelope><s:Body>hello", "it ends too early"),
            ("<html><body>hello</body></html>", "it is not SOAP"),
            ("<Envelope></b>", "it is not well-formed XML"),
            ("<Envelope>&what;</Envelope>", "it has an unknown entity"),
            ("<Envelope><Stream Name=\"stdout\">?</Stream></Envelope>", "its output is not in base64"),
        ] {
            let expected = format!("the answer is not one of a WinRM service: {why}");
            assert_eq!(read(text).unwrap_err().to_string(), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_comes_is_a_reason_to_panic(text in "(<(/?)(s:|rsp:)?(Envelope|Fault|Stream|Value|ExitCode)( Name=\"stdout\")?(/?)>|&|;|[a-z0-9=<> ]){0,30}") {
            let _ = read(&text);
            let _ = read(&format!("<Envelope>{text}</Envelope>"));
        }
    }
}

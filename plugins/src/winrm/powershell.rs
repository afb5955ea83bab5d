//! PowerShell on the machine: how it is called, and what it says when it fails.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// No longer command is taken by `cmd.exe`.
const MAX_LINE: usize = 8191;

/// The command that runs `script`; none when it would be too long.
pub(super) fn command(script: &str) -> Option<String> {
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let line = format!("powershell.exe -NonInteractive -EncodedCommand {}", STANDARD.encode(bytes));
    Some(line).filter(|line| line.len() <= MAX_LINE)
}

/// Text as a script can have it, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace(['\u{2018}', '\u{2019}'], "''"))
}

/// What PowerShell wrote about its failure, without the XML it may wrap that in.
pub(super) fn complaint(errors: &[u8]) -> String {
    let text = String::from_utf8_lossy(errors);
    let Some(wrapped) = text.trim_start().strip_prefix("#< CLIXML") else {
        return text.trim().to_owned();
    };
    let parts = wrapped.split("<S S=\"Error\">").skip(1).filter_map(|part| part.split("</S>").next());
    let text = parts.collect::<String>();
    let plain = [("_x000D_", ""), ("_x000A_", "\n"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    let text = plain.iter().fold(text, |text, (from, to)| text.replace(from, to));
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_encoded() {
        let line = command("echo ä").unwrap();
        assert_eq!(line, "powershell.exe -NonInteractive -EncodedCommand ZQBjAGgAbwAgAOQA");
        assert_eq!(command(&"x".repeat(4000)), None);
    }

    #[test]
    fn complaints_are_unwrapped() {
        let rows = [
            ("  plain \r\n", "plain"),
            (
                "#< CLIXML\r\n<Objs><S S=\"Error\">no &lt;b&gt;_x000D__x000A_</S><S S=\"Error\">at x_x000D__x000A_</S></Objs>",
                "no <b>\nat x",
            ),
            ("#< CLIXML\r\n<Objs><Obj S=\"progress\"></Obj></Objs>", ""),
            ("", ""),
        ];
        for (errors, expected) in rows {
            assert_eq!(complaint(errors.as_bytes()), expected);
        }
    }
}

//! Lines for programs: `<unix seconds>,<target>,<type>,<argument>,…`.

/// One line without its end.
pub(super) fn line<'a>(unix_seconds: i64, target: &str, kind: &str, args: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = format!("{unix_seconds},{target},{kind},");
    for (index, arg) in args.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        line.push_str(&escaped(arg));
    }
    line
}

/// Commas and line ends must not look like those of the format.
fn escaped(arg: &str) -> String {
    arg.replace(',', "%!(PACKER_COMMA)").replace('\r', "\\r").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_escaped() {
        let rows: [(&str, &[&str], &str); 4] = [
            ("", &["say", "a, b\r\nc"], "7,,ui,say,a%!(PACKER_COMMA) b\\r\\nc"),
            ("null.a", &["1"], "7,null.a,ui,1"),
            ("null.a", &["0", "nil"], "7,null.a,ui,0,nil"),
            ("", &[], "7,,ui,"),
        ];
        for (target, args, expected) in rows {
            assert_eq!(line(7, target, "ui", args.iter().copied()), expected);
        }
    }
}

//! Texts of PowerShell that we write.

use std::fmt::Write as _;

/// A text in single quotes, as it is. PowerShell takes the typographic ones for quotes too.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for sign in text.chars() {
        if matches!(sign, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(sign);
        }
        quoted.push(sign);
    }
    quoted.push('\'');
    quoted
}

/// A value that will stand in double quotes, in which only what follows a backtick is itself.
pub(super) fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for sign in value.chars() {
        if matches!(sign, '$' | '"' | '`' | '\'') {
            escaped.push('`');
        }
        escaped.push(sign);
    }
    escaped
}

/// An inline script: `lines` with their `variables`, ending with the status of the last program that failed, or 1 when
/// a line of PowerShell itself did.
pub(super) fn inline_script(lines: &str, variables: &str, debug_mode: i64) -> String {
    let trace = if debug_mode == 0 { String::new() } else { format!("Set-PsDebug -Trace {debug_mode}\n") };
    format!(
        "if (Test-Path variable:global:ProgressPreference) {{\n    \
             Set-Variable -Name variable:global:ProgressPreference -Value 'SilentlyContinue'\n\
         }}\n\
         {trace}\
         $failed = $false\n\
         try {{\n\
         {variables}\n\
         {lines}\
         }} catch {{\n    \
             Write-Error -ErrorRecord $_\n    \
             $failed = $true\n\
         }}\n\
         if ((Test-Path variable:global:LASTEXITCODE) -and ($null -ne $LASTEXITCODE) -and ($LASTEXITCODE -ne 0)) {{\n    \
             exit $LASTEXITCODE\n\
         }}\n\
         if ($failed) {{ exit 1 }}\n\
         exit 0\n"
    )
}

/// Removes files, itself last.
pub(super) fn cleanup_script(paths: &[&str], own_path: &str) -> String {
    let mut script = String::new();
    for path in paths.iter().chain([&own_path]) {
        let path = quoted(path);
        let _ = writeln!(script, "if (Test-Path -LiteralPath {path}) {{ Remove-Item -LiteralPath {path} -Force }}");
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes() {
        assert_eq!(quoted("it's $a \u{2019}x\u{201b}"), "'it''s $a \u{2019}\u{2019}x\u{201b}\u{201b}'");
        assert_eq!(escaped("a$b\"c`d'e\\f"), "a`$b`\"c``d`'e\\f");
    }

    #[test]
    fn inline_scripts() {
        let script = inline_script("one\ntwo\n", "$env:A=\"b\"; ", 0);
        let expected = "if (Test-Path variable:global:ProgressPreference) {
    Set-Variable -Name variable:global:ProgressPreference -Value 'SilentlyContinue'
}
$failed = $false
try {
$env:A=\"b\"; 
one
two
} catch {
    Write-Error -ErrorRecord $_
    $failed = $true
}
if ((Test-Path variable:global:LASTEXITCODE) -and ($null -ne $LASTEXITCODE) -and ($LASTEXITCODE -ne 0)) {
    exit $LASTEXITCODE
}
if ($failed) { exit 1 }
exit 0
";
        assert_eq!(script, expected);
        assert!(inline_script("", "", 2).contains("}\nSet-PsDebug -Trace 2\n$failed"));
    }

    #[test]
    fn cleanup_scripts() {
        let expected = "if (Test-Path -LiteralPath 'c:/a''b') { Remove-Item -LiteralPath 'c:/a''b' -Force }\n\
                        if (Test-Path -LiteralPath 'c:/own') { Remove-Item -LiteralPath 'c:/own' -Force }\n";
        assert_eq!(cleanup_script(&["c:/a'b"], "c:/own"), expected);
    }
}

//! Running a command as another user: as a scheduled task, since what comes over the network may not do everything.

use uuid::Uuid;

use super::text::quoted;

/// A script that runs a command as another user, and how to call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::builtin) struct Elevated {
    /// Where it goes.
    pub(in crate::builtin) path: String,
    /// What it is.
    pub(in crate::builtin) script: String,
    /// The command that runs it.
    pub(in crate::builtin) line: String,
}

/// A script that runs `command` as `user`. Without a password the user is one of the system's own, such as `SYSTEM`.
pub(in crate::builtin) fn elevate(command: &str, user: &str, password: &str) -> Elevated {
    let path = format!("C:/Windows/Temp/packer-elevated-shell-{}.ps1", Uuid::new_v4());
    let script = script(&format!("packer-{}", Uuid::new_v4()), command, user, password);
    let line = format!("powershell -executionpolicy bypass -file \"{path}\"");
    Elevated { path, script, line }
}

/// What the command writes goes to a file, from where it is copied while it grows: a task has no output of its own.
/// 1 is "log on with a password", 5 "as a service"; 6 is "make it, or replace it"; a task in state 2 waits, one in state 4
/// runs; the results are "runs" (0x41301) and "has not run yet" (0x41303).
fn script(name: &str, command: &str, user: &str, password: &str) -> String {
    let log = format!("%SYSTEMROOT%/Temp/{name}.out");
    let definition = definition(&format!("{command} > {log} 2>&1"), user, !password.is_empty());
    let (password, logon) = if password.is_empty() { ("$null".to_owned(), 5) } else { (quoted(password), 1) };
    let (name, log, user) = (quoted(name), quoted(&log), quoted(user));
    format!(
        r#"$ErrorActionPreference = 'Stop'
$name = {name}
$log = [Environment]::ExpandEnvironmentVariables({log})
$definition = @'
{definition}
'@

$scheduler = New-Object -ComObject 'Schedule.Service'
$scheduler.Connect()
$folder = $scheduler.GetFolder('\')
$task = $scheduler.NewTask(0)
$task.XmlText = $definition
$registered = $folder.RegisterTaskDefinition($name, $task, 6, {user}, {password}, {logon}, $null)

$stdout = [Console]::OpenStandardOutput()
$buffer = New-Object byte[] 65536
$output = $null

function Copy-Output {{
    if ($null -eq $script:output) {{
        if (-not (Test-Path -LiteralPath $log)) {{ return }}
        $script:output = [System.IO.File]::Open($log, 'Open', 'Read', 'ReadWrite, Delete')
    }}
    while (($count = $script:output.Read($buffer, 0, $buffer.Length)) -gt 0) {{
        $stdout.Write($buffer, 0, $count)
    }}
    $stdout.Flush()
}}

$code = 1
try {{
    [void]$registered.Run($null)
    $deadline = (Get-Date).AddSeconds(60)
    while (($registered.State -ne 4) -and ($registered.LastTaskResult -eq 0x41303) -and ((Get-Date) -lt $deadline)) {{
        Start-Sleep -Milliseconds 100
    }}
    while (($registered.State -eq 2) -or ($registered.State -eq 4) -or ($registered.LastTaskResult -eq 0x41301)) {{
        Copy-Output
        Start-Sleep -Milliseconds 250
    }}
    Copy-Output
    $code = $registered.LastTaskResult
    if ($code -eq 0x41303) {{
        [Console]::Error.WriteLine('The scheduled task was not started. May its user log on as a batch job?')
    }}
}} finally {{
    if ($null -ne $output) {{ $output.Close() }}
    $folder.DeleteTask($name, 0)
    Remove-Item -LiteralPath $log -Force -ErrorAction SilentlyContinue
}}
exit $code
"#
    )
}

/// The task. It runs at once, with all the rights of its user, whatever the power supply and however long.
fn definition(line: &str, user: &str, has_password: bool) -> String {
    let logon = if has_password { "\n      <LogonType>Password</LogonType>" } else { "" };
    // With `/s`, the outer quotes are all that `cmd` takes away.
    let (arguments, user) = (in_xml(&format!("/s /c \"{line}\"")), in_xml(user));
    format!(
        r#"<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Packer runs a command as another user</Description>
  </RegistrationInfo>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>{logon}
      <RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>false</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings>
      <StopOnIdleEnd>false</StopOnIdleEnd>
      <RestartOnIdle>false</RestartOnIdle>
    </IdleSettings>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>4</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>cmd</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>"#
    )
}

/// Text for XML, on one line: in the here-string that it stands in, a line could be the last one.
fn in_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(sign))),
            // XML knows no other control characters.
            sign if sign.is_control() => escaped.push('\u{fffd}'),
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_wrapped_and_called() {
        let Elevated { path, script, line } = elevate("run \"a & b\" <x>\r\n'@", "dom\\us&er", "p'a<s>s\u{2019}");
        assert_eq!(line, format!("powershell -executionpolicy bypass -file \"{path}\""));
        let id = path.strip_prefix("C:/Windows/Temp/packer-elevated-shell-").unwrap().strip_suffix(".ps1").unwrap();
        id.parse::<Uuid>().unwrap();
        let name = script.lines().nth(1).unwrap().strip_prefix("$name = 'packer-").unwrap().strip_suffix('\'').unwrap();
        name.parse::<Uuid>().unwrap();
        let arguments = format!(
            "<Arguments>/s /c &quot;run &quot;a &amp; b&quot; &lt;x&gt;&#13;&#10;&apos;@ &gt; \
             %SYSTEMROOT%/Temp/packer-{name}.out 2&gt;&amp;1&quot;</Arguments>"
        );
        assert!(script.contains(&arguments), "{script}");
        assert!(script.contains("<UserId>dom\\us&amp;er</UserId>\n      <LogonType>Password</LogonType>"));
        let register = "RegisterTaskDefinition($name, $task, 6, 'dom\\us&er', 'p''a<s>s\u{2019}\u{2019}', 1, $null)";
        assert!(script.contains(register), "{script}");
        assert!(script.contains(&format!("ExpandEnvironmentVariables('%SYSTEMROOT%/Temp/packer-{name}.out')")));
        // The here-string ends where we end it.
        assert_eq!(script.lines().filter(|line| line.starts_with("'@")).count(), 1);
        for step in ["Run($null)", "Copy-Output", "$registered.LastTaskResult", "DeleteTask($name, 0)", "exit $code"] {
            assert!(script.contains(step), "{step}");
        }
    }

    #[test]
    fn without_a_password_it_is_a_service() {
        let script = elevate("x", "SYSTEM", "").script;
        assert!(script.contains("RegisterTaskDefinition($name, $task, 6, 'SYSTEM', $null, 5, $null)"));
        assert!(script.contains("<UserId>SYSTEM</UserId>\n      <RunLevel>HighestAvailable</RunLevel>"));
    }

    #[test]
    fn every_bracket_is_closed() {
        let script = elevate("x", "u", "p").script;
        for (open, close) in [('{', '}'), ('(', ')'), ('[', ']')] {
            assert_eq!(script.matches(open).count(), script.matches(close).count(), "{open}");
        }
    }
}

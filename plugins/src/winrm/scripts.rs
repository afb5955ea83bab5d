//! The scripts that move files. They run in every PowerShell from 2.0 on.

/// Writes files that come as lines on its input: a sign, then base64.
///
/// `>` begins the file of a name, `+` adds to it, `.` puts it into its place; `/` makes the folder of a name. Content is
/// gathered in the folder for temporary files, so that nobody sees half a file. Says how many files there are in the end.
pub(super) const RECEIVE_FILES: &str = r"begin {
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$part = Join-Path $env:TEMP ('packer-' + [guid]::NewGuid() + '.tmp')
$file = $null; $count = 0; $what = ''; $name = ''
function Full($coded) {
$text = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($coded))
$text = [Environment]::ExpandEnvironmentVariables($ExecutionContext.InvokeCommand.ExpandString($text))
$ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($text)
}
function Tidy { if ($file) { $file.Close() }; if (Test-Path $part) { [IO.File]::Delete($part) } }
}
process {
$line = ([string]$_).TrimStart([char]0xFEFF)
if ($line.Length -gt 0) {
$data = $line.Substring(1)
try {
switch ($line.Substring(0, 1)) {
'>' { $what = 'Error writing ' + $part; $name = Full $data; $file = [IO.File]::Create($part) }
'+' { $bytes = [Convert]::FromBase64String($data); $file.Write($bytes, 0, $bytes.Length) }
'.' {
$file.Close(); $file = $null
$what = 'Error restoring file from ' + $part + ' to ' + $name
$folder = [IO.Path]::GetDirectoryName($name)
if ($folder) { [void][IO.Directory]::CreateDirectory($folder) }
[IO.File]::Copy($part, $name, $true); $count++
}
'/' { $what = 'Error creating a folder'; [void][IO.Directory]::CreateDirectory((Full $data)) }
}
} catch {
[Console]::Error.WriteLine($what + ': ' + $_.Exception.GetBaseException().Message)
Tidy
exit 1
}
}
}
end { Tidy; [Console]::Out.WriteLine('files: ' + $count) }";

/// Writes the content of `$name` to its output: lines of base64, then how many bytes there were.
pub(super) const SEND_FILE: &str = r"
$ErrorActionPreference = 'Stop'
try {
$name = [Environment]::ExpandEnvironmentVariables($ExecutionContext.InvokeCommand.ExpandString($name))
$name = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($name)
$file = [IO.File]::Open($name, 'Open', 'Read', 'ReadWrite')
$buffer = New-Object byte[] 49152
$total = [long]0
while (($read = $file.Read($buffer, 0, $buffer.Length)) -gt 0) {
$total += $read
[Console]::Out.WriteLine([Convert]::ToBase64String($buffer, 0, $read))
}
$file.Close()
[Console]::Out.WriteLine('bytes: ' + $total)
} catch {
[Console]::Error.WriteLine($_.Exception.GetBaseException().Message)
exit 1
}";

/// Says that the machine can be talked to.
pub(super) const GREETING: &str = "if (Test-Path variable:global:ProgressPreference) \
    {set-variable -name variable:global:ProgressPreference -value 'SilentlyContinue'}; echo \"WinRM connected.\"";

# What both the run command and the watcher use.

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$Folder = "$env:SystemRoot\azimage-seal"
$Sysprep = "$env:SystemRoot\System32\Sysprep"
$Account = 'azimage-sysprep'
$SysprepTask = 'azimage-sysprep'
$WatcherTask = 'azimage-seal'
$Agents = 'RdAgent', 'WindowsAzureGuestAgent'
# Below HKEY_LOCAL_MACHINE; volatile, so it is never written to the disk. It holds the nonce, and later the result.
$MemoryKey = 'SOFTWARE\azimage-seal'

# One line of printable ASCII, cut at a length.
function Limit-Text([string] $Text, [int] $Limit) {
    $plain = $Text -replace '[^ -~]', '?'
    if ($plain.Length -gt $Limit) { $plain.Substring(0, $Limit) } else { $plain }
}

# The value, or nothing where key or value don't exist.
function Get-Value([string] $Path, [string] $Name) {
    $item = Get-ItemProperty -LiteralPath $Path -Name $Name -ErrorAction SilentlyContinue
    if ($null -ne $item) { $item.$Name }
}

function Get-ImageState {
    Get-Value 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State' 'ImageState'
}

# Seconds since a moment, whatever happens to the clock of the guest: Start-Clock makes one, and this reads it.
function Start-Clock { [System.Diagnostics.Stopwatch]::StartNew() }

function Get-Seconds($Clock) { $Clock.Elapsed.TotalSeconds }

# Running or about to: by name, or by its number where the name isn't known.
function Test-TaskActive([string] $Name) {
    $task = Get-ScheduledTask -TaskName $Name -ErrorAction SilentlyContinue
    $null -ne $task -and "$($task.State)" -in 'Running', 'Queued', '4', '2'
}

# The lines at the end of a file, whatever writes to it and in whatever encoding: what isn't ASCII becomes a question mark.
function Get-LastLines([string] $Path, [int] $Limit) {
    if (-not (Test-Path -LiteralPath $Path -PathType Leaf)) { return }
    $stream = [System.IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite, Delete')
    try {
        $size = [int] [System.Math]::Min($stream.Length, $Limit)
        [void] $stream.Seek(-$size, 'End')
        $bytes = New-Object -TypeName 'System.Byte[]' -ArgumentList $size
        $size = $stream.Read($bytes, 0, $size)
    } finally {
        $stream.Dispose()
    }
    $text = [System.Text.Encoding]::GetEncoding(28591).GetString($bytes, 0, $size) -replace '\x00', ''
    $text -split '[\r\n]+' | ForEach-Object { ($_ -replace '[^ -~]', '?').TrimEnd() } | Where-Object { $_ }
}

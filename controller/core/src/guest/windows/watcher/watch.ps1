# A task of its own, which lives when the agent doesn't. It tells the run command what came of it, says it on the serial port,
# and powers a sealed machine off.

# What the agent keeps of run commands: their settings, with the script and the nonce in them, and what they printed.
function Remove-RunCommands {
    $kept = "$env:SystemDrive\Packages\Plugins\Microsoft.CPlat.Core.RunCommand*\*"
    Remove-Item -Path "$kept\Downloads\*", "$kept\RuntimeSettings\*", "$kept\Status\*" -Recurse -Force -ErrorAction SilentlyContinue
}

# As long as somebody needs to hear it. Where the port is of no use, the agent is given time to report, and the controller to
# power the machine off.
function Write-Result([string] $Line) {
    $clock = Start-Clock
    $times = 0
    $heard = $false
    do {
        if (-not (Write-Port $Line)) { $heard = $true } elseif (-not $heard) { Start-Agents }
        $times++
        Start-Sleep -Seconds 10
        $patience = if ($heard) { $RepeatMark } else { [System.Math]::Max($RepeatMark, $AgentLimit) }
    } while ($times -lt 3 -or (Get-Seconds $clock) -lt $patience)
}

$memory = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($MemoryKey, $true)
$nonce = $memory.GetValue('Nonce')
try {
    $result = Invoke-Seal
} catch {
    $result = "failed mark broken: $_"
}
$result = Limit-Text $result 230
$memory.SetValue('Result', $result)
$verb, $rest = $result -split ' ', 2
if ($verb -eq 'sealed') {
    Write-Result "azimage: $verb $nonce"
    Remove-RunCommands
    Stop-Computer -Force
} else {
    Write-Result "azimage: $verb $nonce $rest"
}

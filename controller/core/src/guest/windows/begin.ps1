# How the run command speaks, and when it must not run at all.

trap {
    Write-Output "azimage: the script itself failed in line $($_.InvocationInfo.ScriptLineNumber): $(Limit-Text "$_" 200)"
    exit 1
}

function Stop-Here([int] $Code, [string] $Words) {
    Write-Output "azimage: $(Limit-Text $Words 280)"
    exit $Code
}

function ConvertFrom-Encoded([string] $Text) {
    [System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($Text))
}

# Says the last of the lines, each with words before it, together within a number of bytes.
function Write-Lines([string] $Before, [string[]] $Lines, [int] $Limit) {
    $kept = @()
    for ($index = $Lines.Count - 1; $index -ge 0; $index--) {
        $line = Limit-Text "$Before $($Lines[$index])" 290
        $Limit -= $line.Length + 2
        if ($Limit -lt 0) { break }
        $kept = @($line) + $kept
    }
    $kept | ForEach-Object { Write-Output $_ }
}

# The agent runs a command again when its state is gone and the machine starts: later than agreed, nothing must happen.
function Test-Time {
    $now = [System.DateTimeOffset]::UtcNow
    if ($now.ToUnixTimeSeconds() -lt $NotBefore -or $now.ToUnixTimeSeconds() -gt $NotAfter) {
        Stop-Here 16 "this command is for the time from $Period, and the guest's clock says $($now.ToString('u'))"
    }
}

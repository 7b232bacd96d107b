# The user's own script, before anything is changed: with a limit on its time, and with bounded words.

function Invoke-UserScript {
    $env:AZIMAGE_EVIDENCE = "$Folder\evidence"
    # With the mark of its encoding, without which Windows PowerShell takes a file for one of its old code page.
    [System.IO.File]::WriteAllText("$Folder\script.ps1", (ConvertFrom-Encoded $UserScript), [System.Text.Encoding]::UTF8)
    $clock = Start-Clock
    $process = Start-Process -FilePath "$PSHOME\powershell.exe" -PassThru `
        -ArgumentList "-NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$Folder\script.ps1`"" `
        -RedirectStandardOutput "$Folder\output" -RedirectStandardError "$Folder\errors"
    # Unless it is asked for now, the exit code isn't there later.
    $null = $process.Handle
    $why = $null
    while (-not $process.WaitForExit(1000)) {
        $written = (Get-ChildItem -LiteralPath $Folder -File -Force | Measure-Object -Property 'Length' -Sum).Sum
        if ((Get-Seconds $clock) -ge $UserLimit) { $why = 'time' } elseif ($written -gt 67108864) { $why = 'size' }
        if ($why) {
            & "$env:SystemRoot\System32\taskkill.exe" /PID $process.Id /T /F | Out-Null
            [void] $process.WaitForExit(10000)
            break
        }
    }
    Write-Lines 'azimage: script says' @(Get-LastLines "$Folder\output" 4096) 650
    Write-Lines 'azimage: script says' @(Get-LastLines "$Folder\errors" 4096) 250
    if ($why -eq 'time') { Stop-Here 22 "the script took longer than $UserLimit seconds" }
    if ($why -eq 'size') { Stop-Here 21 'the script failed: it wrote more than 64 MiB' }
    Write-Output "azimage: script exit $($process.ExitCode)"
    Write-Lines 'azimage: evidence' @(Get-LastLines "$Folder\evidence" 4096) 900
    if ($process.ExitCode -ne 0) { Stop-Here 21 "the script failed with exit code $($process.ExitCode)" }
    # What still holds a file would keep the folder in the guest, and that would be noticed when it is too late.
    Get-ChildItem -LiteralPath $Folder -Force | Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
    if (Get-ChildItem -LiteralPath $Folder -Force) { Stop-Here 21 'the script failed: it ended, and something that it started still runs' }
}

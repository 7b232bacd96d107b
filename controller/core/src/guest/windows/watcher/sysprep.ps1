# Runs Sysprep and waits for its end, but not for ever. It looks at what Windows says of itself, not at an exit code.

# Without /mode:vm, which is for machines of the very same hardware alone: an image serves many sizes.
function Start-Sysprep([string] $Password) {
    $action = New-ScheduledTaskAction -Execute "$Sysprep\Sysprep.exe" -Argument '/generalize /oobe /quit /quiet'
    $settings = New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -Priority 4 `
        -ExecutionTimeLimit (New-TimeSpan -Seconds ($SysprepLimit + 60))
    [void] (Register-ScheduledTask -TaskName $SysprepTask -User "$env:COMPUTERNAME\$Account" -Password $Password -RunLevel Highest `
        -Action $action -Settings $settings -Force)
    Start-ScheduledTask -TaskName $SysprepTask
}

# Running, or not begun yet, which ends by itself.
function Test-Running($Clock) {
    if (Test-TaskActive $SysprepTask) { return $true }
    if (Get-Process -Name 'sysprep' -ErrorAction SilentlyContinue) { return $true }
    # SCHED_S_TASK_HAS_NOT_RUN
    (Get-ScheduledTaskInfo -TaskName $SysprepTask -ErrorAction SilentlyContinue).LastTaskResult -eq 267011 -and (Get-Seconds $Clock) -lt 120
}

function Wait-Sysprep {
    $clock = Start-Clock
    $ended = $null
    while ((Get-Seconds $clock) -lt $SysprepLimit) {
        Start-Sleep -Seconds 5
        if (Test-Running $clock) {
            $ended = $null
            continue
        }
        if (-not $ended) { $ended = Start-Clock }
        # Windows may write its state a little later than Sysprep ends.
        $patience = switch (Get-ImageState) {
            'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE' { 0 }
            'IMAGE_STATE_COMPLETE' { 30 }
            default { 120 }
        }
        if ((Get-Seconds $ended) -ge $patience) { return }
    }
    throw "Sysprep took longer than $SysprepLimit seconds"
}

# Why it failed, out of the end of its log: the name of a package and a code, if it says any.
function Get-SysprepError {
    $lines = @(Get-LastLines "$Sysprep\Panther\setuperr.log" 16384)
    $text = $lines -join "`n"
    $code = [System.Text.RegularExpressions.Regex]::Match($text, '0x8[0-9a-fA-F]{7}', 'RightToLeft').Value
    $package = [System.Text.RegularExpressions.Regex]::Match($text, 'Package \S+ was installed for a user, but not provisioned', 'RightToLeft').Value
    if ($package) { return "$package for all users, $code" }
    if ($lines) { return ($lines[-1] -replace '^.*?SYSPRP\s*', '') + " $code" }
    $ended = (Get-ScheduledTaskInfo -TaskName $SysprepTask -ErrorAction SilentlyContinue).LastTaskResult
    if ($ended) { return "Sysprep wrote no error and ended with $ended" }
    'Sysprep wrote no error'
}

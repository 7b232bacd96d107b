# Starts the watcher, which outlives this command and the agent, and waits for what it has to tell.

function Open-Memory {
    [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($MemoryKey)
}

# The nonce of the seal that is under way, or of ours if it has a result already, which is then told again.
function Get-NonceUnderWay {
    $memory = Open-Memory
    if (-not $memory) { return }
    $theirs = $memory.GetValue('Nonce')
    if ($memory.GetValue('Result')) {
        if ($theirs -eq $Nonce) { $theirs }
    } elseif (Test-TaskActive $WatcherTask) {
        $theirs
    }
}

# Answer files would be used again by Sysprep and by a new machine, and Azure supports none. The folder is Setup's log.
function Remove-AnswerFiles {
    $panther = "$env:SystemRoot\Panther"
    Remove-Item -LiteralPath $panther -Recurse -Force -ErrorAction SilentlyContinue
    Remove-Item -Path "$Sysprep\*unattend*.xml" -Force -ErrorAction SilentlyContinue
    Remove-Item -LiteralPath "$Sysprep\Panther\setuperr.log" -Force -ErrorAction SilentlyContinue
    $left = @(Get-ChildItem -Path $panther, $Sysprep -Recurse -File -Force -ErrorAction SilentlyContinue |
        Where-Object { $_.Name -like '*unattend*.xml' -and $_.DirectoryName -notlike '*\ActionFiles' })
    if ($left) { Stop-Here 35 "Sysprep can't run: the answer file $($left[0].FullName) can't be removed" }
}

# In memory alone, and for the system alone: a volatile key is never written to the disk.
function Initialize-Memory {
    $hive = [Microsoft.Win32.Registry]::LocalMachine
    $hive.DeleteSubKeyTree($MemoryKey, $false)
    $security = New-Object -TypeName 'System.Security.AccessControl.RegistrySecurity'
    $security.SetSecurityDescriptorSddlForm('O:SYG:SYD:P(A;;KA;;;SY)')
    $memory = $hive.CreateSubKey($MemoryKey, [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree,
        [Microsoft.Win32.RegistryOptions]::Volatile, $security)
    $memory.SetValue('Nonce', $Nonce)
    $memory.Dispose()
}

function Start-Watcher {
    $left = @(Remove-Leftovers)
    if ($left) { Stop-Here 35 "Sysprep can't run: $($left[0]) of an earlier attempt can't be removed; restart the guest" }
    Initialize-Folder
    Remove-AnswerFiles
    [System.IO.File]::WriteAllText("$Folder\watcher.ps1", $Watcher)
    Initialize-Memory
    $action = New-ScheduledTaskAction -Execute "$PSHOME\powershell.exe" `
        -Argument "-NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$Folder\watcher.ps1`""
    $settings = New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -Priority 4 `
        -ExecutionTimeLimit (New-TimeSpan -Seconds $WatcherLimit)
    [void] (Register-ScheduledTask -TaskName $WatcherTask -User 'NT AUTHORITY\SYSTEM' -RunLevel Highest -Action $action -Settings $settings -Force)
    $why = Write-Port 'azimage: heard before a seal'
    if ($why) { Write-Output "azimage: COM1 can't be used, so the last line of this command is the proof: $why" }
    Write-Output 'azimage: seal is scheduled'
    Start-ScheduledTask -TaskName $WatcherTask
}

# The nonce is put in between only here, so that the script's own text never looks like a proof.
function Wait-Watcher {
    $clock = Start-Clock
    $result = $null
    while (-not $result -and (Get-Seconds $clock) -lt $ResultLimit) {
        Start-Sleep -Seconds 2
        $memory = Open-Memory
        if ($memory) { $result = $memory.GetValue('Result') }
    }
    if (-not $result) { $result = 'failed mark broken: nothing was heard of what watches Sysprep' }
    $verb, $rest = $result -split ' ', 2
    if ($verb -ne 'sealed') {
        foreach ($line in @(Get-LastLines "$Sysprep\Panther\setuperr.log" 3000)) { [System.Console]::Error.WriteLine($line) }
    }
    Write-Output ("azimage: $verb $Nonce $rest".TrimEnd())
    if ($verb -eq 'sealed') { exit 0 }
    exit 36
}

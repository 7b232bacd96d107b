# What a seal makes in the guest, and what must be gone before a machine counts as sealed.

function Get-AccountProfile {
    Get-CimInstance -ClassName 'Win32_UserProfile' | Where-Object { $_.LocalPath -like "*\$Account*" }
}

# Removes all of it, and tells by name what could not be removed.
function Remove-Leftovers {
    foreach ($name in $SysprepTask, $WatcherTask) {
        if (Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue) {
            if ($name -eq $SysprepTask) { Stop-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue }
            Unregister-ScheduledTask -TaskName $name -Confirm:$false -ErrorAction SilentlyContinue
        }
    }
    # Windows lets go of a profile some time after the last process of the account.
    $clock = Start-Clock
    while ((Get-AccountProfile) -and (Get-Seconds $clock) -lt 90) {
        Get-AccountProfile | Where-Object { -not $_.Loaded } | Remove-CimInstance -ErrorAction SilentlyContinue
        if (Get-AccountProfile) { Start-Sleep -Seconds 3 }
    }
    if (Get-LocalUser -Name $Account -ErrorAction SilentlyContinue) {
        Remove-LocalUser -Name $Account -ErrorAction SilentlyContinue
    }
    Remove-Item -LiteralPath $Folder -Recurse -Force -ErrorAction SilentlyContinue

    foreach ($name in $SysprepTask, $WatcherTask) {
        if (Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue) { "task $name" }
    }
    if (Get-LocalUser -Name $Account -ErrorAction SilentlyContinue) { "account $Account" }
    foreach ($left in @(Get-AccountProfile)) { "profile $($left.LocalPath)" }
    if (Test-Path -LiteralPath $Folder) { "folder $Folder" }
}

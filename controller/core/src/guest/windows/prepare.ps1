# The order of it all.

Test-Time
Test-Support
$underWay = Get-NonceUnderWay
if ($underWay -and $underWay -ne $Nonce) { Stop-Here 15 'another seal is under way in this guest; wait for its end' }
if (-not $underWay) {
    Initialize-Folder
    Test-Guest
    if ($UserScript) {
        Invoke-UserScript
        # It may have changed what was looked at.
        Test-Guest
    }
    Invoke-Hygiene
    Start-Watcher
}
Wait-Watcher

# Who could log in to a machine made from the image. The built-in administrator (the number 500) is left out: Azure gives it
# its name and password when it makes a machine.

function Find-Accounts {
    foreach ($user in @(Get-LocalUser | Where-Object { $_.Enabled })) {
        if ("$($user.SID)" -notlike '*-500' -and $user.Name -ne $Account) { Add-Finding 'Account' $user.Name }
    }
    $tool = "$env:SystemRoot\System32\dsregcmd.exe"
    if ((Test-Path -LiteralPath $tool) -and (& $tool /status | Select-String -Pattern 'AzureAdJoined\s*:\s*YES' -Quiet)) {
        Add-Finding 'DomainMembership' 'Microsoft Entra'
    }
}

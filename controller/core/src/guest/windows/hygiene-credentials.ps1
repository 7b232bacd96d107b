# Credentials that tools store, and passwords in answer files.

function Find-Credentials([string[]] $Homes) {
    foreach ($root in $Homes) {
        Add-Files 'CloudCredentials' "$root\.azure\msal_token_cache.*", "$root\.azure\service_principal_entries.*", "$root\.azure\accessTokens.json"
        Add-Files 'CloudCredentials' "$root\.aws\credentials"
        Add-Files 'CloudCredentials' "$root\.kube\config"
        Add-Files 'CloudCredentials' "$root\.docker\config.json" '"auth"\s*:'
        Add-Files 'CloudCredentials' "$root\AppData\Roaming\gcloud\credentials.db", "$root\AppData\Roaming\gcloud\application_default_credentials.json"
        Add-Files 'Token' "$root\.git-credentials", "$root\_netrc", "$root\.netrc"
        Add-Files 'Token' "$root\.npmrc" '_authToken|_password|_auth\b'
        Add-Files 'Token' "$root\AppData\Roaming\NuGet\NuGet.Config" 'ClearTextPassword'
    }
    # The folders Panther are emptied by the seal.
    $answers = @("$env:SystemDrive\unattend.xml", "$env:SystemDrive\autounattend.xml", (Get-Value 'HKLM:\SYSTEM\Setup' 'UnattendFile'))
    Add-Files 'Token' @($answers | Where-Object { $_ }) 'Password>'
    $logon = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
    if (Get-Value $logon 'DefaultPassword') { Add-Finding 'Token' "$logon\DefaultPassword" }
}

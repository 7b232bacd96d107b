# What agents know this machine by, and what extensions keep.

function Find-Agents {
    $defender = 'HKLM:\SOFTWARE\Microsoft\Windows Advanced Threat Protection'
    if (1 -eq (Get-Value "$defender\Status" 'OnboardingState')) { Add-Finding 'AgentIdentity' "$defender\Status\OnboardingState" }
    if (Get-Value $defender 'senseGuid') { Add-Finding 'AgentIdentity' "$defender\senseGuid" }
    # Log Analytics, and Azure Arc.
    foreach ($service in @(Get-Service -Name 'HealthService', 'himds' -ErrorAction SilentlyContinue)) {
        Add-Finding 'AgentIdentity' "HKLM:\SYSTEM\CurrentControlSet\Services\$($service.Name)"
    }
    Add-Files 'AgentIdentity' "$env:SystemRoot\SMSCFG.ini"
    # Azure Monitor.
    foreach ($store in @(Get-Item -Path "$env:SystemDrive\WindowsAzure\Resources\AMADataStore*" -ErrorAction SilentlyContinue)) {
        Add-Finding 'AgentIdentity' $store.FullName
    }
    foreach ($extension in @(Get-ChildItem -LiteralPath "$env:SystemDrive\Packages\Plugins" -Directory -ErrorAction SilentlyContinue)) {
        if ($extension.Name -notlike 'Microsoft.CPlat.Core.RunCommand*') { Add-Finding 'Extension' $extension.FullName }
    }
}

# Does it, and says in a line without the nonce what came of it.

# The agent may have been stopped and disabled, as its own part in Sysprep. How it starts is left as it was found.
function Start-Agents {
    foreach ($service in @(Get-CimInstance -ClassName 'Win32_Service' | Where-Object { $Agents -contains $_.Name -and $_.State -ne 'Running' })) {
        $disabled = $service.StartMode -eq 'Disabled'
        if ($disabled) { Set-Service -Name $service.Name -StartupType Manual -ErrorAction SilentlyContinue }
        Start-Service -Name $service.Name -ErrorAction SilentlyContinue
        if ($disabled) { Set-Service -Name $service.Name -StartupType Disabled -ErrorAction SilentlyContinue }
    }
}

function Invoke-Seal {
    $step = 'account'
    $detail = $null
    try {
        $password = New-Administrator
        $step = 'deprovision'
        Start-Sysprep $password
        Wait-Sysprep
    } catch {
        $detail = "$_"
    }
    $state = Get-ImageState
    if (-not $detail -and $state -ne 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE') { $detail = Get-SysprepError }
    $left = @(Remove-Leftovers)

    if (-not $detail -and -not $left) { return 'sealed' }
    if (-not $detail) {
        $step = if ($left[0] -like 'account *' -or $left[0] -like 'profile *') { 'account' } else { 'leftovers' }
        $detail = "could not be removed: $($left -join ', ')"
    }
    if ($state -ne 'IMAGE_STATE_COMPLETE') { return "failed $step broken: $state; $detail" }
    # So that another try can come.
    Start-Agents
    if (Test-Path -LiteralPath 'HKLM:\SYSTEM\Setup\Upgrade') { $detail = "$detail (this Windows was upgraded)" }
    "failed $step unchanged: $detail"
}

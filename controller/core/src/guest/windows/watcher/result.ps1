# Does it, and says in a line without the nonce what came of it.

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
    Get-Service -Name $Agents -ErrorAction SilentlyContinue | Start-Service -ErrorAction SilentlyContinue
    if (Test-Path -LiteralPath 'HKLM:\SYSTEM\Setup\Upgrade') { $detail = "$detail (this Windows was upgraded)" }
    "failed $step unchanged: $detail"
}

# Whether this is a guest that the script knows how to seal.

function Test-Support {
    $lacks = $null
    if ($PSVersionTable.PSVersion -lt [System.Version] '5.1' -or "$($PSVersionTable.PSEdition)" -ne 'Desktop') {
        $lacks = 'Windows PowerShell 5.1'
    } elseif (-not [System.Environment]::Is64BitProcess) {
        $lacks = 'PowerShell in 64 bits'
    } elseif ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') {
        $lacks = 'the full language of PowerShell, which a policy denies'
    } elseif (-not (Test-Path -LiteralPath "$Sysprep\Sysprep.exe")) {
        $lacks = "$Sysprep\Sysprep.exe"
    }
    if ($lacks) { Stop-Here 11 "this guest is not supported: it lacks $lacks" }
}

# The agent takes part in Sysprep, so its services must run.
function Test-Agent {
    $there = @(Get-Service -Name $Agents -ErrorAction SilentlyContinue)
    if (-not $there) { Stop-Here 10 'the Azure agent is not installed, and machines made from the image could not be provisioned' }
    $clock = Start-Clock
    do {
        $idle = @(Get-Service -Name $there.Name | Where-Object { "$($_.Status)" -ne 'Running' })
        if (-not $idle) { return }
        Start-Sleep -Seconds 5
    } while ((Get-Seconds $clock) -lt 60)
    Stop-Here 33 "the Azure agent is not running: service $($idle[0].Name) is $($idle[0].Status); start it, and find out why it stopped"
}

# Made anew, so that nobody else's folder is used; only the system and administrators can look into it.
function Initialize-Folder {
    try {
        Remove-Item -LiteralPath $Folder -Recurse -Force -ErrorAction SilentlyContinue
        $security = New-Object -TypeName 'System.Security.AccessControl.DirectorySecurity'
        $security.SetSecurityDescriptorSddlForm('O:SYG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
        [void] [System.IO.Directory]::CreateDirectory($Folder, $security)
        [System.IO.File]::WriteAllBytes("$Folder\test", (New-Object -TypeName 'System.Byte[]' -ArgumentList 1048576))
        Remove-Item -LiteralPath "$Folder\test" -Force
    } catch {
        Stop-Here 17 "the folder $Folder can't be written: $_"
    }
}

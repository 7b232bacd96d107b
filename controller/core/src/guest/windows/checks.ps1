# Why Sysprep, or a machine made from the image, would fail: looked for before anything is changed.

function Test-State {
    $state = Get-ImageState
    if ($state -ne 'IMAGE_STATE_COMPLETE') {
        Stop-Here 35 "Sysprep can't run: this Windows is in state $state, and should be in IMAGE_STATE_COMPLETE"
    }
    if (1 -eq (Get-Value 'HKLM:\SYSTEM\Setup' 'SystemSetupInProgress')) {
        Stop-Here 35 "Sysprep can't run: Windows Setup or an upgrade is in progress; let it end, and restart the guest"
    }
    $left = (Get-CimInstance -ClassName 'SoftwareLicensingService').RemainingWindowsReArmCount
    if ($null -ne $left -and $left -eq 0) {
        Stop-Here 35 "Sysprep can't run: its activation was reset as often as Windows allows; make the image from a fresh Windows"
    }
}

# Programs that take part in Sysprep, as Azure's agent does, are listed as "file,function". Of one whose file an update has
# taken away, Sysprep dies halfway.
function Test-Providers {
    foreach ($pass in 'Cleanup', 'Generalize') {
        $list = Get-Item -LiteralPath "HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\SysPrepExternal\$pass" -ErrorAction SilentlyContinue
        if (-not $list) { continue }
        foreach ($name in $list.Property) {
            $file = ("$($list.GetValue($name))" -split ',')[0].Trim('"', ' ')
            if ($file -like '?:\*' -and -not (Test-Path -LiteralPath $file)) {
                Stop-Here 35 "Sysprep can't run: $file, which takes part in it, is missing; if it is the Azure agent's, wait for its update, or install it anew"
            }
        }
    }
}

function Test-Membership {
    $computer = Get-CimInstance -ClassName 'Win32_ComputerSystem'
    if ($computer.PartOfDomain) {
        Stop-Here 34 "the guest is a member of the domain $($computer.Domain), and Sysprep is for a workgroup: take it out, and restart it"
    }
}

# Without the feature BitLocker there is no such class, and nothing is encrypted by it.
function Test-Encryption {
    $volumes = @(Get-CimInstance -Namespace 'root\CIMV2\Security\MicrosoftVolumeEncryption' -ClassName 'Win32_EncryptableVolume' -ErrorAction SilentlyContinue)
    foreach ($volume in $volumes) {
        $status = Invoke-CimMethod -InputObject $volume -MethodName 'GetConversionStatus' -Arguments @{ PrecisionFactor = [System.UInt32] 0 }
        if ($status.ReturnValue -ne 0 -or $status.ConversionStatus -ne 0) {
            Stop-Here 31 "a volume is encrypted or not fully decrypted yet: $($volume.DriveLetter); switch BitLocker, device encryption or Azure Disk Encryption off, and wait"
        }
    }
}

function Test-Restart {
    $signs = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending',
        'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired'
    foreach ($sign in $signs) {
        if (Test-Path -LiteralPath $sign) { Stop-Here 30 "the guest must be restarted first: $sign exists" }
    }
}

# Azure hands a new machine its settings on a DVD: without the drive it stays in its first dialogue for ever.
function Test-Drive {
    if (4 -eq (Get-Value 'HKLM:\SYSTEM\CurrentControlSet\Services\cdrom' 'Start')) {
        Stop-Here 35 'Sysprep can''t run: the DVD drive is disabled, through which Azure provisions; set Start of HKLM:\SYSTEM\CurrentControlSet\Services\cdrom to 1'
    }
    $policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\RemovableStorageDevices'
    $discs = "$policy\{53f56308-b6bf-11d0-94f2-00a0c91efb8b}"
    if (1 -eq (Get-Value $policy 'Deny_All') -or 1 -eq (Get-Value $discs 'Deny_Read')) {
        Stop-Here 35 'Sysprep can''t run: a policy on removable storage denies access to discs, and Azure provisions through a DVD'
    }
}

# A package in a newer version than the provisioned one can't be told from here: its numbers are those of a bundle.
function Test-StorePackages {
    $commands = @(Get-Command -Name 'Get-AppxPackage', 'Get-AppxProvisionedPackage' -ErrorAction SilentlyContinue)
    if ($commands.Count -lt 2) { return }
    $provisioned = @(Get-AppxProvisionedPackage -Online | ForEach-Object { $_.DisplayName })
    $packages = @(Get-AppxPackage -AllUsers | Where-Object {
        -not $_.IsFramework -and -not $_.NonRemovable -and "$($_.SignatureKind)" -ne 'System' -and
        "$($_.PackageUserInformation)" -match 'Installed' -and $provisioned -notcontains $_.Name
    })
    if (-not $packages) { return }
    Write-Lines 'azimage: found UserPackage' @($packages | ForEach-Object { $_.PackageFullName }) 1300
    Write-Output "azimage: findings $($packages.Count) $($packages.Count) 0"
    Stop-Here 32 "packages are installed for a user, and not provisioned for all users ($($packages.Count)): remove each with Remove-AppxPackage -AllUsers"
}

function Test-Guest {
    Test-Agent
    Test-State
    Test-Providers
    Test-Membership
    Test-Encryption
    Test-Restart
    Test-Drive
    Wait-Installers
    Test-StorePackages
}

# Waits for what installs at this moment.

function Get-Installer {
    $mutex = $null
    # Set while Windows Installer changes something.
    if ([System.Threading.Mutex]::TryOpenExisting('Global\_MSIExecute', [ref] $mutex)) {
        $mutex.Dispose()
        return 'Windows Installer'
    }
    $service = Get-Service -Name 'TrustedInstaller' -ErrorAction SilentlyContinue
    if ($service -and "$($service.Status)" -ne 'Stopped') { 'Windows Modules Installer' }
}

function Wait-Installers {
    $clock = Start-Clock
    while ($busy = Get-Installer) {
        if ((Get-Seconds $clock) -ge $PackagesWait) {
            Stop-Here 14 "the guest is busy: $busy was still at work after $PackagesWait seconds; wait for its end, or stop updates while images are made"
        }
        Start-Sleep -Seconds 10
    }
}

# What belongs to this machine alone and would be in the image: kind and path, never content. The files beside this one look
# for it; here is what becomes of what they find.

$Findings = New-Object -TypeName 'System.Collections.ArrayList'

function Add-Finding([string] $Kind, [string] $Path) {
    [void] $Findings.Add((New-Object -TypeName 'PSObject' -Property @{ Kind = $Kind; Path = $Path }))
}

# Adds those of the files that exist, aren't empty, and hold a line that matches.
function Add-Files([string] $Kind, [string[]] $Paths, [string] $Pattern = '') {
    foreach ($file in @(Get-Item -Path $Paths -Force -ErrorAction SilentlyContinue)) {
        if ($file.PSIsContainer -or $file.Length -eq 0) { continue }
        if (-not $Pattern -or (Test-Content $file $Pattern)) { Add-Finding $Kind $file.FullName }
    }
}

function Test-Content($File, [string] $Pattern) {
    $File.Length -le 1048576 -and (Select-String -LiteralPath $File.FullName -Pattern $Pattern -Quiet -ErrorAction SilentlyContinue)
}

# The folders of all accounts, also of those that are gone, of services and of the system.
function Get-Homes {
    $known = @(Get-CimInstance -ClassName 'Win32_UserProfile' | ForEach-Object { $_.LocalPath })
    $there = @(Get-ChildItem -LiteralPath "$env:SystemDrive\Users" -Directory -Force -ErrorAction SilentlyContinue |
        Where-Object { -not ($_.Attributes -band [System.IO.FileAttributes]::ReparsePoint) } | ForEach-Object { $_.FullName })
    $known + $there | Where-Object { $_ } | Sort-Object -Unique
}

function Test-Allowed([string] $Path) {
    foreach ($entry in $Allowed) {
        $whole = ConvertFrom-Encoded $entry
        $begin = $whole.TrimEnd('*')
        if ($whole.EndsWith('*')) {
            if ($Path.StartsWith($begin, [System.StringComparison]::OrdinalIgnoreCase)) { return $true }
        } elseif ($Path.Equals($whole, [System.StringComparison]::OrdinalIgnoreCase)) {
            return $true
        }
    }
    $false
}

function Show-Findings {
    $tolerated = @($Findings | Where-Object { Test-Allowed $_.Path })
    $others = @($Findings | Where-Object { $tolerated -notcontains $_ })
    $enforced = @($others | Where-Object { $EnforcedKinds -contains $_.Kind })
    $told = @($others | Where-Object { $EnforcedKinds -notcontains $_.Kind })
    # The last lines are kept, so the order is turned twice.
    $lines = @($enforced + $told + $tolerated | ForEach-Object { "$($_.Kind) $($_.Path)" })
    [System.Array]::Reverse($lines)
    $kept = @(Write-Lines 'azimage: found' $lines 1300)
    [System.Array]::Reverse($kept)
    $kept | ForEach-Object { Write-Output $_ }
    Write-Output "azimage: findings $($Findings.Count) $($enforced.Count) $($tolerated.Count)"
    if ($HygieneMode -eq 'Enforce' -and $enforced) {
        Stop-Here 20 "found what belongs to this machine alone: $($enforced.Count) findings; remove each, or allow its path with a reason"
    }
}

function Invoke-Hygiene {
    if ($HygieneMode -eq 'Off') { return }
    $homes = @(Get-Homes)
    Find-Keys $homes
    Find-Certificates
    Find-Credentials $homes
    Find-Accounts
    Find-Agents
    Find-Traces $homes
    Show-Findings
}

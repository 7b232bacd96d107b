# Keys of this machine and of people, and certificates with theirs.

function Find-Keys([string[]] $Homes) {
    $header = '-----BEGIN [A-Z ]*PRIVATE KEY-----'
    Add-Files 'PrivateKey' "$env:ProgramData\ssh\ssh_host_*_key" $header
    Add-Files 'AuthorizedKeys' "$env:ProgramData\ssh\administrators_authorized_keys" '\S'
    foreach ($root in $Homes) {
        Add-Files 'AuthorizedKeys' "$root\.ssh\authorized_keys" '\S'
        Add-Files 'PrivateKey' "$root\.ssh\*" $header
        foreach ($place in $root, "$root\Desktop", "$root\Documents", "$root\Downloads") {
            Add-Files 'PrivateKey' "$place\*.pem", "$place\*.key" $header
            Add-Files 'PrivateKey' "$place\*.ppk"
            Add-Files 'Certificate' "$place\*.pfx", "$place\*.p12"
        }
    }
}

# Azure's own certificate, which protects settings on their way to the agent, is on each machine, and is made anew.
function Find-Certificates {
    foreach ($store in 'Cert:\LocalMachine\My', 'Cert:\LocalMachine\WebHosting') {
        foreach ($certificate in @(Get-ChildItem -LiteralPath $store -ErrorAction SilentlyContinue)) {
            if ($certificate.HasPrivateKey -and $certificate.Subject -notlike '*Windows Azure CRP Certificate Generator*') {
                Add-Finding 'Certificate' "$store\$($certificate.Thumbprint)"
            }
        }
    }
}

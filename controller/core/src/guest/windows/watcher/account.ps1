# Sysprep must not run as the system: that isn't supported, and from Windows 11 24H2 and Windows Server 2025 on it leaves new
# machines without a desktop. So it runs as an administrator of its own, whose password nobody ever knows.

function New-Administrator {
    $bytes = New-Object -TypeName 'System.Byte[]' -ArgumentList 32
    $random = [System.Security.Cryptography.RandomNumberGenerator]::Create()
    $random.GetBytes($bytes)
    $random.Dispose()
    # With a character of each kind, as policies demand.
    $password = 'aA1!' + [System.Convert]::ToBase64String($bytes)
    $secure = ConvertTo-SecureString -String $password -AsPlainText -Force
    [void] (New-LocalUser -Name $Account -Password $secure -AccountExpires (Get-Date).AddDays(1) -Description 'azimage: runs Sysprep')
    Add-LocalGroupMember -SID 'S-1-5-32-544' -Member $Account
    $password
}

# The serial port, which Azure keeps as the console's log. Where Windows itself owns it (Emergency Management Services, as in
# Azure's images of Windows Server) it can't be opened, and the last line of the run command is the only word.

# Writes a line alone in its line. What comes back is why it couldn't, or nothing. The driver may hang, so it works aside.
function Write-Port([string] $Line) {
    $shell = [System.Management.Automation.PowerShell]::Create()
    [void] $shell.AddScript({
        param([string] $Text)
        $port = New-Object -TypeName 'System.IO.Ports.SerialPort' -ArgumentList 'COM1', 115200
        $port.WriteTimeout = 10000
        try {
            $port.Open()
            $port.Write($Text)
        } finally {
            $port.Dispose()
        }
    }).AddArgument("`r`n$Line`r`n")
    $work = $shell.BeginInvoke()
    if (-not $work.AsyncWaitHandle.WaitOne(20000)) { return 'it hangs' }
    try {
        [void] $shell.EndInvoke($work)
    } catch {
        return Limit-Text "$($_.Exception.GetBaseException().Message)" 120
    }
    if ($shell.HadErrors) { Limit-Text "$($shell.Streams.Error[0])" 120 }
}

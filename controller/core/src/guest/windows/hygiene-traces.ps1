# Histories and crash dumps.

function Find-Traces([string[]] $Homes) {
    foreach ($root in $Homes) {
        Add-Files 'History' "$root\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\*_history.txt"
        Add-Files 'CrashDump' "$root\AppData\Local\CrashDumps\*.dmp"
    }
    Add-Files 'CrashDump' "$env:SystemRoot\MEMORY.DMP", "$env:SystemRoot\Minidump\*.dmp", "$env:SystemRoot\LiveKernelReports\*.dmp"
}

# run-script.sh FOLDER UNIT LIMIT PROGRAM [ARGUMENT]: inside of the scope.
folder=$1
unit=$2
limit=$3
shift 3
# As in a shell of root's, not as this script likes it.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset LC_ALL
exec </dev/null 2>&1
cd /
true >"$folder/began"
code=0
timeout -k 30 "$limit" "$@" "$folder/script" || code=$?
printf '%s\n' "$code" >"$folder/code"
# Ends what it left behind, and this shell with it.
systemctl kill --signal=KILL "$unit.scope"

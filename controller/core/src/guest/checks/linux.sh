# Looks into a machine that was made from a version: who it is, and whether all is well with it. Changes nothing.

# tell WORDS: a line of the report.
tell() {
    printf 'azimage: %s\n' "$(printf '%s' "$*" | plain_line | cut -c 1-120)"
}

# digest: what tells one secret from another, and nothing of what it is.
digest() {
    sha256sum | cut -c 1-16
}

# wait_for_start: until the system has come up, at most five minutes.
wait_for_start() {
    tries=0
    while [ "$tries" -lt 60 ]; do
        case $(systemctl is-system-running 2>/dev/null) in
        initializing | starting) sleep 5 ;;
        *) return ;;
        esac
        tries=$((tries + 1))
    done
    tell still-starting
}

# tell_identity: what belongs to this machine alone.
tell_identity() {
    tell "hostname $(uname -n)"
    if [ -s /etc/machine-id ] && ! grep -q -s -F uninitialized /etc/machine-id; then
        tell "identity machine-id $(digest </etc/machine-id)"
    fi
    for file in /etc/ssh/ssh_host_*_key; do
        if [ -f "$file" ]; then
            kind=${file#/etc/ssh/ssh_host_}
            tell "identity ssh-host-key-${kind%_key} $(digest <"$file")"
        fi
    done
}

# since_start PROPERTY [UNITS]: seconds from the start of the kernel to a moment that systemd keeps, - if it keeps none.
since_start() {
    property=$1
    shift
    for moment in $(systemctl show --property="$property" --value "$@" 2>/dev/null); do
        case $moment in
        0 | *[!0-9]*) ;;
        *)
            echo "$((moment / 1000000))"
            return
            ;;
        esac
    done
    echo -
}

# tell_start: how long it took: the kernel, until the system was up, until its agent was started, and all of it.
tell_start() {
    tell "boot $(since_start UserspaceTimestampMonotonic) $(since_start ActiveEnterTimestampMonotonic multi-user.target)" \
        "$(since_start ActiveEnterTimestampMonotonic walinuxagent.service waagent.service) $(since_start FinishTimestampMonotonic)"
}

# tell_agent: the version of the agent that runs, which may have replaced the one that is installed.
tell_agent() {
    timeout 60 waagent --version 2>/dev/null >"$FOLDER/agent"
    runs=$(sed -n 's/^Goal state agent: *//p' "$FOLDER/agent" | head -n 1)
    installed=$(sed -n 's/^WALinuxAgent-\([0-9.]*\).*/\1/p' "$FOLDER/agent" | head -n 1)
    tell "agent ${runs:-$installed}"
}

# number_in FILE: what stands in it, 0 if it isn't there.
number_in() {
    cat "$1" 2>/dev/null || echo 0
}

# tell_root: in sectors of 512 bytes, what the root file system lies in, what nothing lies in behind the last partition of that
# disk, and the file system itself. Nothing is told where it doesn't lie in a device of its own.
tell_root() {
    device=$(readlink -f "/sys/dev/block/$(mountpoint -d / 2>/dev/null)")
    if [ ! -f "$device/size" ]; then
        return
    fi
    unused=0
    if [ -f "$device/partition" ]; then
        disk=${device%/*}
        end=0
        for partition in "$disk"/*/partition; do
            partition=${partition%/partition}
            last=$(($(number_in "$partition/start") + $(number_in "$partition/size")))
            if [ "$last" -gt "$end" ]; then
                end=$last
            fi
        done
        unused=$(($(number_in "$disk/size") - end))
    fi
    kibibytes=$(df -P -k / 2>/dev/null | sed -n '2s/^[^ ]*  *\([0-9]*\) .*/\1/p')
    tell "root $(number_in "$device/size") $unused $((${kibibytes:-0} * 2))"
}

tell_system() {
    tell "clock $(date +%s)"
    if grep -q -s -E '^[[:space:]]*nameserver[[:space:]]' /etc/resolv.conf; then
        tell name-server
    fi
    systemctl list-units --state=failed --plain --no-legend --no-pager 2>/dev/null >"$FOLDER/failed"
    while read -r unit _; do
        if ! is_ignored "$unit"; then
            tell "failed-unit $unit"
        fi
    done <"$FOLDER/failed" | head -n 10
}

# is_ignored UNIT: whether it may have failed.
is_ignored() {
    while IFS= read -r pattern; do
        # shellcheck disable=SC2254
        case $1 in
        $pattern) return 0 ;;
        esac
    done <"$FOLDER/ignored-units"
    return 1
}

# tell_accounts: who else than the machine's own account could log in.
tell_accounts() {
    with_a_shell "$ADMIN" | while IFS=: read -r name home; do
        if grep -q -x -F -e "$name" "$FOLDER/allowed-accounts"; then
            continue
        fi
        if has_password "$name" || has_keys "$home"; then
            tell "account $name"
        fi
    done | head -n 8
}

# keys_left FILE: the keys in it, but those that send whoever uses them to another account.
keys_left() {
    grep -v -E '^[[:space:]]*(#|$)' "$1" | grep -v -F -e 'Please login as the user'
}

# check NAME LIMIT TEXT: one of the user's.
told=0
number=0
check() {
    number=$((number + 1))
    if ! run_in_scope "azimage-check-$number" "$3" "$2"; then
        tell "check $1 126 0"
        tell "check-says $1 it can't be started: systemd-run --scope fails in this guest"
        return
    fi
    tell "check $1 ${code:-137} $took"
    if [ "${code:-137}" != 0 ] && [ "$told" -lt 3 ]; then
        told=$((told + 1))
        { last_lines 3900 <"$FOLDER/said"; echo; } | plain | sed -e '/^ *$/d' -e "s/^/azimage: check-says $1 /" | cut -c 1-200 | last_lines 400
    fi
}

wait_for_start
tell_identity
tell_start
tell_agent
tell_root
tell_system
tell_accounts

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

tell_system() {
    tell "clock $(date +%s)"
    until=$(systemctl show --property=ActiveEnterTimestampMonotonic --value multi-user.target 2>/dev/null)
    case $until in
    '' | 0 | *[!0-9]*) ;;
    *) tell "boot-seconds $((until / 1000000))" ;;
    esac
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
    while IFS=: read -r name _ _ _ _ home shell; do
        case $shell in
        */nologin | */false | */true | */sync | */shutdown | */halt) continue ;;
        esac
        case $name in
        '' | "$ADMIN" | *[!A-Za-z0-9_.-]*) continue ;;
        esac
        if grep -q -x -F -e "$name" "$FOLDER/allowed-accounts"; then
            continue
        fi
        if has_password "$name" || has_keys "$home"; then
            tell "account $name"
        fi
    done </etc/passwd | head -n 8
}

# has_password ACCOUNT: a usable one; none at all counts.
has_password() {
    entry=$(grep -s -F -e "$1:" /etc/shadow | sed -n "s/^$1:\([^:]*\):.*/=\1/p" | head -n 1)
    case $entry in
    '' | '=!'* | '=*'* | '=x') return 1 ;;
    esac
    return 0
}

# has_keys HOME: those apart that send whoever uses them to another account.
has_keys() {
    for file in "$1/.ssh/authorized_keys" "$1/.ssh/authorized_keys2"; do
        if [ -f "$file" ] && grep -v -E '^[[:space:]]*(#|$)' "$file" | grep -v -F -e 'Please login as the user' | grep -q .; then
            return 0
        fi
    done
    return 1
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
tell_system
tell_accounts

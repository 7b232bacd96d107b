# Who could log in.

# with_a_shell OWN: name and home of each account that has a shell, each in a line, but for the account OWN.
with_a_shell() {
    while IFS=: read -r name _ _ _ _ home shell; do
        case $shell in
        */nologin | */false | */true | */sync | */shutdown | */halt) continue ;;
        esac
        case $name in
        '' | "$1" | *[!A-Za-z0-9_.-]*) continue ;;
        esac
        printf '%s:%s\n' "$name" "$home"
    done </etc/passwd
}

# has_password ACCOUNT: a usable one; none at all counts.
has_password() {
    entry=$(grep -s -F -e "$1:" /etc/shadow | sed -n "s/^$1:\([^:]*\):.*/=\1/p" | head -n 1)
    case $entry in
    '' | '=!'* | '=*'* | '=x') return 1 ;;
    esac
    return 0
}

# has_keys HOME: of those that keys_left shows of a file.
has_keys() {
    for file in "$1/.ssh/authorized_keys" "$1/.ssh/authorized_keys2"; do
        if [ -f "$file" ] && keys_left "$file" | grep -q .; then
            return 0
        fi
    done
    return 1
}

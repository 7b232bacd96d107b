# Who could log in to a machine made from the image, and become root there.

look_for_accounts() {
    with_a_shell "$account" | while IFS=: read -r name home; do
        if keeps_password "$name" || { [ "$name" != root ] && has_keys "$home"; }; then
            found Account "/etc/passwd:$name"
        fi
    done
    while IFS= read -r home; do
        for file in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2"; do
            if [ -f "$file" ] && keys_left "$file" | grep -q .; then
                found AuthorizedKeys "$file"
            fi
        done
    done <"$FOLDER/homes"
    found_with AuthorizedKeys '^[^#]' /etc/ssh/authorized_keys /etc/ssh/authorized_keys/* /etc/ssh/authorized_keys.d/*
    for file in /etc/sudoers /etc/sudoers.d/*; do
        case $file in
        /etc/sudoers.d/90-cloud-init-users | /etc/sudoers.d/waagent) continue ;;
        esac
        if [ -f "$file" ] && sudo_rules "$file" | grep -q .; then
            found SudoRule "$file"
        fi
    done
    found_with SudoRule '^[[:space:]]*permit.*nopass' /etc/doas.conf
    # Copies of the account's password, besides those that the seal removes. Where /etc is kept in git they are packed.
    hash=$(cat "$FOLDER/hash")
    if [ -n "$hash" ]; then
        set -- /etc /root
        if [ -d /var/backups ]; then
            set -- "$@" /var/backups
        fi
        look "$@" -xdev -type f -size -1024k ! -path /etc/shadow ! -path /etc/shadow- ! -path /var/backups/shadow.bak -exec grep -l -s -F -e "$hash" {} +
        found_by_look Token
    fi
    found_paths Token /etc/.git
}

# keeps_password ACCOUNT: the agent takes root's away, if its settings say so.
keeps_password() {
    if [ "$1" = root ] && grep -q -s -E '^[[:space:]]*Provisioning.DeleteRootPassword[[:space:]]*=[[:space:]]*[yY]' /etc/waagent.conf; then
        return 1
    fi
    has_password "$1"
}

# keys_left FILE: the keys in it that the seal leaves there. Of root's it removes those of the account, which cloud-init
# put there with words that send whoever uses them to the account.
keys_left() {
    grep -v -E '^[[:space:]]*(#|$)' "$1" >"$FOLDER/keys-left"
    case $1 in
    /root/*)
        grep -v -F -e 'Please login as the user' "$FOLDER/keys-left" >"$FOLDER/keys-other"
        cat "$FOLDER/keys-other" >"$FOLDER/keys-left"
        while read -r key; do
            grep -v -F -e "$key" "$FOLDER/keys-left" >"$FOLDER/keys-other"
            cat "$FOLDER/keys-other" >"$FOLDER/keys-left"
        done <"$FOLDER/keys"
        ;;
    esac
    cat "$FOLDER/keys-left"
}

# sudo_rules FILE: lines that make somebody root without a password; and those of the account that the seal can't remove,
# as it is in an alias, or as the rule goes on in the next line.
sudo_rules() {
    grep -s -E '^[^#]*NOPASSWD' "$1" | grep -v -E "^[[:space:]]*${account_pattern}[[:space:]]"
    grep -s -E "^[^#]*[^%#A-Za-z0-9_.-]$account_pattern([^A-Za-z0-9_.-]|\$)" "$1" | grep -v -E "^Defaults:$account_pattern([^A-Za-z0-9_.-]|\$)"
    grep -s -E "^[[:space:]]*(Defaults:)?${account_pattern}[[:space:]].*[\\]\$" "$1"
}

# The account that the machine was made with, and all that is its.

remove_account() {
    step=account
    if timeout 60 getent passwd "$account" >/dev/null; then
        timeout 60 userdel -f -r "$account" >/dev/null 2>&1 || true
    fi
    if timeout 60 getent passwd "$account" >/dev/null; then
        fail "the account $account can't be removed (userdel)"
    fi
    sed -i "/^$account_pattern:/d" /etc/subuid /etc/subgid 2>/dev/null || true
    # With a group of its name left, the account of that name can't be made in a new machine.
    if timeout 60 getent group "$account" >/dev/null; then
        timeout 60 groupdel "$account" >/dev/null 2>&1 || true
    fi
    for file in /etc/passwd /etc/shadow /etc/group /etc/subuid /etc/subgid; do
        if grep -q -s "^$account_pattern:" "$file"; then
            fail "$file still has a line of $account"
        fi
    done
    case $account_home in
    /root | /root/* | */../* | */.. | /*/.) ;;
    /?*/?*)
        # A file system of its own stays, without what was on it.
        clear_folders "$account_home"
        rm -rf "$account_home" 2>/dev/null || true
        empty "$account_home"
        ;;
    esac
    if [ -L "/home/$account" ]; then
        rm -f "/home/$account"
    fi
    remove "/var/mail/$account" "/var/spool/mail/$account" "/var/spool/cron/$account" "/var/spool/cron/crontabs/$account" \
        "/var/spool/cron/tabs/$account" "/var/lib/systemd/linger/$account" "/var/lib/AccountsService/users/$account" \
        "/var/lib/sudo/lectured/$account" "/var/db/sudo/lectured/$account"
    # cloud-init writes its file anew for the account of the new machine.
    remove /etc/sudoers.d/90-cloud-init-users /etc/sudoers.d/waagent
    rule="^[[:space:]]*(Defaults:)?$account_pattern([[:space:]]|\$)"
    grep -l -r -s -E -e "$rule" /etc/sudoers /etc/sudoers.d >"$FOLDER/rules" || true
    while IFS= read -r file; do
        sed -i -E "/$rule/d" "$file"
    done <"$FOLDER/rules"
    file=$(grep -l -r -s -E -e "$rule" /etc/sudoers /etc/sudoers.d | head -n 1)
    if [ -n "$file" ]; then
        fail "$file still has a rule for $account"
    fi
}

# The account that the machine was made with. The agent removes it, and nobody else's.

# find_account: sets account, account_pattern (for regular expressions), account_uid and account_home.
find_account() {
    provisioning=/var/lib/waagent/ovf-env.xml
    account=
    if [ -s "$provisioning" ]; then
        # A tag to a line, so that it doesn't matter how the file is broken into lines, nor which prefix its names have.
        account=$(tr '\n\r\t' '   ' <"$provisioning" | tr '<' '\n' |
            sed -n 's/^\([^/:> ]*:\)\{0,1\}UserName\( [^>]*\)\{0,1\}>\(.*\)$/\3/p' | head -n 1 | sed -e 's/^ *//' -e 's/ *$//')
    fi
    # cloud-init that has no provisioning disc leaves no such file, and names its user here.
    users=/etc/sudoers.d/90-cloud-init-users
    if [ -z "$account" ] && [ "$(grep -c -s '^# User rules for ' "$users")" = 1 ]; then
        account=$(sed -n 's/^# User rules for \([^ ]*\) *$/\1/p' "$users")
        provisioning=$users
    fi
    if [ -z "$account" ] && [ ! -s "$provisioning" ]; then
        refuse 12 "$provisioning is not there, so the account that the machine was made with is unknown and can't be removed. Is it a machine without provisioning (specialized)?"
    fi
    case $account in
    '') refuse 12 "$provisioning names no account (UserName), so none can be removed" ;;
    root) refuse 12 "$provisioning names root as the machine's account, which can't be removed" ;;
    -* | .* | *[!A-Za-z0-9_.-]*) refuse 12 "the account's name in $provisioning has characters that aren't supported: letters, digits, dots, dashes and underscores are" ;;
    esac
    account_pattern=$(printf '%s' "$account" | sed 's/[.]/[.]/g')
    account_uid=$(timeout 60 getent passwd "$account" | cut -d : -f 3)
    account_home=$(timeout 60 getent passwd "$account" | cut -d : -f 6)
    if [ "$account_uid" = 0 ]; then
        refuse 12 "the account $account has the user id 0 as root has, so it can't be removed"
    fi
    # Somebody may have removed it already; its folder may still be there. It may be a link to another disk.
    account_home=${account_home:-/home/$account}
    if [ -d "$account_home" ]; then
        account_home=$(readlink -f "$account_home")
    fi
    # Its password must not be found anywhere when it is gone.
    grep -s -e "^$account_pattern:" /etc/shadow | cut -d : -f 2 | grep -F -e '$' >"$FOLDER/hash"
    # By its keys cloud-init's lines among root's are known.
    true >"$FOLDER/keys"
    if [ -f "$account_home/.ssh/authorized_keys" ]; then
        tr ' \t' '\n\n' <"$account_home/.ssh/authorized_keys" | grep -E '^AAAA[A-Za-z0-9+/=]{20,}$' >"$FOLDER/keys"
    fi
}

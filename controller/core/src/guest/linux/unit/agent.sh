# The agent's own deprovisioning, and what it needs so that it comes to its end.

deprovision() {
    step=deprovision
    removed=yes
    free_group
    # Deprovisioning removes resolv.conf even where it is a link to what a service writes, and nothing makes the link anew.
    if [ -L /etc/resolv.conf ]; then
        cp -P /etc/resolv.conf "$FOLDER/resolv.conf"
    fi
    make_files
    code=0
    timeout 300 waagent -force -deprovision+user >"$FOLDER/said" 2>&1 || code=$?
    remove_files
    if [ -L "$FOLDER/resolv.conf" ] && [ ! -L /etc/resolv.conf ]; then
        rm -f /etc/resolv.conf
        cp -P "$FOLDER/resolv.conf" /etc/resolv.conf
    fi
    if [ "$code" != 0 ]; then
        fail "waagent -deprovision+user ended with $code: $(agent_said)"
    fi
    for path in /var/lib/waagent/ovf-env.xml /var/lib/waagent/provisioned; do
        if [ -e "$path" ]; then
            fail "waagent -deprovision+user stopped half-way and left $path: $(agent_said)"
        fi
    done
}

# agent_said: its last error, without the moment before it; else its last line.
agent_said() {
    line=$(grep -E '(^| )ERROR ' "$FOLDER/said" | tail -n 1 | sed -e 's/^.*ERROR //' -e 's/^MainThread //')
    if [ -z "$line" ]; then
        line=$(tail -n 1 "$FOLDER/said")
    fi
    printf '%s\n' "$line"
}

# free_group: the account leaves its own group, which goes. `userdel` writes passwd before group: a guest that is reset
# in between would have a group of a name for which `useradd` then makes no account.
free_group() {
    own=$(timeout 60 getent group "$account" | cut -d : -f 3)
    if [ -z "$own" ] || [ "$(timeout 60 id -g "$account" 2>/dev/null)" != "$own" ]; then
        return
    fi
    for group in nogroup nobody users; do
        timeout 300 usermod -g "$group" "$account" >/dev/null 2>&1 || true
        if [ "$(timeout 60 id -g "$account" 2>/dev/null)" != "$own" ]; then
            timeout 60 groupdel "$account" >/dev/null 2>&1 || true
            return
        fi
    done
}

# make_files: the agent writes its host name for DHCP into a file of the distribution's family, and stops in the middle of
# everything where it isn't there, as where NetworkManager keeps its own. They are removed right after it.
make_files() {
    true >"$FOLDER/made"
    if [ -e /etc/redhat-release ]; then
        for interface in /sys/class/net/*; do
            # Should the guest die before it is removed, it connects nothing.
            make_file "/etc/sysconfig/network-scripts/ifcfg-${interface##*/}" 'ONBOOT=no'
        done
    elif grep -q -s -E '^ID(_LIKE)?=.*(suse|sles|sle-micro)' /etc/os-release; then
        make_file /etc/sysconfig/network/dhcp 'DHCLIENT_HOSTNAME_OPTION="AUTO"'
    fi
}

# make_file FILE LINE: unless it is there.
make_file() {
    if [ -e "$1" ] || [ -L "$1" ]; then
        return
    fi
    folder=${1%/*}
    if [ ! -d "$folder" ] && mkdir -p "$folder" 2>/dev/null; then
        printf '%s\n' "$folder" >>"$FOLDER/made"
    fi
    if printf '%s\n' "$2" 2>/dev/null >"$1"; then
        printf '%s\n' "$1" >>"$FOLDER/made"
    fi
}

remove_files() {
    # Files first, then the folders they are in.
    sort -r "$FOLDER/made" | while IFS= read -r path; do
        if [ -d "$path" ]; then
            rmdir "$path" 2>/dev/null || true
        else
            rm -f "$path"
        fi
    done
}

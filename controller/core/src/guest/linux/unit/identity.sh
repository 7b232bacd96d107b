# What makes this machine that one machine.

remove_identity() {
    step=identity
    remove /etc/ssh/ssh_host_*
    # Mostly it is a link to the machine's id. A file would become that of each new machine.
    if [ -f /var/lib/dbus/machine-id ] && [ ! -L /var/lib/dbus/machine-id ]; then
        remove /var/lib/dbus/machine-id
    fi
    # Stopped, so that it doesn't write another one at the power-off.
    timeout 60 systemctl stop systemd-random-seed.service >/dev/null 2>&1 || true
    remove /var/lib/systemd/random-seed /var/lib/urandom/random-seed /var/lib/misc/random-seed /var/lib/systemd/credential.secret \
        /boot/loader/random-seed /boot/efi/loader/random-seed /efi/loader/random-seed
}

# stop_services UNITS: those that run; if the seal fails they are started again.
stop_services() {
    for unit in "$@"; do
        if systemctl is-active --quiet "$unit"; then
            services="$services $unit"
            timeout 60 systemctl stop "$unit" >/dev/null 2>&1 || true
        fi
    done
}

remove_network() {
    step=network
    # dhclient writes its lease once more when it is stopped, with the hardware address. Not with folders of the network
    # in use, which could not be unmounted any more.
    if ! grep -q -s -E ' (nfs|nfs4|cifs|smb3|ceph|glusterfs|fuse.sshfs) ' /proc/mounts; then
        stop_services networking.service network.service wicked.service
    fi
    clear_folders /var/lib/dhcp /var/lib/dhclient /var/lib/dhcpcd
    empty /var/lib/dhcp /var/lib/dhclient /var/lib/dhcpcd
    for folder in /var/lib/NetworkManager /var/lib/wicked; do
        if [ -d "$folder" ]; then
            find "$folder" -type f '(' -name '*.lease' -o -name 'lease-*' -o -name secret_key -o -name 'timestamps' -o -name seen-bssids -o -name 'duid*' -o -name 'iaid*' ')' -delete 2>/dev/null || true
            left=$(find "$folder" -type f '(' -name '*.lease' -o -name 'lease-*' -o -name secret_key ')' -print | head -n 1)
            if [ -n "$left" ]; then
                fail "$left is still there"
            fi
        fi
    done
    remove /etc/udev/rules.d/70-persistent-net.rules /etc/udev/rules.d/85-persistent-net-cloud-init.rules
    # They hold this machine's hardware address.
    for file in /etc/netplan/50-cloud-init.yaml /etc/network/interfaces.d/50-cloud-init /etc/network/interfaces.d/50-cloud-init.cfg \
        /etc/NetworkManager/system-connections/cloud-init-*.nmconnection /etc/systemd/network/10-cloud-init-*.network \
        /etc/sysconfig/network-scripts/ifcfg-* /etc/sysconfig/network/ifcfg-*; do
        if [ -f "$file" ] && is_written_anew "$file"; then
            remove "$file"
        fi
    done
    if [ -L "$FOLDER/resolv.conf" ] && [ "$(readlink /etc/resolv.conf)" != "$(readlink "$FOLDER/resolv.conf")" ]; then
        fail "/etc/resolv.conf was a link, and can't be made one again"
    fi
}

empty_logs() {
    step=logs
    stop_services syslog.socket rsyslog.service syslog-ng.service
    # From here on the journal is kept in memory; before systemd 243 that takes a setting, which is in memory as well.
    if ! timeout 30 journalctl --relinquish-var >/dev/null 2>&1; then
        mkdir -p /run/systemd/journald.conf.d
        printf '[Journal]\nStorage=volatile\n' >/run/systemd/journald.conf.d/azimage.conf
        timeout 60 systemctl restart systemd-journald.service >/dev/null 2>&1 || true
    fi
    clear_folders /var/log/journal
    empty /var/log/journal
    # What was rotated goes, the rest is emptied in place, which keeps owners, modes and labels.
    find /var/log -xdev -type f '(' -name '*.gz' -o -name '*.xz' -o -name '*.bz2' -o -name '*.zst' -o -name '*.[0-9]' -o -name '*.old' \
        -o -name '*-20[0-9][0-9][0-9][0-9][0-9][0-9]' ')' -delete 2>/dev/null || true
    find /var/log -xdev -type f -size +0 -exec truncate -s 0 {} + 2>/dev/null || true
    # Newer systems keep logins in databases, which are made anew when they aren't there.
    remove /var/lib/wtmpdb/wtmp.db /var/lib/lastlog/lastlog2.db
    for file in /var/log/auth.log /var/log/secure /var/log/syslog /var/log/messages /var/log/wtmp /var/log/btmp /var/log/lastlog; do
        if [ -s "$file" ]; then
            fail "$file isn't empty"
        fi
    done
}

empty_machine_id() {
    step=machine-id
    # Empty, not absent: then systemd makes another one, and doesn't take the machine for one that never started.
    truncate -s 0 /etc/machine-id 2>/dev/null || true
    if [ ! -f /etc/machine-id ] || [ -s /etc/machine-id ]; then
        fail "/etc/machine-id isn't empty"
    fi
}

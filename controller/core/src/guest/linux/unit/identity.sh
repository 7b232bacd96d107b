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

# stop_services UNITS: those that run are started again if the seal fails. All are asked before one is stopped, as that
# may stop another.
stop_services() {
    for unit in "$@"; do
        if systemctl is-active --quiet "$unit"; then
            services="$services $unit"
        fi
    done
    timeout 60 systemctl stop "$@" >/dev/null 2>&1 || true
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

empty_machine_id() {
    step=machine-id
    # Empty, not absent: then systemd makes another one, and doesn't take the machine for one that never started.
    truncate -s 0 /etc/machine-id 2>/dev/null || true
    if [ ! -f /etc/machine-id ] || [ -s /etc/machine-id ]; then
        fail "/etc/machine-id isn't empty"
    fi
}

# Can the seal do all that it has to? Asked while nothing is removed.

# find_port: the first serial port that proves the seal: on Arm64 it is ttyAMA0.
find_port() {
    problems=
    for name in ttyAMA0 ttyS0; do
        port=/dev/$name
        if test_port; then
            return
        fi
        if [ -c "$port" ] || [ "$name" = ttyS0 ]; then
            problems="$problems; $problem"
        fi
    done
    refuse 13 "the seal is proven by a line on the serial console, and there is none that works: ${problems#; }"
}

# check_folders: a file of some size in each folder that the seal changes, so that a read-only or full disk is met now.
check_folders() {
    for folder in /etc /etc/ssh /etc/sudoers.d /etc/systemd/system /etc/udev/rules.d /etc/netplan /etc/network \
        /etc/network/interfaces.d /etc/NetworkManager/system-connections /etc/systemd/network /root /root/.ssh /home \
        "$account_home" /var/lib /var/lib/waagent /var/lib/cloud /var/lib/systemd /var/lib/dbus /var/lib/dhcp \
        /var/lib/dhclient /var/lib/NetworkManager /var/log /var/log/azure /var/log/journal; do
        [ -d "$folder" ] || continue
        probe=$(mktemp "$folder/.azimage.XXXXXX" 2>/dev/null)
        if [ -z "$probe" ] || ! head -c 4096 /dev/zero 2>/dev/null >"$probe"; then
            rm -f "$probe"
            refuse 17 "nothing can be written in $folder: it is read-only, full or immutable, and the seal has to change it. Nothing was removed"
        fi
        rm -f "$probe"
    done
    for file in /etc/passwd /etc/shadow /etc/group /etc/hostname /etc/machine-id /etc/resolv.conf /var/lib/waagent/ovf-env.xml \
        /etc/sudoers.d/90-cloud-init-users /root/.ssh/authorized_keys; do
        if [ ! -f "$file" ] || [ -L "$file" ]; then
            continue
        fi
        if ! true 2>/dev/null >>"$file"; then
            refuse 17 "$file can't be written: it is read-only or immutable, and the seal has to change it. Nothing was removed"
        fi
    done
}

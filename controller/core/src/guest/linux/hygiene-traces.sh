# Traces of people and of this machine: they are only told.

look_for_traces() {
    while IFS= read -r home; do
        # The seal removes root's.
        if [ "$home" = /root ]; then
            continue
        fi
        found_files History "$home/.bash_history" "$home/.zsh_history" "$home/.sh_history" "$home/.ash_history" "$home/.history" \
            "$home/.local/share/fish/fish_history" "$home/.python_history" "$home/.node_repl_history" "$home/.mysql_history" \
            "$home/.psql_history" "$home/.sqlite_history" "$home/.rediscli_history" "$home/.lesshst" "$home/.viminfo"
    done <"$FOLDER/homes"
    for file in /var/mail/* /var/spool/mail/*; do
        if [ "$file" != "/var/mail/$account" ] && [ "$file" != "/var/spool/mail/$account" ]; then
            found_files Mail "$file"
        fi
    done
    set --
    for folder in /var/crash /var/lib/systemd/coredump /var/lib/apport/coredump /var/spool/abrt /var/tmp/abrt; do
        if [ -d "$folder" ]; then
            set -- "$@" "$folder"
        fi
    done
    if [ "$#" -gt 0 ]; then
        look "$@" -xdev -type f ! -name kexec_cmd ! -name kdump_lock ! -name .lock -size +0 -print
        found_by_look CrashDump
    fi
    found_paths MachineId /etc/iscsi/initiatorname.iscsi /etc/nvme/hostid /etc/hostid /etc/lvm/devices/system.devices /var/lib/snapd/device/private-keys-v1/* /var/lib/whoopsie/whoopsie-id
    found_with MachineId '^MY_HOSTID="?[0-9a-f]' /etc/popularity-contest.conf
    look_for_addresses
}

# Files that name a hardware address of this machine, other than those of cloud-init's that the seal removes.
look_for_addresses() {
    set --
    for folder in /etc/netplan /etc/network /etc/NetworkManager/system-connections /etc/systemd/network /etc/sysconfig/network-scripts \
        /etc/sysconfig/network /etc/udev/rules.d; do
        if [ -d "$folder" ]; then
            set -- "$@" "$folder"
        fi
    done
    if [ "$#" = 0 ]; then
        return
    fi
    for file in /sys/class/net/*/address; do
        lower=$(tr 'A-F' 'a-f' 2>/dev/null <"$file")
        case $lower in
        '' | 00:00:00:00:00:00) continue ;;
        esac
        upper=$(printf '%s' "$lower" | tr 'a-f' 'A-F')
        look "$@" -type f ! -name '70-persistent-net.rules' ! -name '85-persistent-net-cloud-init.rules' -exec grep -l -s -F -e "$lower" -e "$upper" {} +
        while IFS= read -r name; do
            if ! is_written_anew "$name"; then
                found Lease "$name"
            fi
        done <"$FOLDER/look"
    done
}

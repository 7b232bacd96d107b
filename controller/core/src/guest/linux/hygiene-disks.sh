# Disks: what a new machine will have is the root disk alone, and perhaps another temporary one.

# find_root_disk: root_disk, such as sda, or nothing where it isn't to be known; and in mounts its other file systems
# under folders that are looked through.
find_root_disk() {
    root_disk=
    number=$(sed -n 's|^[0-9]* [0-9]* \([0-9]*:[0-9]*\) [^ ]* / .*|\1|p' /proc/self/mountinfo 2>/dev/null | head -n 1)
    device=$(readlink -f "/sys/dev/block/${number:-0:0}" 2>/dev/null)
    if [ -z "$device" ] || [ ! -e "$device" ]; then
        # btrfs has numbers of its own.
        device=$(sed -n 's|^\(/dev/[^ ]*\) / .*|\1|p' /proc/mounts 2>/dev/null | head -n 1)
    fi
    if [ -n "$device" ] && [ -e "/sys/class/block/${device##*/}" ]; then
        root_disk=$(disk_of "${device##*/}")
    fi
    true >"$FOLDER/mounts"
    while read -r device folder kind _; do
        case $folder in
        /root/* | /home/* | /etc/* | /opt/* | /srv/* | /usr/local/*) ;;
        *) continue ;;
        esac
        case $kind in
        ext2 | ext3 | ext4 | xfs | btrfs)
            if on_root_disk "$device"; then
                printf '%s\n' "$folder" >>"$FOLDER/mounts"
            fi
            ;;
        esac
    done </proc/mounts
}

# disk_of NAME: the disk of a partition or of a logical volume, by what the kernel says of them.
disk_of() {
    name=$1
    # A volume on an encrypted one on a partition, at most.
    for _ in 1 2 3 4; do
        under=$(ls "/sys/class/block/$name/slaves" 2>/dev/null | head -n 1)
        if [ -z "$under" ]; then
            break
        fi
        name=$under
    done
    if [ -e "/sys/class/block/$name/partition" ]; then
        above=$(readlink -f "/sys/class/block/$name")
        above=${above%/*}
        name=${above##*/}
    fi
    printf '%s\n' "$name"
}

# on_root_disk DEVICE: also when that isn't to be known.
on_root_disk() {
    real=$(readlink -f "$1" 2>/dev/null)
    [ -z "$root_disk" ] || [ "$(disk_of "${real##*/}")" = "$root_disk" ]
}

look_for_disks() {
    # The first line is a heading.
    sed 1d /proc/swaps 2>/dev/null >"$FOLDER/swaps"
    while read -r file kind _; do
        if [ "$kind" = file ] || { [ "$kind" = partition ] && [ -n "$root_disk" ] && on_root_disk "$file"; }; then
            found Swap "$file"
        fi
    done <"$FOLDER/swaps"
    # Swap for the temporary disk lands here when it isn't mounted.
    look / -xdev -maxdepth 3 -type f ! -path '/proc/*' ! -path '/sys/*' '(' -name swapfile -o -name swap.img ')' -print
    found_by_look Swap
    if [ ! -f /etc/fstab ]; then
        return
    fi
    # cloud-init's own lines are its to write anew.
    grep -v -E -e '^[[:space:]]*(#|$)' -e 'comment=cloudconfig' /etc/fstab | tr -d '"' >"$FOLDER/fstab"
    while read -r device folder system _; do
        kind=Mount
        entry=/etc/fstab:$folder
        if [ "$system" = swap ]; then
            kind=Swap
            entry=/etc/fstab:$device
        fi
        case $device in
        UUID=*) device=/dev/disk/by-uuid/${device#UUID=} ;;
        LABEL=*) device=/dev/disk/by-label/${device#LABEL=} ;;
        PARTUUID=*) device=/dev/disk/by-partuuid/${device#PARTUUID=} ;;
        PARTLABEL=*) device=/dev/disk/by-partlabel/${device#PARTLABEL=} ;;
        esac
        case $device in
        /dev/disk/cloud/azure_resource* | /dev/disk/azure/resource*) found "$kind" "$entry" ;;
        /dev/*)
            if [ -n "$root_disk" ] && { [ ! -e "$device" ] || ! on_root_disk "$device"; }; then
                found "$kind" "$entry"
            fi
            ;;
        /*)
            # A file: on the root disk, or on the temporary one.
            if [ "$kind" = Swap ]; then
                found Swap "$device"
            fi
            ;;
        esac
    done <"$FOLDER/fstab"
}

# Units that mustn't run in this copy of a machine: stopped, and masked in memory alone, so that the image has them as they were.

# mask_units: first of all, as each second more is one in which they run twice.
mask_units() {
    printf '%s' "$MASK_UNITS" | base64 -d | grep . >"$FOLDER/mask" || return 0
    # Above /etc: a mask in /run/systemd/system wouldn't hold against a unit's own file there.
    controls=/run/systemd/system.control
    while IFS= read -r unit; do
        if [ "$(load_state "$unit")" = not-found ]; then
            refuse 23 "the guest has no unit $unit, so what it stands for may run under another name. Nothing was removed"
        fi
    done <"$FOLDER/mask"
    mkdir -p "$controls"
    while IFS= read -r unit; do
        ln -s -f /dev/null "$controls/$unit"
    done <"$FOLDER/mask"
    timeout 60 systemctl daemon-reload
    # All are masked before the first is stopped: none of them can start another.
    while IFS= read -r unit; do
        # Older versions of systemd don't look there.
        if [ "$(load_state "$unit")" != masked ]; then
            timeout 60 systemctl mask --runtime "$unit" >/dev/null 2>&1
        fi
        if [ "$(load_state "$unit")" != masked ]; then
            refuse 23 "the unit $unit can't be masked in this guest. Nothing was removed"
        fi
    done <"$FOLDER/mask"
    while IFS= read -r unit; do
        timeout 30 systemctl stop "$unit" >/dev/null 2>&1 || timeout 30 systemctl kill --signal=KILL "$unit" >/dev/null 2>&1
        if systemctl is-active --quiet "$unit"; then
            refuse 23 "the unit $unit can't be stopped in this guest. Nothing was removed"
        fi
    done <"$FOLDER/mask"
}

# load_state UNIT: what systemd knows of its file.
load_state() {
    timeout 30 systemctl show --property=LoadState "$1" 2>/dev/null | sed -n 's/^LoadState=//p'
}

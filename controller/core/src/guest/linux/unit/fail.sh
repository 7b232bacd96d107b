# Failures: what can be undone is undone, and the serial console says which step it was and what becomes of the guest.

# fail WORDS: names the item.
fail() {
    set +e
    trap - EXIT TERM
    if [ "$step" = cloud-init ]; then
        put_back_cloud_init
    fi
    remove_files
    find_state
    if [ "$state" != restarting ]; then
        start_again
    fi
    say_failure "$1"
    sleep 10
    say_failure "$1"
    sleep 10
    say_failure "$1"
    rm -rf "$FOLDER"
    if [ "$state" = restarting ]; then
        timeout 60 systemctl reboot || timeout 60 systemctl reboot --force
    fi
    exit 1
}

# find_state: what becomes of the guest. When the agent begins anew it runs its commands again, this one as well, which
# finds by the sign that it had its turn.
find_state() {
    state=unchanged
    if [ "$step" = cloud-init ] && ! cloud_init_is_whole; then
        removed=yes
    fi
    if [ "$removed" = no ]; then
        rm -f "$BEGUN"
    else
        printf '%s\n' "$NONCE" 2>/dev/null >"$BEGUN" || true
        state=broken
        if can_provision_again; then
            state=restarting
        fi
    fi
}

say_failure() {
    say "azimage: failed $NONCE $step $state: $(printf '%s' "$1" | plain_line | cut -c 1-200)"
}

# can_provision_again: whether a restart brings account, keys and agent back.
can_provision_again() {
    cloud_init_is_enabled && [ ! -e /var/lib/cloud/instance ]
}

# start_again: what was stopped, so that another run command reaches the guest.
start_again() {
    for unit in $timers $services walinuxagent.service waagent.service; do
        timeout 60 systemctl start "$unit" >/dev/null 2>&1
    done
}

# Whatever ends before its end: a command that failed, or the system that goes down. When it goes down there is no time
# for anything, and what was removed comes back with the next start if it can.
ended() {
    code=$?
    fail "the step ended with exit code $code"
}
stopped() {
    trap - EXIT TERM
    remove_files
    find_state
    say_failure "the guest was shut down, or the unit stopped"
    exit 1
}
trap ended EXIT
trap stopped TERM INT HUP

# gone PATHS: fails when one of them is there.
gone() {
    for path in "$@"; do
        if [ -e "$path" ] || [ -L "$path" ]; then
            fail "$path is still there"
        fi
    done
}

# remove FILES: and looks whether they are gone.
remove() {
    rm -f "$@" 2>/dev/null || true
    gone "$@"
}

# empty FOLDERS: fails when one of them holds anything.
empty() {
    for path in "$@"; do
        left=$(ls -A "$path" 2>/dev/null | head -n 1)
        if [ -n "$left" ]; then
            fail "$path/$left is still there"
        fi
    done
}

# clear_folders FOLDERS: what is in them goes, they themselves stay.
clear_folders() {
    for path in "$@"; do
        if [ -d "$path" ]; then
            find "$path" -xdev -mindepth 1 -delete >/dev/null 2>&1 || true
        fi
    done
}

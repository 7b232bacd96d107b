# The seal, from its first step to the power-off.

look_again() {
    step=hygiene
    if [ "$HYGIENE" != Enforce ]; then
        return
    fi
    # By now nothing of it can be taken back, so it may take longer than the first one.
    look_around 600 || true
    if [ "$enforced" -gt 0 ]; then
        fail "what belongs to this machine alone came after the check ($enforced found): $(head -n 1 "$FOLDER/enforced")"
    fi
    if [ "$unfinished" = yes ]; then
        fail "the look for what belongs to this machine alone didn't end within 600 seconds"
    fi
}

# The mark, again and again: a line of the kernel may tear one, and what was written last may never be uploaded.
mark() {
    step=mark
    timeout 300 sync || true
    marked=0
    tries=0
    while [ "$tries" -lt 3 ] || [ "$tries" -lt $((REPEAT_MARK / 10 + 1)) ]; do
        if [ "$tries" -gt 0 ]; then
            sleep 10
        fi
        tries=$((tries + 1))
        if say "$(printf 'azimage: %s %s' sealed "$NONCE")"; then
            marked=$((marked + 1))
            # It is said, so nothing else may be said any more.
            trap - EXIT TERM INT HUP
        fi
    done
    if [ "$marked" = 0 ]; then
        fail "the mark can't be written to $port"
    fi
    timeout 300 sync || true
}

stop_packages
test_port_again
end_sessions
stop_agent
leave_sign
clean_cloud_init
deprovision
remove_account
remove_leftovers
remove_agent_state
remove_identity
remove_network
empty_logs
look_again
stop_packages
remove_sign
empty_machine_id
mark
timeout 60 systemctl poweroff || timeout 60 systemctl poweroff --force

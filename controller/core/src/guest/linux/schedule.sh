# The unit that seals: on its own, since the agent that runs this command is stopped by it.
schedule() {
    printf '%s\n' "$NONCE" "$account" "$account_uid" "$account_pattern" "$account_home" "$port" \
        "$PACKAGES_WAIT" "$REPEAT_MARK" "$HYGIENE" "$ENFORCED_KINDS" >"$FOLDER/settings"
    # Room for the sign of the attempt, which the unit writes before it removes the first thing.
    if ! printf '%s\n' "$NONCE" | tr -c '\n' '-' 2>/dev/null >"$BEGUN"; then
        refuse 17 "$BEGUN can't be written, so nothing was removed"
    fi
    set -- --unit=azimage-seal --description="azimage seals the guest" --on-active="${DELAY}s"
    if ! systemd-run "$@" --timer-property=AccuracySec=1s /bin/sh "$FOLDER/unit.sh" >/dev/null 2>&1; then
        # An old version doesn't know the property: then it is up to a minute late.
        systemctl reset-failed azimage-seal.timer azimage-seal.service >/dev/null 2>&1
        if ! systemd-run "$@" /bin/sh "$FOLDER/unit.sh" >"$FOLDER/said" 2>&1; then
            rm -f "$BEGUN"
            refuse 1 "the seal can't be scheduled by systemd-run: $(plain_line <"$FOLDER/said")"
        fi
    fi
    trap - EXIT
    rm -f "$FOLDER/pid"
}

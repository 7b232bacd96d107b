# The sign of an attempt: as long as it is there, the same command doesn't begin again, whatever becomes of the guest.

# Its room on the disk was taken by the run command, so that it can be written when the disk is full.
leave_sign() {
    step=sign
    printf '%s\n' "$NONCE" | dd of="$BEGUN" conv=notrunc,fsync 2>/dev/null || true
    if [ "$(cat "$BEGUN" 2>/dev/null)" != "$NONCE" ]; then
        fail "$BEGUN can't be written"
    fi
}

remove_sign() {
    step=sign
    remove "$BEGUN" "$FINDINGS"
}

# Has this seal had its turn? The agent runs a command again when its state is gone, as after a seal and a start.

# A seal that has removed something, and didn't end, leaves its nonce there.
if [ "$(cat "$BEGUN" 2>/dev/null)" = "$NONCE" ]; then
    refuse 18 "this seal was begun in this guest before, and isn't begun again by itself: nothing was done. The guest's serial console says what became of it"
fi
# Written by a provisioning, and by nothing else. Not so ovf-env.xml and boot-finished, which cloud-init writes at each
# start, nor the agent's own file where the agent's provisioning is switched off.
provisioned=/var/lib/cloud/instance/sem/consume_data
if [ ! -e "$provisioned" ]; then
    provisioned=/var/lib/waagent/provisioned
    if grep -q -s -E '^[[:space:]]*Provisioning\.(Agent[[:space:]]*=[[:space:]]*disabled|Enabled[[:space:]]*=[[:space:]]*[nN])' /etc/waagent.conf; then
        provisioned=
    fi
fi
if [ -n "$provisioned" ] && [ -e "$provisioned" ]; then
    moment=$(stat -c %Y "$provisioned" 2>/dev/null)
    if [ "${moment:-0}" -gt "$PROVISIONED_BEFORE" ]; then
        refuse 18 "this command was made at $ASKED_AT, and the guest was provisioned after it, at $(date -u -d "@$moment" +%Y-%m-%dT%H:%M:%SZ): it was sealed or made anew since, and nothing was done"
    fi
fi

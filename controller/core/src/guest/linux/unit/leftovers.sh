# What the guest's own tools leave.

remove_leftovers() {
    step=leftovers
    # Copies of the files of accounts: the removed one's password is in them.
    remove /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid- \
        /var/backups/passwd.bak /var/backups/shadow.bak /var/backups/group.bak /var/backups/gshadow.bak
    # The account's keys, by which cloud-init tells people not to log in as root. Written in place, which keeps the file's
    # owner, mode and label.
    keys=/root/.ssh/authorized_keys
    if [ -f "$keys" ]; then
        keys_left "$keys" >"$FOLDER/keys-of-root" || true
        cat "$FOLDER/keys-of-root" >"$keys"
        if grep -q -F -e 'Please login as the user' "$keys"; then
            fail "$keys still has keys of the machine's account"
        fi
    fi
    remove /root/.bash_history /root/.sh_history /root/.ash_history /root/.zsh_history /root/.history /root/.python_history \
        /root/.node_repl_history /root/.mysql_history /root/.psql_history /root/.sqlite_history /root/.lesshst /root/.viminfo /root/.wget-hsts
    # Values of the host: its name, this machine's id.
    clear_folders /var/lib/hyperv
    # The service of run commands, whose program goes with the agent's state: it would fail in a loop in each new machine.
    for folder in /etc/systemd/system /usr/local/lib/systemd/system; do
        remove "$folder/managedruncommand.service" "$folder/multi-user.target.wants/managedruncommand.service"
    done
}

remove_agent_state() {
    step=agent-state
    if systemctl is-active --quiet walinuxagent.service || systemctl is-active --quiet waagent.service; then
        fail "the agent was started again by somebody"
    fi
    clear_folders /var/lib/waagent /var/log/azure
    remove /var/log/waagent.log /var/log/waagent.log.*
    empty /var/lib/waagent /var/log/azure
}

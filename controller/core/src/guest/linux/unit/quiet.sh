# The guest at rest: no package manager, nobody logged in, no agent.

stop_packages() {
    step=packages
    # Only the timers: a service that is at work must end by itself.
    for unit in apt-daily.timer apt-daily-upgrade.timer dnf-automatic.timer dnf-automatic-install.timer dnf-automatic-download.timer \
        dnf-makecache.timer packagekit-background.timer zypp-refresh.timer transactional-update.timer; do
        if systemctl is-active --quiet "$unit"; then
            timeout 60 systemctl stop "$unit" >/dev/null 2>&1 || true
            timers="$timers $unit"
        fi
    done
    wait_for_packages || fail "$problem"
}

test_port_again() {
    step=port
    test_port || fail "$problem"
}

# Sessions write histories when they end, and an account can't be removed while it has processes.
end_sessions() {
    step=sessions
    timeout 30 loginctl list-users --no-legend 2>/dev/null >"$FOLDER/users" || true
    while read -r id _; do
        timeout 30 loginctl terminate-user "$id" >/dev/null 2>&1 || true
    done <"$FOLDER/users"
    if [ -z "$account_uid" ]; then
        return
    fi
    timeout 30 loginctl disable-linger "$account" >/dev/null 2>&1 || true
    timeout 60 systemctl stop "user@$account_uid.service" >/dev/null 2>&1 || true
    timeout 30 systemctl kill --signal=KILL "user-$account_uid.slice" >/dev/null 2>&1 || true
    # Without systemd-logind they are in no slice of their own.
    for _ in 1 2 3 4 5; do
        process=$(processes)
        if [ -z "$process" ]; then
            return
        fi
        for each in $process; do
            kill -KILL "${each#/proc/}" 2>/dev/null || true
        done
        sleep 1
    done
    fail "a process of $account can't be ended: $process"
}

# processes: those of the account.
processes() {
    stat -c '%u %n' /proc/[0-9]* 2>/dev/null | sed -n "s/^$account_uid //p" | tr '\n' ' '
}

stop_agent() {
    step=agent
    for unit in walinuxagent.service waagent.service managedruncommand.service azure-vmextensions.slice; do
        timeout 120 systemctl stop "$unit" >/dev/null 2>&1 || true
    done
    for unit in walinuxagent.service waagent.service managedruncommand.service; do
        if systemctl is-active --quiet "$unit"; then
            fail "$unit can't be stopped"
        fi
    done
}

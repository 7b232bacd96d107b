# Package managers: a disk that is captured while one is at work holds half a package.

# package_lock: prints the lock that one holds. By the lock's inode, as some of them are always running.
package_lock() {
    for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock \
        /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock /usr/share/rpm/.rpm.lock \
        /var/cache/dnf/metadata_lock.pid /var/lib/dnf/rpmdb_lock.pid; do
        if [ -e "$lock" ] && grep -q -s -F ":$(stat -c %i "$lock") " /proc/locks; then
            printf '%s\n' "$lock"
            return
        fi
    done
    for lock in /run/zypp.pid /run/yum.pid; do
        if [ -s "$lock" ] && kill -0 "$(head -n 1 "$lock" | tr -c -d '0-9')" 2>/dev/null; then
            printf '%s\n' "$lock"
            return
        fi
    done
}

# half_done: prints packages that were begun and not ended: the second letter of dpkg's state says so, or an R after it.
half_done() {
    if command -v dpkg-query >/dev/null 2>&1; then
        timeout 60 dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' </dev/null 2>/dev/null |
            sed -n -E 's/^(.[HUFWt].|..R) (.*)$/\2/p' | head -n 5 | tr '\n' ' '
    fi
}

# wait_for_packages: waits as long as it may, also for cloud-init, which installs packages and runs scripts at the first
# start. `problem` says what is still in the way.
wait_for_packages() {
    waited=0
    while true; do
        lock=$(package_lock)
        stage=$(cloud_init_at_work)
        half=
        if [ -z "$lock$stage" ]; then
            half=$(half_done)
            if [ -z "$half" ]; then
                problem=
                return 0
            fi
        fi
        if [ "$waited" -ge "$PACKAGES_WAIT" ] || { [ -n "$half" ] && [ "$waited" -ge 10 ]; }; then
            break
        fi
        sleep 5
        waited=$((waited + 5))
    done
    if [ -n "$lock" ]; then
        problem="a package manager is at work for more than $waited seconds (it holds $lock)"
    elif [ -n "$stage" ]; then
        problem="cloud-init is at work for more than $waited seconds ($stage; cloud-init status --long says at what)"
    else
        problem="packages are half installed or not configured (dpkg --configure -a may mend it): $half"
    fi
    return 1
}

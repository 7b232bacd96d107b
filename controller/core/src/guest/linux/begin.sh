# Is this the time and the guest that this command was made for? Nothing is written before that is known.
set -u
umask 022
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
HOME="${HOME:-/root}"
export LC_ALL PATH HOME
FOLDER=/run/azimage-seal
FAILED=/var/lib/azimage-failed-seal

# refuse CODE WORDS: ends with a line for a person.
refuse() {
    printf 'azimage: %s\n' "$2" | cut -c 1-300
    exit "$1"
}

# The agent runs a command again when its state is gone and the machine starts: then it is too late, and nothing happens.
# A clock that is behind would make an old command look new.
now=$(date +%s)
case $now in
'' | *[!0-9]*) refuse 16 "the guest's clock can't be read (date +%s), so nothing was done" ;;
esac
if [ "$now" -lt "$NOT_BEFORE" ] || [ "$now" -gt "$NOT_AFTER" ]; then
    refuse 16 "this command is for $PERIOD, and the guest's clock says $(date -u +%Y-%m-%dT%H:%M:%SZ): nothing was done. If the clock is wrong, set it (timedatectl) and try again"
fi
# A seal that failed after it had removed something has left a sign there: until when its command was to be begun.
if [ "$(cat "$FAILED" 2>/dev/null)" = "$NOT_AFTER" ]; then
    refuse 16 "this seal failed before and is not begun again by itself: nothing was done. The guest's serial console says what failed"
fi

if [ -e /etc/alpine-release ]; then
    refuse 11 "Alpine Linux has no systemd, which the seal needs: prepare this guest by hand, and say that it is generalized already"
fi
if ! command -v systemctl >/dev/null 2>&1 || ! command -v systemd-run >/dev/null 2>&1 || [ ! -d /run/systemd/system ]; then
    refuse 11 "this guest isn't run by systemd, which the seal needs: prepare it by hand, and say that it is generalized already"
fi
version=$(systemctl --version 2>/dev/null | sed -n 's/^systemd \([0-9][0-9]*\).*/\1/p' | head -n 1)
if [ "${version:-0}" -lt 219 ]; then
    refuse 11 "systemd ${version:-of an unknown version} is too old: the seal needs 219 or later, as RHEL 7, SLES 12, Ubuntu 16.04 and Debian 9 have"
fi
if ! command -v waagent >/dev/null 2>&1; then
    refuse 10 "the Azure Linux agent (waagent) is not installed: install walinuxagent (Debian, Ubuntu), WALinuxAgent (RHEL) or python-azure-agent (SUSE)"
fi

# Is a seal under way? The unit's own state says it, or a command that is still at its checks.
under_way=no
if systemctl is-active --quiet azimage-seal.timer || systemctl is-active --quiet azimage-seal.service; then
    under_way=yes
elif [ -s "$FOLDER/pid" ] && kill -0 "$(cat "$FOLDER/pid")" 2>/dev/null; then
    under_way=yes
fi
if [ "$under_way" = yes ]; then
    if [ "$(cat "$FOLDER/nonce" 2>/dev/null)" = "$NONCE" ]; then
        refuse 0 "this seal is under way"
    fi
    refuse 15 "another seal is under way in this guest: wait until it has ended"
fi
# What is left of an earlier attempt. `reset-failed` because old versions of systemd keep a transient unit that failed.
systemctl stop azimage-seal.timer azimage-seal.service azimage-script.scope >/dev/null 2>&1
systemctl reset-failed azimage-seal.timer azimage-seal.service azimage-script.scope >/dev/null 2>&1
rm -rf "$FOLDER" "$FAILED"
mkdir -m 700 "$FOLDER" || refuse 17 "$FOLDER can't be made: /run is read-only or full"
trap 'rm -rf "$FOLDER"' EXIT
trap 'systemctl stop azimage-script.scope >/dev/null 2>&1; exit 143' TERM INT HUP
printf '%s\n' "$$" >"$FOLDER/pid"
printf '%s\n' "$NONCE" >"$FOLDER/nonce"
printf '%s' "$ALLOWED" | base64 -d >"$FOLDER/allowed"

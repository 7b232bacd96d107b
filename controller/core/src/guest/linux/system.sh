# Can a guest like this be sealed, and is no other seal under way in it?
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
rm -rf "$FOLDER" "$BEGUN" "$FINDINGS"
mkdir -m 700 "$FOLDER" || refuse 17 "$FOLDER can't be made: /run is read-only or full"
trap 'rm -rf "$FOLDER"' EXIT
trap 'systemctl stop azimage-script.scope >/dev/null 2>&1; exit 143' TERM INT HUP
printf '%s\n' "$$" >"$FOLDER/pid"
printf '%s\n' "$NONCE" >"$FOLDER/nonce"
printf '%s' "$ALLOWED" | base64 -d >"$FOLDER/allowed"

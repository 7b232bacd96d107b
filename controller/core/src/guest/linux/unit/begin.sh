# The unit that seals the guest: each thing is done, and then looked at. It runs on its own, without anybody to ask.
set -eu
umask 022
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
HOME=/root
export LC_ALL PATH HOME
FOLDER=/run/azimage-seal
BEGUN=/var/lib/azimage-seal-begun
FINDINGS=/var/lib/azimage-findings
. "$FOLDER/shared.sh"
{
    read -r NONCE
    read -r account
    read -r account_uid
    read -r account_pattern
    IFS= read -r account_home
    read -r port
    read -r PACKAGES_WAIT
    read -r REPEAT_MARK
    read -r HYGIENE
    IFS= read -r ENFORCED_KINDS
} <"$FOLDER/settings"
step=packages
removed=no
timers=
services=
true >"$FOLDER/made"
exec </dev/null

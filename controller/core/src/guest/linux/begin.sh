# Is this the time and the guest that this command was made for? Nothing is written before that is known.
set -u
umask 022
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
HOME="${HOME:-/root}"
export LC_ALL PATH HOME
FOLDER=/run/azimage-seal
BEGUN=/var/lib/azimage-seal-begun
FINDINGS=/var/lib/azimage-findings

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

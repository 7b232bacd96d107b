# What cloud-init is doing in this guest, and what it will do in a new machine.

# cloud_init_at_work: prints the stage that isn't at its end. By systemd's jobs, which also end when a stage has failed,
# and aren't there where cloud-init is switched off.
cloud_init_at_work() {
    timeout 30 systemctl list-jobs --no-legend --no-pager 2>/dev/null |
        sed -n -E 's/^ *[0-9]+ +(cloud-(init|init-local|init-network|init-main|config|final)\.service) +(start|restart) .*$/\1/p' | head -n 1
}

# cloud_init_is_enabled: whether it runs at the next start.
cloud_init_is_enabled() {
    if ! command -v cloud-init >/dev/null 2>&1 || [ -e /etc/cloud/cloud-init.disabled ] || [ -e /run/cloud-init/disabled ]; then
        return 1
    fi
    if grep -q -s -E '(^| )cloud-init=disabled( |$)' /proc/cmdline; then
        return 1
    fi
    case $(systemctl is-enabled cloud-init-local.service 2>/dev/null) in
    disabled | masked*) return 1 ;;
    esac
}

# cloud_init_writes_network: whether it writes the files of the network for a new machine.
cloud_init_writes_network() {
    if ! cloud_init_is_enabled || grep -q -s -E '(^| )network-config=disabled( |$)' /proc/cmdline; then
        return 1
    fi
    # As `network: {config: disabled}`, or in two lines.
    ! cat /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg 2>/dev/null | sed 's/#.*$//' | tr -d '"{}\047 \t\r' | tr '\n' ' ' |
        grep -q -E '(^| )network:( *[a-z0-9]+:[a-z0-9]+,?)* *config:disabled'
}

# is_written_anew FILE: whether a file of the network is cloud-init's, which writes it for each new machine. Where it
# won't, nobody would, and the machine had no network.
is_written_anew() {
    case ${1##*/} in
    *cloud-init*) ;;
    *) grep -q -s -i -E '^# *(created|generated) by cloud-init' "$1" || return 1 ;;
    esac
    cloud_init_writes_network
}

# What is said on the serial port.

# say WORDS: a line on the serial port. A write there can hang for ever, so it has a limit on its time.
say() {
    PORT="$port" WORDS="$1" timeout 10 /bin/sh -c 'printf "\n%s\n" "$WORDS" >>"$PORT"' 2>/dev/null
}

# test_port: whether the port can be used; `problem` says why not.
test_port() {
    if [ ! -c "$port" ]; then
        problem="$port isn't there"
    elif ! grep -q -s -E "(^| )${port#/dev/}( |\$)" /sys/class/tty/console/active; then
        problem="$port is no console of the kernel: add console=${port#/dev/} to the kernel's command line and restart"
    elif ! say "azimage: heard before a seal"; then
        problem="nothing can be written to $port within 10 seconds: restart the machine"
    else
        problem=
        return 0
    fi
    return 1
}

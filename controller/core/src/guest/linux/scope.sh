# A text of a user's, run in a scope of its own, so that whatever it leaves behind can be ended with it.

# run_in_scope NAME TEXT LIMIT: the text is base64, and NAME.scope is its own: systemd may know an earlier one for a while. Then `code` is its exit code, empty if it was killed, `took` is how many seconds
# it took, and $FOLDER/said holds the end of what it printed. False if it couldn't be started.
run_in_scope() {
    rm -f "$FOLDER/began" "$FOLDER/code"
    unit=$1
    printf '%s' "$2" | base64 -d >"$FOLDER/script"
    chmod 700 "$FOLDER/script"
    # /run may be mounted such that nothing in it can be executed, so what the first line names is called by name.
    program=/bin/sh
    argument=
    first=$(head -n 1 "$FOLDER/script" | tr -d '\000\r')
    case $first in
    '#!'*)
        program=$(printf '%s\n' "$first" | sed -e 's/^#![[:space:]]*//' -e 's/[[:space:]].*$//')
        argument=$(printf '%s\n' "$first" | sed -n -e 's/[[:space:]]*$//' -e 's/^#![[:space:]]*[^[:space:]][^[:space:]]*[[:space:]][[:space:]]*//p')
        ;;
    esac
    limit=$3
    set -- "$program"
    if [ -n "$argument" ]; then
        set -- "$program" "$argument"
    fi
    began=$(date +%s)
    # In braces, as the shell itself says on its error output that the scope was killed.
    {
        systemd-run --scope --unit="$unit" /bin/sh "$FOLDER/run-script.sh" "$FOLDER" "$unit" "$limit" "$@" |
            tail -c 4000 >"$FOLDER/said"
    } 2>/dev/null
    took=$(($(date +%s) - began))
    code=$(cat "$FOLDER/code" 2>/dev/null)
    [ -e "$FOLDER/began" ]
}

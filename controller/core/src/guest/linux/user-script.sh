# The user's script, before anything is removed: when it fails, everything stays as it is.

# run_script: in a scope of its own, so that whatever it leaves behind can be ended with it.
run_script() {
    printf '%s' "$SCRIPT" | base64 -d >"$FOLDER/script"
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
    set -- "$program"
    if [ -n "$argument" ]; then
        set -- "$program" "$argument"
    fi
    AZIMAGE_EVIDENCE=$FOLDER/evidence
    export AZIMAGE_EVIDENCE
    began=$(date +%s)
    # In braces, as the shell itself says on its error output that the scope was killed.
    {
        systemd-run --scope --unit=azimage-script /bin/sh "$FOLDER/run-script.sh" "$FOLDER" "$SCRIPT_LIMIT" "$@" |
            tail -c 4000 >"$FOLDER/said"
    } 2>/dev/null
    took=$(($(date +%s) - began))
    if [ ! -e "$FOLDER/began" ]; then
        refuse 11 "the script can't be started: systemd-run --scope fails in this guest"
    fi
    { cat "$FOLDER/said"; echo; } | plain | sed -e '/^ *$/d' -e 's/^/azimage: script says /' | cut -c 1-300 | last_lines 1000
    code=$(cat "$FOLDER/code" 2>/dev/null)
    printf 'azimage: script exit %s\n' "${code:-137}"
    if [ -f "$FOLDER/evidence" ]; then
        { tail -c 4000 "$FOLDER/evidence"; echo; } | plain | sed -e '/^ *$/d' -e 's/^/azimage: evidence /' | cut -c 1-300 | last_lines 1000
    fi
    case $code in
    0) ;;
    124 | 137)
        if [ "$took" -ge "$SCRIPT_LIMIT" ]; then
            refuse 22 "your script took longer than its $SCRIPT_LIMIT seconds and was ended. Nothing was removed from the guest"
        fi
        refuse 21 "your script failed with exit code $code. Nothing was removed from the guest"
        ;;
    '') refuse 21 "your script was killed, with everything that it had started. Nothing was removed from the guest" ;;
    *) refuse 21 "your script failed with exit code $code. Nothing was removed from the guest" ;;
    esac
    rm -f "$FOLDER/script" "$FOLDER/said" "$FOLDER/evidence" "$FOLDER/code"
}

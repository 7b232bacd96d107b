# The user's script, before anything is removed: when it fails, everything stays as it is.

# run_script: with a limit on its time.
run_script() {
    AZIMAGE_EVIDENCE=$FOLDER/evidence
    export AZIMAGE_EVIDENCE
    if ! run_in_scope azimage-script "$SCRIPT" "$SCRIPT_LIMIT"; then
        refuse 11 "the script can't be started: systemd-run --scope fails in this guest"
    fi
    { cat "$FOLDER/said"; echo; } | plain | sed -e '/^ *$/d' -e 's/^/azimage: script says /' | cut -c 1-300 | last_lines 1000
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

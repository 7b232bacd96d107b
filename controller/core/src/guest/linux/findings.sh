# What the run command says of findings.

# keep_findings: all of them in a file that root alone can read, as the output has room for some.
keep_findings() {
    (
        umask 077
        cat "$FOLDER/enforced" "$FOLDER/told" | plain | head -c 1000000 >"$FINDINGS"
    ) 2>/dev/null
}

# tell_findings: in the run command's output; in mode Enforce some of them end it.
tell_findings() {
    cat "$FOLDER/enforced" "$FOLDER/told" | plain | sed 's/^/azimage: found /' | cut -c 1-300 | first_lines 1400
    printf 'azimage: findings %s %s %s\n' "$total" "$enforced" "$allowed_count"
    if [ "$HYGIENE" != Enforce ]; then
        return
    fi
    if [ "$enforced" -gt 0 ] || [ "$unfinished" = yes ]; then
        keep_findings
    fi
    if [ "$enforced" -gt 0 ]; then
        refuse 20 "what belongs to this machine alone would be in the image ($enforced found, all named in $FINDINGS): remove it, or allow its paths in the object. Nothing was removed from the guest"
    fi
    if [ "$unfinished" = yes ]; then
        refuse 20 "the look for what belongs to this machine alone didn't end within 120 seconds: remove large trees from /home, /opt, /srv and /usr/local, or set the hygiene to Report. Nothing was removed from the guest"
    fi
}

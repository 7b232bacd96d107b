# What belongs to this machine alone and would be in the image: kind and path, never content. The rules are in the files
# beside this one; here is what becomes of what they find. The user's list of allowed paths is in allowed.

# found KIND PATH
found() {
    printf '%s %s\n' "$1" "$2" >>"$FOLDER/found"
}

# found_files KIND FILES: those of them that are there and not empty.
found_files() {
    kind=$1
    shift
    for file in "$@"; do
        if [ -f "$file" ] && [ -s "$file" ]; then
            found "$kind" "$file"
        fi
    done
}

# look FOLDERS CONDITIONS, as `find` takes them: the files, in look. All looks together have a limit on their time.
look() {
    true >"$FOLDER/look"
    left=$((look_until - $(date +%s)))
    if [ "$left" -le 0 ]; then
        unfinished=yes
        return
    fi
    code=0
    timeout "$left" find "$@" >"$FOLDER/look" 2>/dev/null || code=$?
    if [ "$code" = 124 ]; then
        unfinished=yes
    fi
}

# found_by_look KIND
found_by_look() {
    [ ! -s "$FOLDER/look" ] || sed "s/^/$1 /" "$FOLDER/look" >>"$FOLDER/found"
}

# look_around SECONDS: all findings, in found. It ends after so many seconds.
look_around() {
    true >"$FOLDER/found"
    look_until=$(($(date +%s) + $1))
    unfinished=no
    find_root_disk
    find_homes
    look_for_keys
    look_for_credentials
    look_for_accounts
    look_for_agents
    look_for_traces
    look_for_disks
    judge_findings
}

# is_allowed PATH: the policy names it as a whole, or how it begins with a `*` at the end.
is_allowed() {
    verdict=1
    set -f
    IFS='
'
    for pattern in $allowed; do
        case $pattern in
        *'*')
            case $1 in
            "${pattern%?}"*) verdict=0 ;;
            esac
            ;;
        "$1") verdict=0 ;;
        esac
    done
    set +f
    unset IFS
    return "$verdict"
}

# judge_findings: found into enforced and told, without what is allowed; and three counts.
judge_findings() {
    allowed=$(cat "$FOLDER/allowed")
    true >"$FOLDER/enforced"
    true >"$FOLDER/told"
    total=0
    enforced=0
    allowed_count=0
    sort -u "$FOLDER/found" >"$FOLDER/sorted"
    while IFS= read -r line; do
        kind=${line%% *}
        total=$((total + 1))
        if [ -n "$allowed" ] && is_allowed "${line#* }"; then
            allowed_count=$((allowed_count + 1))
            continue
        fi
        case $ENFORCED_KINDS in
        *" $kind "*)
            enforced=$((enforced + 1))
            printf '%s\n' "$line" >>"$FOLDER/enforced"
            ;;
        *) printf '%s\n' "$line" >>"$FOLDER/told" ;;
        esac
    done <"$FOLDER/sorted"
}

# cloud-init's own removal of its state, after which it provisions the next machine.

clean_cloud_init() {
    step=cloud-init
    if ! command -v cloud-init >/dev/null 2>&1; then
        return
    fi
    copy_cloud_init
    code=0
    timeout 180 cloud-init clean --logs >"$FOLDER/said" 2>&1 || code=$?
    if [ "$code" != 0 ]; then
        fail "cloud-init clean ended with $code: $(tail -n 1 "$FOLDER/said")"
    fi
    gone /var/lib/cloud/instance /var/lib/cloud/instances /var/lib/cloud/data /var/lib/cloud/sem /var/log/cloud-init.log
    rm -rf "$FOLDER/cloud"
}

# copy_cloud_init: in memory, since it removes one after the other and ends at the first that it can't.
copy_cloud_init() {
    find /var/lib/cloud 2>/dev/null | sort >"$FOLDER/cloud-was" || true
    size=$(du -sk /var/lib/cloud 2>/dev/null | cut -f 1)
    if [ "${size:-99999}" -le 32768 ]; then
        cp -a /var/lib/cloud "$FOLDER/cloud" >/dev/null 2>&1 || true
    fi
}

put_back_cloud_init() {
    if [ -d "$FOLDER/cloud" ]; then
        cp -a "$FOLDER/cloud/." /var/lib/cloud/ >/dev/null 2>&1 || true
    fi
}

# cloud_init_is_whole: whether all is there that was.
cloud_init_is_whole() {
    find /var/lib/cloud 2>/dev/null | sort >"$FOLDER/cloud-is"
    ! grep -v -x -F -f "$FOLDER/cloud-is" "$FOLDER/cloud-was" | grep -q .
}

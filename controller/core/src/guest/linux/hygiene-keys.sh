# Private keys and certificates with theirs, by their first line, and by the names that tools give them.

look_for_keys() {
    # A start of a line, as source text that only speaks of keys mostly has it elsewhere. Keys that an Azure image of RHEL
    # holds for its updates are the same in all machines.
    set -- /root /etc
    for folder in /home /opt /srv /usr/local /var/opt /var/www /var/tmp /tmp; do
        if [ -d "$folder" ] && ! grep -q -s "^tmpfs $folder " /proc/mounts; then
            set -- "$@" "$folder"
        fi
    done
    while IFS= read -r folder; do
        set -- "$@" "$folder"
    done <"$FOLDER/mounts"
    look "$@" -xdev -type f -size -65k ! -path "$account_home/*" ! -path '/etc/ssh/ssh_host_*' ! -path '/etc/pki/rhui/*' \
        ! -path '/var/lib/waagent/*' -exec grep -l -s -E -e '^-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----' -e '^PuTTY-User-Key-File-' -e '^AGE-SECRET-KEY-1' {} +
    # Beyond so many it is all the same which of them are certificates.
    looked=0
    while IFS= read -r file; do
        looked=$((looked + 1))
        kind=PrivateKey
        if [ "$looked" -le 200 ] && grep -q -s -E -e '^-----BEGIN (TRUSTED )?CERTIFICATE-----' "$file"; then
            kind=Certificate
        fi
        found "$kind" "$file"
    done <"$FOLDER/look"
    # By their names; the last one is what runners of GitHub and Azure Pipelines log in with.
    look "$@" -xdev -type f ! -path "$account_home/*" '(' -name '*.pfx' -o -name '*.p12' -o -name '*.jks' -o -name '*.keystore' \
        -o -path '*/.gnupg/private-keys-v1.d/*' -o -name .credentials_rsaparams ')' -print
    while IFS= read -r file; do
        case $file in
        */.gnupg/private-keys-v1.d/*) found PrivateKey "$file" ;;
        */.credentials_rsaparams) found AgentIdentity "$file" ;;
        *) found Certificate "$file" ;;
        esac
    done <"$FOLDER/look"
    found_files PrivateKey /etc/dropbear/dropbear_*_host_key /etc/dropbear/initramfs/dropbear_*_host_key
    if [ -d /etc/wireguard ]; then
        look /etc/wireguard -type f -exec grep -l -s -E -e '^[[:space:]]*PrivateKey' {} +
        found_by_look PrivateKey
    fi
}

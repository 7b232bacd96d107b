# Credentials that clouds' and other tools keep in the folders of people, and some of the whole machine.

# found_with KIND EXPRESSION FILES: those of them in which the expression matches.
found_with() {
    kind=$1
    expression=$2
    shift 2
    for file in "$@"; do
        if [ -f "$file" ] && grep -q -s -E -e "$expression" "$file"; then
            found "$kind" "$file"
        fi
    done
}

# find_homes: the folders of people, in homes. Not that of the account, which the seal removes.
find_homes() {
    {
        printf '%s\n' /root /etc/skel
        for home in /home/*; do
            printf '%s\n' "$home"
        done
        while IFS=: read -r name _ id _ _ home _; do
            case $id in
            '' | *[!0-9]*) continue ;;
            esac
            if [ "$id" -ge 1000 ] && [ "$id" -lt 65534 ]; then
                printf '%s\n' "$home"
            fi
        done </etc/passwd
    } | sort -u | grep -v -x -F -e "$account_home" -e / >"$FOLDER/homes"
}

look_for_credentials() {
    while IFS= read -r home; do
        if [ ! -d "$home" ]; then
            continue
        fi
        cloud_credentials "$home"
        tokens "$home"
    done <"$FOLDER/homes"
    found_files CloudCredentials /etc/kubernetes/admin.conf /etc/kubernetes/super-admin.conf /etc/kubernetes/kubelet.conf \
        /etc/rancher/k3s/k3s.yaml /etc/rancher/rke2/rke2.yaml /etc/smbcredentials/* /etc/passwd-s3fs /etc/boto.cfg
    found_with Token '^[[:space:]]*machine[[:space:]].*password' /etc/apt/auth.conf /etc/apt/auth.conf.d/*
    # A name and a password in an address.
    found_with Token '://[^/@[:space:]]+:[^/@[:space:]]+@' /etc/apt/sources.list /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/* \
        /etc/yum.repos.d/* /etc/zypp/repos.d/* /etc/pip.conf /etc/environment /etc/wgetrc
    found_with Token '^[[:space:]]*password[[:space:]]*=' /etc/yum.repos.d/* /etc/dnf/dnf.conf /etc/yum.conf
    found_with Token '^[[:space:]]*ldap_default_authtok[[:space:]]*=' /etc/sssd/sssd.conf /etc/sssd/conf.d/*
}

# cloud_credentials HOME
cloud_credentials() {
    found_files CloudCredentials "$1/.azure/msal_token_cache.json" "$1/.azure/msal_token_cache.bin" "$1/.azure/accessTokens.json" \
        "$1/.azure/service_principal_entries.json" "$1/.azure/service_principal_entries.bin" "$1/.Azure/AzureRmContext.json" \
        "$1/.IdentityService/msal.cache" "$1/.azcopy/AzCopyOAuthToken.json" \
        "$1/.aws/credentials" "$1"/.aws/sso/cache/*.json "$1"/.aws/cli/cache/*.json "$1/.boto" "$1/.s3cfg" "$1/.passwd-s3fs" \
        "$1/.config/gcloud/credentials.db" "$1/.config/gcloud/access_tokens.db" "$1/.config/gcloud/application_default_credentials.json" \
        "$1"/.config/gcloud/legacy_credentials/*/adc.json "$1/.oci/config" "$1/.bluemix/config.json" "$1/.config/doctl/config.yaml" \
        "$1/.config/hcloud/cli.toml" "$1/.config/openstack/clouds.yaml" "$1/.config/rclone/rclone.conf" "$1/.databrickscfg" \
        "$1/.kube/config" "$1/.config/containers/auth.json"
    found_with CloudCredentials '"(auth|identitytoken|registrytoken)"' "$1/.docker/config.json"
}

# tokens HOME
tokens() {
    found_files Token "$1/.git-credentials" "$1/.config/git/credentials" "$1/.netrc" "$1/.vault-token" "$1/.pgpass" \
        "$1/.mylogin.cnf" "$1/.config/gh/hosts.yml" "$1/.config/glab-cli/config.yml" "$1/.config/hub" \
        "$1/.terraform.d/credentials.tfrc.json" "$1/.gem/credentials" "$1/.cargo/credentials" "$1/.cargo/credentials.toml" \
        "$1/.composer/auth.json" "$1/.config/composer/auth.json" "$1/.huggingface/token" "$1/.cache/huggingface/token" \
        "$1/.kaggle/kaggle.json" "$1/.config/kaggle/kaggle.json" "$1/.ansible/galaxy_token" "$1/.smbcredentials" "$1/.vnc/passwd" \
        "$1/.local/share/keyrings/login.keyring" "$1/.snowsql/config"
    found_with Token '(_authToken|_auth|_password)[[:space:]]*=' "$1/.npmrc"
    found_with Token 'npmAuthToken' "$1/.yarnrc.yml"
    found_with Token '^[[:space:]]*password' "$1/.pypirc" "$1/.my.cnf"
    found_with Token '^[[:space:]]*token[[:space:]]*=' "$1/.terraformrc"
    found_with Token '<(password|passphrase)>' "$1/.m2/settings.xml"
    found_with Token '([Pp]assword|[Tt]oken|[Ss]ecret)[[:space:]]*=' "$1/.gradle/gradle.properties"
    found_with Token '([Cc]lear[Tt]ext)?[Pp]assword"' "$1/.nuget/NuGet/NuGet.Config" "$1/.config/NuGet/NuGet.Config"
    found_with Token '://[^/@[:space:]]+:[^/@[:space:]]+@' "$1/.config/pip/pip.conf" "$1/.pip/pip.conf" "$1/.gitconfig" "$1/.wgetrc"
}

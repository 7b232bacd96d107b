# What a service knows this machine by: a directory, monitoring, protection, subscriptions. Two machines with the same
# are one for that service.

# found_paths KIND PATHS: those of them that are there, folders as well.
found_paths() {
    kind=$1
    shift
    for path in "$@"; do
        if [ -e "$path" ]; then
            found "$kind" "$path"
        fi
    done
}

look_for_agents() {
    found_paths DomainMembership /etc/krb5.keytab /var/lib/samba/private/secrets.tdb /var/lib/samba/secrets.tdb /etc/ipa/default.conf \
        /etc/opt/quest/vas/host.keytab
    found_with DomainMembership '^[[:space:]]*(id_provider|auth_provider)[[:space:]]*=[[:space:]]*(ad|ipa)' /etc/sssd/sssd.conf /etc/sssd/conf.d/*
    # Microsoft's: Defender for Endpoint, Arc, Azure Monitor, Log Analytics, Dependency.
    found_paths AgentIdentity /etc/opt/microsoft/mdatp/mdatp_onboard.json /var/opt/azcmagent/agentconfig.json /var/opt/azcmagent/certs/* \
        /etc/opt/microsoft/azuremonitoragent/config-cache/* /etc/opt/microsoft/omsagent/*/conf/omsadmin.conf /etc/opt/microsoft/omsagent/*/certs/oms.key \
        /etc/opt/microsoft/dependency-agent/config/DA_PERSISTENT_AGENT_ID
    # Subscriptions of distributions.
    found_paths AgentIdentity /etc/pki/consumer/key.pem /etc/insights-client/machine-id /etc/sysconfig/rhn/systemid /etc/zypp/credentials.d/SCCcredentials \
        /var/lib/ubuntu-advantage/private/machine-token.json /var/lib/landscape/client/broker.bpickle
    # Protection and monitoring of others.
    found_paths AgentIdentity /opt/CrowdStrike/falconstore /opt/sentinelone/configuration/basic.conf /etc/qualys/hostid \
        /opt/rapid7/ir_agent/components/bootstrap/common/bootstrap.cfg /etc/tenable_tag /opt/nessus_agent/var/nessus/uuid /var/ossec/etc/client.keys /opt/Elastic/Agent/fleet.enc \
        /var/opt/ds_agent/dsa_core/ds_agent.crt /opt/splunkforwarder/etc/instance.cfg /var/osquery/osquery.db
    # Configuration, networks, clusters and build agents.
    found_paths AgentIdentity /etc/puppetlabs/puppet/ssl/private_keys/*.pem /var/lib/puppet/ssl/private_keys/*.pem /etc/chef/client.pem \
        /etc/cinc/client.pem /etc/salt/pki/minion/minion.pem /var/lib/tailscale/tailscaled.state /var/lib/zerotier-one/identity.secret \
        /var/lib/netbird/default.json /var/lib/teleport/proc /opt/consul/data/node-id /var/lib/kubelet/pki/kubelet-client-current.pem \
        /etc/rancher/node/password /var/lib/amazon/ssm/Vault/Store/RegistrationKey /etc/gitlab-runner/config.toml
    # The folders of extensions go with the agent's state; what they keep elsewhere stays.
    for path in /var/lib/waagent/*-[0-9]*; do
        case $path in
        */WALinuxAgent-* | *.RunCommandLinux-* | *.RunCommandHandlerLinux-* | *'*') ;;
        *)
            if [ -d "$path" ]; then
                found Extension "$path"
            fi
            ;;
        esac
    done
}

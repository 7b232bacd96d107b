//! The machine that a fabric knows, and what its metadata service and its disc of the first start say of it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{escaped, goal_state::RunCommand};

/// A machine as its fabric knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Azure's id of the machine; also the UUID of its firmware.
    pub id: String,
    /// It was made around a disk with a system, for which nothing is provisioned.
    #[serde(default)]
    pub specialized: bool,
    /// The name of the machine.
    pub name: String,
    /// The account that it is made with.
    pub admin: String,
    /// The key with which the account logs in, as a line of `authorized_keys`.
    pub public_key: String,
    /// The account's password, for a guest that the agent provisions.
    pub password: Option<String>,
    /// The hardware address of its network interface, with colons.
    pub hardware_address: String,
    /// The address of the guest.
    pub address: String,
    /// Which version of the goal state this is; the agent looks closer only at another one.
    pub incarnation: u32,
    /// The run commands that exist.
    pub run_commands: Vec<RunCommand>,
}

impl Instance {
    /// What the metadata service answers to `GET /metadata/instance`.
    pub fn metadata(&self) -> serde_json::Value {
        let network = self.address.rsplit_once('.').map_or("", |(network, _)| network);
        let mut metadata = json!({
            "compute": {
                "azEnvironment": "AzurePublicCloud",
                "location": "westeurope",
                "name": self.name,
                "offer": "", "publisher": "", "sku": "", "version": "",
                "osType": "Linux",
                "osProfile": {
                    "adminUsername": self.admin,
                    "computerName": self.name,
                    "disablePasswordAuthentication": if self.password.is_some() { "false" } else { "true" },
                },
                "provider": "Microsoft.Compute",
                "publicKeys": [{"keyData": self.public_key, "path": format!("/home/{}/.ssh/authorized_keys", self.admin)}],
                "resourceGroupName": "images",
                "subscriptionId": "00000000-0000-0000-0000-000000000000",
                "tags": "", "tagsList": [], "userData": "",
                "vmId": self.id,
                "vmSize": "Standard_D2s_v5",
                "zone": "",
            },
            "network": {"interface": [{
                "ipv4": {
                    "ipAddress": [{"privateIpAddress": self.address, "publicIpAddress": ""}],
                    "subnet": [{"address": format!("{network}.0"), "prefix": "24"}],
                },
                "ipv6": {"ipAddress": []},
                "macAddress": self.hardware_address.replace(':', "").to_uppercase(),
            }]},
            "extended": {"compute": {"hasCustomData": false, "ppsType": "None"}},
        });
        if self.specialized {
            metadata["compute"]["publicKeys"] = json!([]);
            if let Some(compute) = metadata["compute"].as_object_mut() {
                compute.remove("osProfile");
            }
        }
        metadata
    }

    /// `ovf-env.xml` on the disc of the first start, with a line for each element, as on Azure.
    pub fn environment(&self) -> String {
        let password = self.password.as_deref().map_or_else(String::new, |password| {
            format!("\n        <UserPassword>{}</UserPassword>", escaped(password))
        });
        format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<ns0:Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:ns0="http://schemas.dmtf.org/ovf/environment/1" xmlns:ns1="http://schemas.microsoft.com/windowsazure" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <ns1:ProvisioningSection>
    <ns1:Version>1.0</ns1:Version>
    <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure">
        <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>
        <HostName>{name}</HostName>
        <UserName>{admin}</UserName>{password}
        <DisableSshPasswordAuthentication>{no_password}</DisableSshPasswordAuthentication>
        <SSH>
          <PublicKeys>
            <PublicKey>
              <Fingerprint></Fingerprint>
              <Path>/home/{admin}/.ssh/authorized_keys</Path>
              <Value>{key}</Value>
            </PublicKey>
          </PublicKeys>
        </SSH>
    </LinuxProvisioningConfigurationSet>
  </ns1:ProvisioningSection>
  <ns1:PlatformSettingsSection>
    <ns1:Version>1.0</ns1:Version>
    <PlatformSettings xmlns="http://schemas.microsoft.com/windowsazure">
        <KmsServerHostname>kms.core.windows.net</KmsServerHostname>
        <ProvisionGuestAgent>true</ProvisionGuestAgent>
        <GuestAgentPackageName xsi:nil="true" />
        <PreprovisionedVm>false</PreprovisionedVm>
        <PreprovisionedVMType>None</PreprovisionedVMType>
    </PlatformSettings>
  </ns1:PlatformSettingsSection>
</ns0:Environment>
"#,
            name = escaped(&self.name),
            admin = escaped(&self.admin),
            no_password = self.password.is_none(),
            key = escaped(&self.public_key),
        )
    }
}

//! What the wire server tells the agent: which versions it speaks, the goal state, and the extensions in it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Instance, WIRE_SERVER, escaped};

/// The name under which the agent keeps the handler of run commands.
pub const HANDLER: &str = "Microsoft.CPlat.Core.RunCommandHandlerLinux";
/// The stand-in's version.
pub const HANDLER_VERSION: &str = "1.3.0";

/// A managed run command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCommand {
    /// Its name.
    pub name: String,
    /// How often its settings were changed.
    pub sequence: u32,
    /// What it runs.
    pub script: String,
    /// How long it may take, in seconds.
    pub seconds: u32,
}

/// The answer to `?comp=versions`.
pub fn versions() -> String {
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Versions><Preferred><Version>2015-04-05</Version></Preferred>\
     <Supported><Version>2015-04-05</Version><Version>2012-11-30</Version></Supported></Versions>\n"
        .to_owned()
}

/// The goal state. It names no certificates: nothing in it is encrypted.
pub fn goal_state(instance: &Instance) -> String {
    let Instance { id, incarnation, .. } = instance;
    let link = |kind: &str| {
        format!("http://{WIRE_SERVER}:80/machine/{id}/role?comp=config&amp;type={kind}&amp;incarnation={incarnation}")
    };
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<GoalState xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="goalstate10.xsd">
  <Version>2012-11-30</Version>
  <Incarnation>{incarnation}</Incarnation>
  <Machine>
    <ExpectedState>Started</ExpectedState>
    <StopRolesDeadlineHint>300000</StopRolesDeadlineHint>
    <LBProbePorts><Port>16001</Port></LBProbePorts>
    <ExpectHealthReport>FALSE</ExpectHealthReport>
  </Machine>
  <Container>
    <ContainerId>{id}</ContainerId>
    <RoleInstanceList>
      <RoleInstance>
        <InstanceId>{id}._role</InstanceId>
        <State>Started</State>
        <Configuration>
          <HostingEnvironmentConfig>{hosting}</HostingEnvironmentConfig>
          <SharedConfig>{shared}</SharedConfig>
          <ExtensionsConfig>{extensions}</ExtensionsConfig>
          <ConfigName>{id}.0.{id}.0._role.{incarnation}.xml</ConfigName>
        </Configuration>
      </RoleInstance>
    </RoleInstanceList>
  </Container>
</GoalState>
"#,
        hosting = link("hostingEnvironmentConfig"),
        shared = link("sharedConfig"),
        extensions = link("extensionsConfig"),
    )
}

/// The environment in which the machine runs.
pub fn hosting_environment(instance: &Instance) -> String {
    let Instance { id, name, incarnation, .. } = instance;
    let name = escaped(name);
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<HostingEnvironmentConfig version="1.0.0.0" goalStateIncarnation="{incarnation}">
  <Deployment name="{id}" guid="{{{id}}}" incarnation="0" isNonCancellableTopologyChangeEnabled="false">
    <Service name="IaaS" guid="{{00000000-0000-0000-0000-000000000000}}" />
    <ServiceInstance name="{id}.0" guid="{{{id}}}" />
  </Deployment>
  <Incarnation number="1" instance="_{name}" guid="{{{id}}}" />
  <Role guid="{{{id}}}" name="_{name}" hostingEnvironmentVersion="1" software="" softwareType="ApplicationPackage" entryPoint="" parameters="" settleTimeSeconds="10" />
</HostingEnvironmentConfig>
"#
    )
}

/// The configuration that all machines of a deployment share.
pub fn shared_config(instance: &Instance) -> String {
    let Instance { id, name, incarnation, address, .. } = instance;
    let name = escaped(name);
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<SharedConfig version="1.0.0.0" goalStateIncarnation="{incarnation}">
  <Deployment name="{id}" guid="{{{id}}}" incarnation="0">
    <Service name="IaaS" guid="{{00000000-0000-0000-0000-000000000000}}" />
    <ServiceInstance name="{id}.0" guid="{{{id}}}" />
  </Deployment>
  <Incarnation number="1" instance="_{name}" guid="{{{id}}}" />
  <Role guid="{{{id}}}" name="_{name}" settleTimeSeconds="10" />
  <LoadBalancerSettings timeoutSeconds="0" waitLoadBalancerProbeCount="8"><Probes /></LoadBalancerSettings>
  <OutputEndpoints />
  <Instances><Instance id="_{name}" address="{address}"><FaultDomains randomId="0" updateId="0" updateCount="0" /></Instance></Instances>
</SharedConfig>
"#
    )
}

/// The extensions: the handler of run commands and a setting for each of them, and where the agent reports its status.
pub fn extensions_config(instance: &Instance) -> String {
    let Instance { id, incarnation, run_commands, .. } = instance;
    let manifest = format!("http://{WIRE_SERVER}:80/rig/manifest.xml");
    let mut plugins = String::new();
    if !run_commands.is_empty() {
        let settings: String = run_commands.iter().map(runtime_settings).collect();
        plugins = format!(
            r#"<Plugins><Plugin name="{HANDLER}" version="{HANDLER_VERSION}" location="{manifest}" failoverlocation="{manifest}" state="enabled" autoUpgrade="false" runAsStartupTask="false" isJson="true" useExactVersion="true" supportsMultipleExtensions="true" /></Plugins>
<PluginSettings><Plugin name="{HANDLER}" version="{HANDLER_VERSION}">
{settings}</Plugin></PluginSettings>
"#
        );
    }
    // Ticks of 100 ns; the agent takes the goal state with the latest.
    let ticks = 639_000_000_000_000_000_u64 + u64::from(*incarnation) * 10_000_000;
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<Extensions version="1.0.0.0" goalStateIncarnation="{incarnation}">
<GuestAgentExtension xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><GAFamilies /><Location>westeurope</Location></GuestAgentExtension>
<RequiredFeatures><RequiredFeature><Name>MultipleExtensionsPerHandler</Name></RequiredFeature></RequiredFeatures>
<StatusUploadBlob statusBlobType="BlockBlob">http://{WIRE_SERVER}:80/status/{id}.status?sig=none</StatusUploadBlob>
{plugins}<InVMGoalStateMetaData inSvdSeqNo="{incarnation}" createdOnTicks="{ticks}" activityId="{id}" correlationId="{id}" />
</Extensions>
"#
    )
}

fn runtime_settings(command: &RunCommand) -> String {
    let settings = json!({"runtimeSettings": [{"handlerSettings": {"publicSettings": {
        "source": {"script": command.script},
        "parameters": [],
        "timeoutInSeconds": command.seconds,
        "asyncExecution": false,
        "treatFailureAsDeploymentFailure": false,
    }}}]});
    format!(
        "<ExtensionRuntimeSettings seqNo=\"{}\" name=\"{}\" state=\"enabled\">{}</ExtensionRuntimeSettings>\n",
        command.sequence,
        escaped(&command.name),
        escaped(&settings.to_string()),
    )
}

/// Which versions of the handler there are, and where.
pub fn manifest() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<PluginVersionManifest xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <Plugins><Plugin><Version>{HANDLER_VERSION}</Version><Uris><Uri>http://{WIRE_SERVER}:80/rig/handler.zip</Uri></Uris></Plugin></Plugins>\
         </PluginVersionManifest>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(run_commands: Vec<RunCommand>) -> Instance {
        Instance {
            specialized: false,
            id: "0a1b2c3d-0000-4000-8000-00000000abcd".into(),
            name: "builder".into(),
            admin: "azureuser".into(),
            public_key: "ssh-ed25519 AAAA rig".into(),
            password: None,
            hardware_address: "52:54:00:00:00:01".into(),
            address: "10.77.1.20".into(),
            incarnation: 7,
            run_commands,
        }
    }

    #[test]
    fn a_script_stands_in_the_settings_as_it_is_and_no_text_of_it_breaks_out() {
        let script = "echo \"<a>\" '&amp;' ]]> </ExtensionRuntimeSettings>\n";
        let command = RunCommand { name: "seal".into(), sequence: 2, script: script.into(), seconds: 60 };
        let config = extensions_config(&instance(vec![command]));
        assert_eq!(config.matches("</ExtensionRuntimeSettings>").count(), 1, "{config}");
        let (_, rest) = config.split_once("state=\"enabled\">{").unwrap();
        let (text, _) = rest.split_once("</ExtensionRuntimeSettings>").unwrap();
        let text =
            format!("{{{text}").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        let settings: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            settings.pointer("/runtimeSettings/0/handlerSettings/publicSettings/source/script").unwrap(),
            script
        );
    }

    #[test]
    fn a_goal_state_without_run_commands_names_no_handler() {
        let config = extensions_config(&instance(vec![]));
        assert!(!config.contains("Plugin") && config.contains("StatusUploadBlob"), "{config}");
        assert!(goal_state(&instance(vec![])).contains("<Incarnation>7</Incarnation>"));
    }
}

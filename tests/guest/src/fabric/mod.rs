//! The part of Azure's fabric that a guest talks to: the wire server, the host's plugin for the agent, and the
//! metadata service. It knows one machine, and writes down what the guest reports.
//!
//! What it answers is what Azure/WALinuxAgent (`azurelinuxagent/common/protocol/`) and canonical/cloud-init
//! (`cloudinit/sources/azure/imds.py`, `cloudinit/sources/helpers/azure.py`) ask for, and no more.

pub mod goal_state;
pub mod instance;
pub mod package;
pub mod reports;
mod server;

pub use goal_state::RunCommand;
pub use instance::Instance;
pub use reports::{AgentStatus, Reports, RunCommandView};
pub use server::serve;

/// Where the guest finds the wire server and the host's plugin.
pub const WIRE_SERVER: &str = "168.63.129.16";
/// Where the guest finds the metadata service.
pub const METADATA_SERVICE: &str = "169.254.169.254";
/// The port of the host's plugin.
pub const HOST_PLUGIN_PORT: u16 = 32526;

/// Text in an element or a quoted attribute of XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

//! Ids of virtual machines and of what lives inside them.

use std::fmt;

use crate::{
    form::{ResourceIdError, capture},
    name::{Name, RESOURCE_GROUP, RUN_COMMAND, VIRTUAL_MACHINE},
    subscription_id::SubscriptionId,
    text::parsed_text,
};

const VIRTUAL_MACHINE_FORM: &str = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Compute/virtualMachines/{virtualMachine}";
const RUN_COMMAND_FORM: &str = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Compute/virtualMachines/{virtualMachine}/runCommands/{runCommand}";

/// The id of a virtual machine. Equality, order and hash ignore letter case, as Azure does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VirtualMachineId {
    subscription: SubscriptionId,
    resource_group: Name,
    name: Name,
}

impl VirtualMachineId {
    /// The id of the virtual machine with these names.
    pub fn new(subscription: SubscriptionId, resource_group: &str, name: &str) -> Result<Self, ResourceIdError> {
        let resource_group = Name::parse(resource_group, &RESOURCE_GROUP)?;
        Ok(Self { subscription, resource_group, name: Name::parse(name, &VIRTUAL_MACHINE)? })
    }

    /// Reads `/subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachines/…`.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let [subscription, resource_group, name] = capture(text, VIRTUAL_MACHINE_FORM)?;
        Self::new(SubscriptionId::parse(subscription)?, resource_group, name)
    }

    /// The subscription.
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// The resource group, in the letter case given.
    pub fn resource_group(&self) -> &str {
        self.resource_group.as_str()
    }

    /// The virtual machine's name, in the letter case given.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The id of a managed run command of this virtual machine.
    pub fn run_command(&self, name: &str) -> Result<RunCommandId, ResourceIdError> {
        RunCommandId::new(self.clone(), name)
    }
}

impl fmt::Display for VirtualMachineId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subscription, resource_group, name } = self;
        write!(
            formatter,
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.Compute/virtualMachines/{name}"
        )
    }
}

parsed_text!(VirtualMachineId, ResourceIdError);

/// The id of a managed run command. Equality, order and hash ignore letter case, as Azure does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunCommandId {
    virtual_machine: VirtualMachineId,
    name: Name,
}

impl RunCommandId {
    /// The id of the run command of this name on this virtual machine.
    pub fn new(virtual_machine: VirtualMachineId, name: &str) -> Result<Self, ResourceIdError> {
        Ok(Self { virtual_machine, name: Name::parse(name, &RUN_COMMAND)? })
    }

    /// Reads the id of a virtual machine followed by `/runCommands/…`.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let [subscription, resource_group, virtual_machine, name] = capture(text, RUN_COMMAND_FORM)?;
        let subscription = SubscriptionId::parse(subscription)?;
        Self::new(VirtualMachineId::new(subscription, resource_group, virtual_machine)?, name)
    }

    /// The virtual machine it runs on.
    pub fn virtual_machine(&self) -> &VirtualMachineId {
        &self.virtual_machine
    }

    /// The run command's name, in the letter case given.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }
}

impl fmt::Display for RunCommandId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/runCommands/{}", self.virtual_machine, self.name)
    }
}

parsed_text!(RunCommandId, ResourceIdError);

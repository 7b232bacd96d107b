//! The resource ids of what belongs to a machine.

use std::fmt;

use azimage_names::{DiskId, InterfaceId, PublicAddressId, ResourceGroup, ResourceIdError, VirtualMachineId};

use super::BelongingPart;

/// The id of a machine, or of something of one of the kinds that may belong to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BelongingId {
    /// The machine itself.
    Machine(VirtualMachineId),
    /// A network interface.
    Interface(InterfaceId),
    /// A managed disk.
    Disk(DiskId),
    /// A public address.
    Address(PublicAddressId),
}

impl BelongingId {
    /// The id of a part, from its text.
    ///
    /// # Errors
    /// When the text is no id of a resource of that kind.
    pub fn parse(part: BelongingPart, text: &str) -> Result<Self, ResourceIdError> {
        match part {
            BelongingPart::Machine => text.parse().map(Self::Machine),
            BelongingPart::Interface(_) => text.parse().map(Self::Interface),
            BelongingPart::Disk(_) => text.parse().map(Self::Disk),
            BelongingPart::Address(_) => text.parse().map(Self::Address),
        }
    }

    /// The resource group that it lies in.
    pub fn group(&self) -> &ResourceGroup {
        match self {
            Self::Machine(id) => id.parent(),
            Self::Interface(id) => id.parent(),
            Self::Disk(id) => id.parent(),
            Self::Address(id) => id.parent(),
        }
    }
}

impl fmt::Display for BelongingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(id) => id.fmt(formatter),
            Self::Interface(id) => id.fmt(formatter),
            Self::Disk(id) => id.fmt(formatter),
            Self::Address(id) => id.fmt(formatter),
        }
    }
}

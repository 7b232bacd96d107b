//! The parts of a temporary machine.

use std::{fmt, str::FromStr};

/// A part of a temporary machine, each a resource of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The machine.
    Machine,
    /// Its network interface.
    Interface,
    /// A disk.
    Disk(DiskPlace),
    /// The security group that closes its network.
    SecurityGroup,
    /// The snapshot from which a disk is made.
    Snapshot(DiskPlace),
    /// The collection with the restore point from which all disks are made.
    RestorePoints,
    /// A machine that is made from a version to prove it. Its disks are made and deleted with it.
    ValidationMachine(Twin),
    /// Its network interface.
    ValidationInterface(Twin),
    /// The security group that closes the network of both.
    ValidationSecurityGroup,
}

/// Which of the two machines that are made from a version to prove it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::EnumString, strum::EnumIter,
)]
pub enum Twin {
    /// The first.
    #[strum(serialize = "1")]
    First,
    /// The second.
    #[strum(serialize = "2")]
    Second,
}

/// Which disk of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskPlace {
    /// The disk that the system is on.
    System,
    /// The data disk of this logical unit number.
    Data(u8),
}

/// A text that names no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a part of a temporary machine")]
pub struct NotAPart;

impl Part {
    /// What it is, for people.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Machine | Self::ValidationMachine(_) => "virtual machine",
            Self::Interface | Self::ValidationInterface(_) => "network interface",
            Self::Disk(_) => "disk",
            Self::SecurityGroup | Self::ValidationSecurityGroup => "network security group",
            Self::Snapshot(_) => "snapshot",
            Self::RestorePoints => "restore point collection",
        }
    }

    /// What has to be gone before this part can be deleted. Disks and interface go with their machine, and can't without it.
    pub fn is_held_by(self, other: Self) -> bool {
        match self {
            Self::Machine | Self::Snapshot(_) | Self::RestorePoints | Self::ValidationMachine(_) => false,
            Self::Interface | Self::Disk(_) => other == Self::Machine,
            Self::SecurityGroup => matches!(other, Self::Machine | Self::Interface),
            Self::ValidationInterface(twin) => other == Self::ValidationMachine(twin),
            Self::ValidationSecurityGroup => matches!(other, Self::ValidationMachine(_) | Self::ValidationInterface(_)),
        }
    }

    /// Whether it is made to prove a version.
    pub fn is_of_a_validation(self) -> bool {
        match self {
            Self::Machine
            | Self::Interface
            | Self::Disk(_)
            | Self::SecurityGroup
            | Self::Snapshot(_)
            | Self::RestorePoints => false,
            Self::ValidationMachine(_) | Self::ValidationInterface(_) | Self::ValidationSecurityGroup => true,
        }
    }
}

impl fmt::Display for DiskPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => formatter.write_str("os"),
            Self::Data(lun) => write!(formatter, "lun{lun}"),
        }
    }
}

impl FromStr for DiskPlace {
    type Err = NotAPart;

    fn from_str(text: &str) -> Result<Self, NotAPart> {
        match text.strip_prefix("lun") {
            Some(lun) => lun.parse().map(Self::Data).map_err(|_| NotAPart),
            None if text == "os" => Ok(Self::System),
            None => Err(NotAPart),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine => formatter.write_str("machine"),
            Self::Interface => formatter.write_str("interface"),
            Self::SecurityGroup => formatter.write_str("security-group"),
            Self::RestorePoints => formatter.write_str("restore-points"),
            Self::Disk(place) => write!(formatter, "{place}-disk"),
            Self::Snapshot(place) => write!(formatter, "{place}-snapshot"),
            Self::ValidationMachine(twin) => write!(formatter, "validation-{twin}"),
            Self::ValidationInterface(twin) => write!(formatter, "validation-{twin}-interface"),
            Self::ValidationSecurityGroup => formatter.write_str("validation-security-group"),
        }
    }
}

impl FromStr for Part {
    type Err = NotAPart;

    fn from_str(text: &str) -> Result<Self, NotAPart> {
        match text {
            "machine" => Ok(Self::Machine),
            "interface" => Ok(Self::Interface),
            "security-group" => Ok(Self::SecurityGroup),
            "restore-points" => Ok(Self::RestorePoints),
            "validation-security-group" => Ok(Self::ValidationSecurityGroup),
            _ => {
                if let Some(of) = text.strip_prefix("validation-") {
                    let (twin, is_interface) = of.strip_suffix("-interface").map_or((of, false), |twin| (twin, true));
                    let twin: Twin = twin.parse().map_err(|_| NotAPart)?;
                    return Ok(if is_interface {
                        Self::ValidationInterface(twin)
                    } else {
                        Self::ValidationMachine(twin)
                    });
                }
                let (place, kind) = text.rsplit_once('-').ok_or(NotAPart)?;
                match kind {
                    "disk" => place.parse().map(Self::Disk),
                    "snapshot" => place.parse().map(Self::Snapshot),
                    _ => Err(NotAPart),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_comes_back_from_its_name() {
        for (part, name) in [
            (Part::Machine, "machine"),
            (Part::Interface, "interface"),
            (Part::SecurityGroup, "security-group"),
            (Part::Disk(DiskPlace::System), "os-disk"),
            (Part::Snapshot(DiskPlace::Data(63)), "lun63-snapshot"),
            (Part::RestorePoints, "restore-points"),
            (Part::ValidationMachine(Twin::First), "validation-1"),
            (Part::ValidationInterface(Twin::Second), "validation-2-interface"),
            (Part::ValidationSecurityGroup, "validation-security-group"),
        ] {
            assert_eq!((part.to_string().as_str(), name.parse()), (name, Ok(part)));
        }
        for other in [
            "",
            "disk",
            "-disk",
            "lun-disk",
            "lun256-disk",
            "os-image",
            "os",
            "westeurope",
            "validation-3",
            "validation-",
        ] {
            assert_eq!(other.parse::<Part>(), Err(NotAPart), "{other}");
        }
    }
}

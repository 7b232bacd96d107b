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
            Self::Machine => "virtual machine",
            Self::Interface => "network interface",
            Self::Disk(_) => "disk",
            Self::SecurityGroup => "network security group",
            Self::Snapshot(_) => "snapshot",
        }
    }

    /// What has to be gone before this part can be deleted. Disks and interface go with their machine, and can't without it.
    pub fn is_held_by(self, other: Self) -> bool {
        match self {
            Self::Machine | Self::Snapshot(_) => false,
            Self::Interface | Self::Disk(_) => other == Self::Machine,
            Self::SecurityGroup => matches!(other, Self::Machine | Self::Interface),
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
            Self::Disk(place) => write!(formatter, "{place}-disk"),
            Self::Snapshot(place) => write!(formatter, "{place}-snapshot"),
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
            _ => {
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
        ] {
            assert_eq!((part.to_string().as_str(), name.parse()), (name, Ok(part)));
        }
        for other in ["", "disk", "-disk", "lun-disk", "lun256-disk", "os-image", "os", "westeurope"] {
            assert_eq!(other.parse::<Part>(), Err(NotAPart), "{other}");
        }
    }
}

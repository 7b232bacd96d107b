//! Which part of a machine something is, as it stands in the status.

use std::{fmt, str::FromStr};

use crate::temporary::{DiskPlace, NotAPart};

/// The machine, or something that belongs to it, in the order in which they are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BelongingPart {
    /// The machine itself.
    Machine,
    /// A network interface, by its place in the machine's list.
    Interface(u8),
    /// A disk.
    Disk(DiskPlace),
    /// A public address, by its place in the list of all that are on the interfaces.
    Address(u8),
}

impl BelongingPart {
    /// What it is, for people.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Machine => "virtual machine",
            Self::Interface(_) => "network interface",
            Self::Disk(_) => "disk",
            Self::Address(_) => "public address",
        }
    }

    /// What has to be gone before this can be deleted.
    pub fn is_held_by(self, other: Self) -> bool {
        match self {
            Self::Machine => false,
            Self::Interface(_) | Self::Disk(_) => other == Self::Machine,
            Self::Address(_) => matches!(other, Self::Machine | Self::Interface(_)),
        }
    }
}

impl fmt::Display for BelongingPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine => formatter.write_str("machine"),
            Self::Interface(place) => write!(formatter, "interface{place}"),
            Self::Disk(place) => write!(formatter, "{place}-disk"),
            Self::Address(place) => write!(formatter, "address{place}"),
        }
    }
}

impl FromStr for BelongingPart {
    type Err = NotAPart;

    fn from_str(text: &str) -> Result<Self, NotAPart> {
        if text == "machine" {
            return Ok(Self::Machine);
        }
        let place = |rest: &str| rest.parse().map_err(|_| NotAPart);
        if let Some(rest) = text.strip_prefix("interface") {
            return place(rest).map(Self::Interface);
        }
        if let Some(rest) = text.strip_prefix("address") {
            return place(rest).map(Self::Address);
        }
        text.strip_suffix("-disk").ok_or(NotAPart)?.parse().map(Self::Disk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_comes_back_from_its_name_and_they_stand_in_the_order_of_their_deletion() {
        let all = [
            (BelongingPart::Machine, "machine"),
            (BelongingPart::Interface(0), "interface0"),
            (BelongingPart::Interface(7), "interface7"),
            (BelongingPart::Disk(DiskPlace::System), "os-disk"),
            (BelongingPart::Disk(DiskPlace::Data(63)), "lun63-disk"),
            (BelongingPart::Address(1), "address1"),
        ];
        assert!(all.is_sorted_by_key(|(part, _)| *part));
        for (part, name) in all {
            assert_eq!((part.to_string().as_str(), name.parse()), (name, Ok(part)));
        }
        for other in ["", "interface", "interface-1", "disk", "lun-disk", "address256", "nic0"] {
            assert_eq!(other.parse::<BelongingPart>(), Err(NotAPart), "{other}");
        }
    }

    #[test]
    fn the_machine_holds_all_and_interfaces_hold_addresses() {
        let (machine, interface) = (BelongingPart::Machine, BelongingPart::Interface(0));
        let (disk, address) = (BelongingPart::Disk(DiskPlace::System), BelongingPart::Address(0));
        let held = |part: BelongingPart| [machine, interface, disk, address].map(|other| part.is_held_by(other));
        assert_eq!(held(machine), [false; 4]);
        assert_eq!(held(interface), [true, false, false, false]);
        assert_eq!(held(disk), [true, false, false, false]);
        assert_eq!(held(address), [true, true, false, false]);
    }
}

//! The resource ids of temporary resources.

use std::{fmt, str::FromStr};

use azimage_names::{
    DiskId, InterfaceId, ResourceGroup, ResourceIdError, RestorePointCollectionId, SecurityGroupId, SnapshotId,
    VirtualMachineId,
};

use super::Part;

/// The id of a temporary resource, of one of the kinds that are ever made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TemporaryId {
    /// A virtual machine.
    Machine(VirtualMachineId),
    /// A network interface.
    Interface(InterfaceId),
    /// A managed disk.
    Disk(DiskId),
    /// A network security group.
    SecurityGroup(SecurityGroupId),
    /// A snapshot.
    Snapshot(SnapshotId),
    /// A restore point collection, with the restore points in it.
    RestorePoints(RestorePointCollectionId),
}

/// A text that isn't the id of such a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a temporary resource")]
pub struct NotTemporary;

/// What the names of all temporary resources of an object begin with.
fn prefix(uid: &str) -> String {
    format!("azimage-{uid}-")
}

impl TemporaryId {
    /// The id of a part that is made for the object of this uid.
    ///
    /// # Errors
    /// When the uid can't be part of a resource's name, which no uid of Kubernetes is.
    pub fn of(group: &ResourceGroup, uid: &str, part: Part) -> Result<Self, ResourceIdError> {
        let (group, name) = (group.clone(), format!("{}{part}", prefix(uid)));
        Ok(match part {
            Part::Machine | Part::ValidationMachine(_) => Self::Machine(VirtualMachineId::within(group, &name)?),
            Part::Interface | Part::ValidationInterface(_) => Self::Interface(InterfaceId::within(group, &name)?),
            Part::Disk(_) => Self::Disk(DiskId::within(group, &name)?),
            Part::SecurityGroup | Part::ValidationSecurityGroup => {
                Self::SecurityGroup(SecurityGroupId::within(group, &name)?)
            }
            Part::Snapshot(_) => Self::Snapshot(SnapshotId::within(group, &name)?),
            Part::RestorePoints => Self::RestorePoints(RestorePointCollectionId::within(group, &name)?),
        })
    }

    /// Whether it is made for a capture by the object of this uid: a part of a copy, or what is kept of a machine.
    pub fn is_of_a_capture(&self, uid: &str) -> bool {
        self.part(uid).is_some_and(|part| !part.is_of_a_validation())
    }

    /// Whether it is made for a validation by the object of this uid.
    pub fn is_of_a_validation(&self, uid: &str) -> bool {
        self.part(uid).is_some_and(Part::is_of_a_validation)
    }

    /// Which part it is of what is made for the object of this uid, if it is one.
    pub fn part(&self, uid: &str) -> Option<Part> {
        let name = self.name().to_ascii_lowercase();
        let part: Part = name.strip_prefix(&prefix(uid).to_ascii_lowercase())?.parse().ok()?;
        let fits = match part {
            Part::Machine | Part::ValidationMachine(_) => matches!(self, Self::Machine(_)),
            Part::Interface | Part::ValidationInterface(_) => matches!(self, Self::Interface(_)),
            Part::Disk(_) => matches!(self, Self::Disk(_)),
            Part::SecurityGroup | Part::ValidationSecurityGroup => matches!(self, Self::SecurityGroup(_)),
            Part::Snapshot(_) => matches!(self, Self::Snapshot(_)),
            Part::RestorePoints => matches!(self, Self::RestorePoints(_)),
        };
        fits.then_some(part)
    }

    /// Its own name.
    pub fn name(&self) -> &str {
        match self {
            Self::Machine(id) => id.name(),
            Self::Interface(id) => id.name(),
            Self::Disk(id) => id.name(),
            Self::SecurityGroup(id) => id.name(),
            Self::Snapshot(id) => id.name(),
            Self::RestorePoints(id) => id.name(),
        }
    }
}

impl fmt::Display for TemporaryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(id) => id.fmt(formatter),
            Self::Interface(id) => id.fmt(formatter),
            Self::Disk(id) => id.fmt(formatter),
            Self::SecurityGroup(id) => id.fmt(formatter),
            Self::Snapshot(id) => id.fmt(formatter),
            Self::RestorePoints(id) => id.fmt(formatter),
        }
    }
}

impl FromStr for TemporaryId {
    type Err = NotTemporary;

    fn from_str(text: &str) -> Result<Self, NotTemporary> {
        let machine = text.parse().map(Self::Machine);
        let interface = || text.parse().map(Self::Interface);
        let disk = || text.parse().map(Self::Disk);
        let group = || text.parse().map(Self::SecurityGroup);
        let snapshot = || text.parse().map(Self::Snapshot);
        let restore_points = || text.parse().map(Self::RestorePoints);
        machine
            .or_else(|_| interface())
            .or_else(|_| disk())
            .or_else(|_| group())
            .or_else(|_| snapshot())
            .or_else(|_| restore_points())
            .map_err(|_: ResourceIdError| NotTemporary)
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::temporary::{DiskPlace, Twin};

    const UID: &str = "0a1b2c3d-0000-4000-8000-00000000abcd";

    fn group() -> ResourceGroup {
        let subscription = "0a1b2c3d-0000-0000-0000-00000000abcd".parse().unwrap();
        ResourceGroup::new(subscription, "image-work").unwrap()
    }

    #[test]
    fn an_id_tells_its_part_and_comes_back_from_its_text() {
        let places = [DiskPlace::System, DiskPlace::Data(63)];
        let twins = || Twin::iter();
        let parts =
            [Part::Machine, Part::Interface, Part::SecurityGroup, Part::RestorePoints, Part::ValidationSecurityGroup]
                .into_iter();
        let parts = parts.chain(twins().map(Part::ValidationMachine)).chain(twins().map(Part::ValidationInterface));
        for part in parts.chain(places.map(Part::Disk)).chain(places.map(Part::Snapshot)) {
            let id = TemporaryId::of(&group(), UID, part).unwrap();
            // Azure takes 64 of a machine with Linux, and 80 of the others.
            let most = if matches!(id, TemporaryId::Machine(_)) { 64 } else { 80 };
            assert!(id.name().len() <= most, "{id}");
            assert_eq!((id.part(UID), id.to_string().parse()), (Some(part), Ok(id.clone())));
            assert_eq!(id.part("another"), None);
        }
    }

    #[test]
    fn what_has_the_name_of_another_kind_is_no_part() {
        let id = TemporaryId::Disk(DiskId::within(group(), &format!("azimage-{UID}-machine")).unwrap());
        assert_eq!(id.part(UID), None);
        assert_eq!("/subscriptions/x".parse::<TemporaryId>(), Err(NotTemporary));
    }
}

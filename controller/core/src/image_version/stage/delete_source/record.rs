//! What belongs to a machine, as it is written down before the first of it is deleted.

use azimage_crds::SourceCleanupState;
use azimage_names::VirtualMachineId;

use super::{
    super::super::{
        Doubt, Read,
        context::{Answer, Cx},
        facts,
        report::{Found, Report, Stop},
    },
    words::Why,
};
use crate::{
    Failure,
    belonging::{BelongingId, BelongingPart},
    temporary::DiskPlace,
};

/// Why it can't be written down yet.
pub(super) enum NotYet {
    /// Azure doesn't show something, which isn't believed.
    Hidden,
    /// Something couldn't be read.
    Unread(BelongingId, Failure),
}

/// The most public addresses that are written down.
const MOST_ADDRESSES: usize = 64;

/// What the machine names, each with the reason why it stays if it isn't the machine's alone.
pub(super) fn of(
    cx: &Cx<'_>,
    id: &VirtualMachineId,
    machine: &facts::Machine,
    report: &mut Report,
) -> Result<Result<Vec<Found>, NotYet>, Stop> {
    let (mut all, mut addresses) = (vec![found(BelongingPart::Machine, id, &machine.uid, None)], Vec::new());
    for (part, id_of_part) in parts(machine) {
        let belonging = match cx.belonging(&id_of_part)? {
            Answer::Found(belonging) => belonging,
            Answer::Missing(_) => {
                let doubt = Doubt::Absent(Read::of_belonging(&id_of_part));
                let believed = cx.history.believes(&doubt);
                report.doubts(doubt);
                // What isn't there isn't to be deleted.
                if believed {
                    continue;
                }
                return Ok(Err(NotYet::Hidden));
            }
            Answer::Failed(failure) => return Ok(Err(NotYet::Unread(id_of_part, failure.clone()))),
        };
        let others = belonging.used_by.iter().find(|user| !user.eq_ignore_ascii_case(&id.to_string()));
        all.push(judged(part, &id_of_part, belonging, others));
        if let BelongingPart::Interface(_) = part {
            addresses.extend(belonging.addresses.iter().map(|address| (id_of_part.to_string(), address.clone())));
        }
    }
    for (place, (interface, address)) in addresses.into_iter().take(MOST_ADDRESSES).enumerate() {
        let part = BelongingPart::Address(u8::try_from(place).unwrap_or(u8::MAX));
        let Ok(id) = BelongingId::parse(part, &address) else { continue };
        match cx.belonging(&id)? {
            Answer::Found(belonging) => {
                let others = belonging.used_by.iter().find(|user| !lies_in(user, &interface));
                all.push(judged(part, &id, belonging, others));
            }
            Answer::Missing(_) => return Ok(Err(NotYet::Hidden)),
            Answer::Failed(failure) => return Ok(Err(NotYet::Unread(id, failure.clone()))),
        }
    }
    Ok(Ok(all))
}

/// The interfaces and disks that the machine names.
pub(in super::super) fn parts(machine: &facts::Machine) -> Vec<(BelongingPart, BelongingId)> {
    let interfaces = machine.interfaces.iter().zip(0_u8..).filter_map(|(id, place)| {
        let part = BelongingPart::Interface(place);
        Some((part, BelongingId::parse(part, id).ok()?))
    });
    let disks = machine.disks.iter().filter_map(|disk| {
        let place = if disk.is_os_disk { DiskPlace::System } else { DiskPlace::Data(disk.lun?) };
        Some((BelongingPart::Disk(place), BelongingId::Disk(disk.id.clone()?)))
    });
    interfaces.chain(disks).collect()
}

fn judged(part: BelongingPart, id: &BelongingId, belonging: &facts::Belonging, other: Option<&String>) -> Found {
    let uid = belonging.uid.clone().unwrap_or_default();
    let why = if let Some(other) = other {
        Some(Why::UsedBy { other: other.clone() })
    } else if belonging.is_shared {
        Some(Why::Shared)
    } else if uid.is_empty() {
        Some(Why::NoUniqueId)
    } else {
        None
    };
    found(part, id, &uid, why)
}

fn found(part: BelongingPart, id: &impl ToString, uid: &str, why: Option<Why>) -> Found {
    let state = if why.is_some() { SourceCleanupState::Kept } else { SourceCleanupState::Pending };
    Found { part, id: id.to_string(), uid: uid.to_owned(), state, why: why.map(|why| why.to_string()) }
}

/// Whether an id is that of something, or of a part of it.
pub(super) fn lies_in(id: &str, whole: &str) -> bool {
    let (id, whole) = (id.to_ascii_lowercase(), whole.to_ascii_lowercase());
    id.strip_prefix(&whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

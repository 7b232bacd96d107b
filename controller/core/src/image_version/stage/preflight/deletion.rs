//! What would keep the machine, and what belongs to it, from being deleted when the version is made: asked before the claim, as a
//! machine that is generalized is of no other use.

use super::{
    super::{
        super::{
            Read, Scope,
            context::{Answer, Cx, Source},
            report::{Decision, Outcome, Report, Stop},
        },
        delete_source::parts,
    },
    denied, told,
    words::Foreseen,
};
use crate::belonging::{BelongingId, BelongingPart};

/// What is needed on the machine.
pub(super) const MACHINE: &[&str] = &["Microsoft.Compute/virtualMachines/delete"];

/// What is needed on its network interfaces.
pub(super) const INTERFACES: &[&str] = &["Microsoft.Network/networkInterfaces/delete"];

/// What is needed on its disks.
pub(super) const DISKS: &[&str] = &["Microsoft.Compute/disks/delete"];

/// What is needed on the public addresses of its interfaces.
pub(super) const ADDRESSES: &[&str] = &["Microsoft.Network/publicIPAddresses/delete"];

/// Whether the machine and what belongs to it can be deleted, if it is to be.
pub(super) fn may_be_deleted(cx: &Cx<'_>, source: Source<'_>, report: &mut Report) -> Decision {
    if !source.is_deleted {
        return Ok(Outcome::Done);
    }
    for id in all(cx, source)? {
        let (scope, actions) = match &id {
            BelongingId::Machine(machine) => (Scope::Machine(machine.clone()), MACHINE),
            BelongingId::Interface(_) => (Scope::Belonging(id.clone()), INTERFACES),
            BelongingId::Disk(_) => (Scope::Belonging(id.clone()), DISKS),
            BelongingId::Address(_) => (Scope::Belonging(id.clone()), ADDRESSES),
        };
        let doing = "read the locks on the machine and what belongs to it";
        let locks = told(cx, cx.locks(&scope)?, || Read::Locks(scope.clone()), doing, report)?;
        if let Some(lock) = locks.into_iter().flatten().find(|lock| lock.covers(&scope.to_string())) {
            return report.stalled(&Foreseen::DeletionLocked { lock: lock.name.clone(), scope: lock.scope.clone() });
        }
        if let Some(action) = denied(cx, &scope, actions, report)? {
            return report.stalled(&Foreseen::DeletionDenied { action, scope });
        }
    }
    Ok(Outcome::Done)
}

/// The machine and what belongs to it, each in the order of its deletion.
fn all(cx: &Cx<'_>, source: Source<'_>) -> Result<Vec<BelongingId>, Stop> {
    let (_, machine) = cx.origin_machine()?;
    let mut all = vec![BelongingId::Machine(source.id.clone())];
    for (_, id) in parts(machine) {
        if let BelongingId::Interface(_) = &id {
            match cx.belonging(&id)? {
                Answer::Found(interface) => {
                    let parse = |address: &String| BelongingId::parse(BelongingPart::Address(0), address).ok();
                    all.extend(interface.addresses.iter().filter_map(parse));
                }
                // It is read again before it is deleted.
                Answer::Missing(_) => {}
                Answer::Failed(failure) => {
                    return Err(Stop::Failed(failure.clone(), "read the network interfaces of the machine"));
                }
            }
        }
        all.push(id);
    }
    // That they may be read is asked as well.
    for id in all.iter().filter(|id| matches!(id, BelongingId::Address(_))) {
        if let Answer::Failed(failure) = cx.belonging(id)? {
            return Err(Stop::Failed(failure.clone(), "read the public addresses of the machine"));
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

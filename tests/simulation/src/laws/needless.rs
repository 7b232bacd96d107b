//! Law 8: no effect comes twice.

use azimage_simulator::DomainFault;
use jiff::Timestamp;

use super::{Evidence, end::meets, machine::spoils_machine};
use crate::{
    plan::{Act, Fault},
    world::{self, PERSON},
};

/// Repairs of a region that fails, and the write that adds back what a repair took away.
const REPAIRS: usize = 6;
/// How often a version is asked for again that Azure failed to create.
const TRIES: usize = 3;

/// The writes that an object's life needs, whatever restarts: claim, seal, mark, deallocate, generalize and publish, or
/// publish alone, and one for all regions.
fn needed(evidence: &Evidence<'_>, number: u8) -> usize {
    let world = &evidence.plan.world;
    let publish = if world.source_version(number).is_some() { 1 } else { 6 };
    let people = evidence.acts().map(|act| match act {
        // The regions are written anew.
        Act::AddTarget(_) | Act::DeleteTarget(_) => 1,
        // What is written without the region that somebody has added has to be written again.
        Act::AddRegion(it, _) if *it == number => 1,
        // The version and the claim.
        Act::DeleteObject(it) if *it == number => 2,
        // These, and what its targets make of the regions as they go.
        Act::DeleteNamespace => 2 + world.targets.len(),
        Act::AzureFails { fault, .. } => repeated(evidence, fault, number),
        _ => 0,
    });
    publish + usize::from(!world.targets.is_empty()) + people.sum::<usize>()
}

/// The writes to which a fault of Azure's leads: what it undid is asked for again. What Azure failed to make looks the same
/// before another try and after it, so a process that ends meanwhile may have its successor try once more.
fn repeated(evidence: &Evidence<'_>, fault: &DomainFault, number: u8) -> usize {
    if !meets(fault, &world::version(number)) && !meets(fault, &world::machine(number)) {
        return 0;
    }
    let tries = match fault {
        DomainFault::RegionFails { .. } => REPAIRS,
        DomainFault::VersionCreateFails { .. } => TRIES,
        DomainFault::OperationFails { times, .. } | DomainFault::OperationPreempted { times, .. } => {
            times.and_then(|times| usize::try_from(times).ok()).unwrap_or(REPAIRS)
        }
        // What shows late is waited for.
        DomainFault::NotFoundAfterPut { .. } | DomainFault::StaleReads { .. } | DomainFault::RegionStuck { .. } => {
            return 0;
        }
    };
    tries + evidence.ends_of_processes()
}

/// Whether what struck may lead to another write of the same: two arrive for one, or Azure shows what isn't true any more.
fn doubles(fault: Fault) -> bool {
    matches!(fault, Fault::Late(_) | Fault::Duplicate | Fault::Stale | Fault::Answer(404))
}

/// Whether people left the object's work undone, so that it is tried again and again up to a limit.
fn is_spoilt(act: &Act, of: u8) -> bool {
    matches!(act, Act::DeleteVersion(it) | Act::DeleteDefinition(it) if *it == of)
        || matches!(act, Act::DeleteGallery)
        || spoils_machine(act, of)
}

/// Whether a write was on its way for so long that another process, or the same one started anew, asked for the same
/// meanwhile: no process can know of what another one has sent that didn't arrive.
fn outlived(evidence: &Evidence<'_>, id: Option<&str>, arrived: Timestamp) -> bool {
    let Some(at) = evidence.sent.iter().position(|sent| sent.id.is_some() && sent.id.as_deref() == id) else {
        return false;
    };
    let (sent, later) = (&evidence.sent[at], &evidence.sent[at + 1..]);
    later
        .iter()
        .take_while(|other| other.time <= arrived)
        .any(|other| other.call == sent.call && (other.replica, other.life) != (sent.replica, sent.life))
}

/// An object's writes to Azure are no more than its life needs and what struck them explains.
pub(super) fn no_write_is(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        let of = [Some(number), evidence.plan.world.source_version(number)];
        if evidence.acts().any(|act| of.iter().flatten().any(|of| is_spoilt(act, *of))) {
            continue;
        }
        let (machine, version) = (format!("builder-{number}/"), format!("images/{}/", world::object(number)));
        let struck = evidence.struck.iter().filter(|strike| {
            let call = format!("{}/", strike.place.call);
            doubles(strike.fault) && (call.contains(&machine) || call.contains(&version))
        });
        let most = needed(evidence, number) + struck.count();
        // Nor does anybody ask for what Azure is still at work on.
        let puts = evidence.journal.iter().filter(|entry| entry.method == "PUT" && entry.status == Some(409));
        let refused = puts.filter(|entry| {
            entry.path.eq_ignore_ascii_case(&world::version(number)) && entry.principal.as_deref() != Some(PERSON)
        });
        let refused = refused.map(|entry| (entry.client_request_id.as_deref(), entry.simulated_time));
        let effects = evidence.effects_of(number);
        let effects = effects.iter().map(|effect| (Some(effect.id.as_str()), effect.time));
        let writes = effects.chain(refused).filter(|(id, at)| !outlived(evidence, *id, *at)).count();
        if writes > most {
            found.push(format!("{writes} writes for {}, and {most} are enough", world::object(number)));
        }
    }
    found
}

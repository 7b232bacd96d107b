//! What the machines need is made, and then they are.

use std::collections::BTreeMap;

use azimage_crds::ValidationStatus;
use azimage_names::{InterfaceId, SecurityGroupId, SubnetId, values::ImageSecurityType};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{
    super::{
        super::{
            FromVersion, InterfaceRequest, MadeFrom, NewMachineRequest, Provisioning, Request, SecurityGroupRequest,
            Step, StepKey, StepName, TrustedLaunch, ValidationSpec,
            context::{Cx, Presence},
            facts::{self, SecurityRule},
            report::{Decision, Outcome, Report, Stop},
            words::Detail,
        },
        clone::is_closed,
        preflight,
    },
    TWINS, end, is_among, is_anything_left,
    words::{Impossible, Words},
};
use crate::{
    guest::checks::ADMINISTRATOR,
    temporary::{LIFE_OF_A_VALIDATION, Part, Purpose, TemporaryId, Twin, tags},
};

/// How often a part is asked for that Azure fails to make.
const MOST_ATTEMPTS: i32 = 5;

/// Completes "Could not …".
const READING: &str = "read what the machines that prove the version are made of";

/// The largest OS disk that every system can use whose partitions are in a master boot record, in GiB (Azure documentation, "Expand
/// virtual hard disks on a Linux VM").
const LARGEST_DISK_GIB: i64 = 2048;

/// The size of an OS disk on which it shows whether the image's root file system grows: a quarter larger than the image's, and by
/// 4 GiB at least.
fn larger(gib: i64) -> Option<i64> {
    Some(gib.saturating_add((gib / 4).max(4))).filter(|larger| gib > 0 && *larger <= LARGEST_DISK_GIB)
}

/// What a machine is called inside: of Windows at most 15 signs are taken.
pub(super) fn computer_name(twin: Twin) -> String {
    format!("azimage-{twin}")
}

/// A key for SSH of which nobody has the private half: its public half is a digest, so nobody can compute the other one. It isn't
/// chosen by chance, so that asking twice asks for the same machine.
fn key(machine: &str) -> String {
    let point = Sha256::digest(format!("azimage: nobody has the private half of this key\n{machine}"));
    let mut blob = Vec::new();
    for field in [&b"ssh-ed25519"[..], &point] {
        blob.extend(u32::try_from(field.len()).unwrap_or_default().to_be_bytes());
        blob.extend(field);
    }
    format!("ssh-ed25519 {} {ADMINISTRATOR}", STANDARD.encode(blob))
}

/// What machines of such an image start with.
fn trusted_launch(spec: &ValidationSpec, definition: &facts::Definition) -> Option<TrustedLaunch> {
    let kind = definition.security_type.as_deref().map(ImageSecurityType::from)?;
    let has_it = matches!(
        kind,
        ImageSecurityType::TrustedLaunch
            | ImageSecurityType::TrustedLaunchSupported
            | ImageSecurityType::TrustedLaunchAndConfidentialVmSupported
    );
    has_it.then_some(TrustedLaunch { secure_boot: spec.secure_boot, vtpm: true })
}

struct Making<'a> {
    cx: &'a Cx<'a>,
    spec: &'a ValidationSpec,
    version: &'a facts::Version,
    definition: &'a facts::Definition,
    subnet: &'a SubnetId,
}

/// Not both machines are there.
pub(super) fn make(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    (version, definition): (&facts::Version, &facts::Definition),
    found: &[(Twin, &facts::Machine)],
    attempt: &mut ValidationStatus,
    report: &mut Report,
) -> Decision {
    let region = &version.location;
    let Some(subnet) = spec.workspace.subnets.get(region) else {
        return report.stalled(&Impossible::NoSubnet { region: region.clone() });
    };
    if !is_anything_left(cx)
        && let end @ Outcome::Ends(..) = preflight::before_validation(cx, spec, subnet, report)?
    {
        return Ok(end);
    }
    let making = Making { cx, spec, version, definition, subnet };
    let network = [Part::ValidationSecurityGroup].into_iter().chain(TWINS.map(Part::ValidationInterface));
    for part in network {
        if let Some(outcome) = making.ensure(part, attempt, report)? {
            return Ok(outcome);
        }
    }
    match TWINS.into_iter().find(|twin| !is_among(found, *twin)) {
        Some(twin) => making.machine(twin, attempt, report),
        None => Ok(Outcome::Done),
    }
}

impl Making<'_> {
    /// What ends the pass because a part of the network isn't there, if it isn't.
    fn ensure(&self, part: Part, attempt: &mut ValidationStatus, report: &mut Report) -> Result<Option<Outcome>, Stop> {
        let id = self.spec.workspace.id(part)?;
        let key = StepKey::on_part(StepName::that_makes(part), part);
        let found = match self.cx.temporary(&id)?.or_stop(READING)? {
            Presence::Found(found) => found,
            Presence::Missing(_) => return self.act(part, &Words::Network, report).map(Some),
        };
        if !self.cx.validated.owns_tag(&found.tags) {
            return end::gives_up(self.cx, attempt, &Impossible::Taken { id: id.to_string() }, report).map(Some);
        }
        report.temporary.insert(id);
        let group = self.security_group()?.to_string();
        match &found.provisioning {
            Provisioning::Failed | Provisioning::Canceled => self.again(part, &key, attempt, report).map(Some),
            Provisioning::Succeeded if !is_closed(part, found, &group) => {
                self.act(part, &Words::NotClosed, report).map(Some)
            }
            Provisioning::Succeeded => {
                report.finished.insert(key);
                Ok(None)
            }
            _ => {
                report.running = Some(key);
                report.wait(&Words::Network).map(Some)
            }
        }
    }

    fn act(&self, part: Part, words: &Words, report: &mut Report) -> Decision {
        report.act(words, Step::on_part(StepName::that_makes(part), part, self.request(part)?))
    }

    /// Azure failed to make the part.
    fn again(&self, part: Part, key: &StepKey, attempt: &mut ValidationStatus, report: &mut Report) -> Decision {
        let detail = Detail::of(self.cx.why_failed(key.clone(), report)?, None);
        let noun = part.noun();
        if self.cx.history.step(key.clone()).is_some_and(|record| record.attempts >= MOST_ATTEMPTS) {
            return end::gives_up(self.cx, attempt, &Impossible::Part { part: noun, detail }, report);
        }
        let step = Step::on_part(key.name, part, self.request(part)?);
        report.act_again(&Words::PartFailed { part: noun, detail }, step)
    }

    fn machine(&self, twin: Twin, attempt: &mut ValidationStatus, report: &mut Report) -> Decision {
        let part = Part::ValidationMachine(twin);
        let key = StepKey::on_part(StepName::CreateValidationMachine, part);
        let refusals = self.cx.history.memory.capacity_refusals();
        if refusals >= most_refusals(self.spec) {
            let failure = self.cx.history.memory.failure_of(&key).map(|failure| failure.words().to_owned());
            let detail = failure.map_or(Detail::Unknown, |words| Detail::Said { words });
            return end::gives_up(self.cx, attempt, &Impossible::Machine { detail }, report);
        }
        let step = Step::on_part(StepName::CreateValidationMachine, part, self.request(part)?);
        if refusals > 0 {
            return report.act_again(&Words::Machine, step);
        }
        report.act(&Words::Machine, step)
    }

    fn request(&self, part: Part) -> Result<Request, Stop> {
        let location = self.version.location.clone();
        let (validated, history) = (self.cx.validated, self.cx.history);
        let life = LIFE_OF_A_VALIDATION.saturating_add(self.spec.keep_on_failure);
        let users = &self.spec.workspace.tags;
        let tags = tags(&validated.owner.to_string(), Purpose::Validation, (history.now, life), users);
        Ok(match part {
            Part::ValidationInterface(twin) => Request::PutInterface(Box::new(InterfaceRequest {
                id: self.interface(twin)?,
                location,
                tags,
                subnet: self.subnet.clone(),
                security_group: self.security_group()?,
            })),
            Part::ValidationMachine(twin) => self.new_machine(twin, tags)?,
            _ => Request::PutSecurityGroup(Box::new(SecurityGroupRequest {
                id: self.security_group()?,
                location,
                tags,
                rules: SecurityRule::closed(),
            })),
        })
    }

    fn new_machine(&self, twin: Twin, tags: BTreeMap<String, String>) -> Result<Request, Stop> {
        let id = self.spec.machine(twin).clone();
        let from = FromVersion {
            id: self.cx.validated.id.clone(),
            data_disks: self.version.data_disks.clone(),
            os_disk_gib: self.version.size_gib.and_then(larger),
            computer_name: computer_name(twin),
            administrator: ADMINISTRATOR.to_owned(),
            key: key(&id.to_string()),
        };
        Ok(Request::PutMachine(Box::new(NewMachineRequest {
            location: self.version.location.clone(),
            tags,
            size: self.size(twin)?,
            os_type: self.definition.os_type.to_string(),
            made_from: MadeFrom::Version(from),
            interface: self.interface(twin)?,
            security_group: self.security_group()?,
            trusted_launch: trusted_launch(self.spec, self.definition),
            disk_controller: None,
            plan: self.definition.plan.clone(),
            id,
        })))
    }

    /// The size of a machine: both have different ones if there are several; the next one after those that weren't to be had.
    fn size(&self, twin: Twin) -> Result<String, Stop> {
        let told = self.cx.history.status.validation.iter().flat_map(|told| &told.machines);
        let failures: i32 =
            told.filter(|machine| machine.name == twin.to_string()).map(|machine| machine.failures).sum();
        let refused = usize::try_from(self.cx.history.memory.capacity_refusals()).unwrap_or(usize::MAX);
        let first = usize::from(twin == Twin::Second);
        let at = first.saturating_add(usize::try_from(failures).unwrap_or_default()).saturating_add(refused);
        self.spec.sizes.get(at % self.spec.sizes.len().max(1)).cloned().ok_or_else(|| Stop::untold("a size"))
    }

    fn security_group(&self) -> Result<SecurityGroupId, Stop> {
        match self.spec.workspace.id(Part::ValidationSecurityGroup)? {
            TemporaryId::SecurityGroup(id) => Ok(id),
            other => Err(Stop::untold(&format!("another kind of {other}"))),
        }
    }

    fn interface(&self, twin: Twin) -> Result<InterfaceId, Stop> {
        match self.spec.workspace.id(Part::ValidationInterface(twin))? {
            TemporaryId::Interface(id) => Ok(id),
            other => Err(Stop::untold(&format!("another kind of {other}"))),
        }
    }
}

/// How often Azure may refuse a machine for want of capacity or quota, until a person is told.
pub(super) fn most_refusals(spec: &ValidationSpec) -> u32 {
    u32::try_from(spec.sizes.len()).unwrap_or(1).max(1).saturating_mul(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_a_quarter_larger_where_that_may_be() {
        for (gib, expected) in
            [(0, None), (1, Some(5)), (30, Some(37)), (128, Some(160)), (1638, Some(2047)), (1640, None)]
        {
            assert_eq!(larger(gib), expected, "{gib}");
        }
    }

    #[test]
    fn a_key_has_the_form_of_one_and_is_of_one_machine_alone() {
        let (one, other) = (key("/a"), key("/b"));
        let blob = STANDARD.decode(one.split(' ').nth(1).unwrap()).unwrap();
        assert_eq!((blob.len(), &blob[..4], &blob[4..15]), (51, &[0, 0, 0, 11][..], &b"ssh-ed25519"[..]));
        assert_eq!(&blob[15..19], [0, 0, 0, 32]);
        assert!(one != other && one == key("/a"));
    }
}

//! The source fits the image definition: a chain of checks, of which the first that objects holds.
//!
//! The rules are those of Azure Compute Gallery ("Troubleshooting shared image galleries in Azure").

pub(in super::super) mod misfit;

use azimage_crds::ConditionType;
use azimage_names::values::{Architecture, DiskController, HyperVGeneration, SecurityType};
use misfit::Misfit;

use super::super::{
    MarketplacePlan, OsType,
    context::Cx,
    facts,
    report::{Decision, Outcome, Report},
    words::Done,
};

/// A machine fits.
pub(in super::super) fn machine(cx: &Cx<'_>, report: &mut Report) -> Decision {
    if cx.is_cloned()? {
        return report.compatible(Ok(()));
    }
    let (_, machine) = cx.origin_machine()?;
    let traits = SourceTraits {
        os_type: &machine.os_type,
        architecture: None,
        generation: machine.generation.as_deref(),
        security_type: machine.security_type.as_deref(),
        disk_controller: machine.disk_controller.as_deref(),
        plan: machine.plan.as_ref(),
        is_machine: true,
    };
    report.compatible(fits(&traits, cx.definition_found()?))
}

/// A version fits. A copy's security type is what the definition says.
pub(in super::super) fn version(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let of = cx.source_version_found()?.definition;
    if cx.definition_found()?.is_confidential() {
        return report.stalled(&Misfit::Confidential);
    }
    let traits = SourceTraits {
        os_type: &of.os_type,
        architecture: Some(&of.architecture),
        generation: of.generation.as_deref(),
        security_type: None,
        disk_controller: None,
        plan: of.plan.as_ref(),
        is_machine: false,
    };
    let security_agnostic = facts::Definition { security_type: None, ..cx.definition_found()?.clone() };
    copied(&traits, &security_agnostic, report)
}

/// A managed image fits. Azure makes them of x64 systems alone (Azure documentation, "Create a legacy managed image": without
/// support for Arm64), and tells no plan of them.
pub(in super::super) fn image(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (image, definition) = (cx.managed_image_found()?, cx.definition_found()?);
    let unknown = OsType::Other(UNKNOWN_SYSTEM.to_owned());
    let traits = SourceTraits {
        architecture: Some(Architecture::X64.as_str()),
        ..of_disk(image.os_type.as_ref().unwrap_or(&unknown), image.generation.as_deref(), None)
    };
    without_a_machine(&traits, definition, report)
}

/// The disk with the operating system fits. Azure leaves the architecture out of old disks; then it judges itself.
pub(in super::super) fn disks(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (disk, definition) = (cx.os_disk_found()?, cx.definition_found()?);
    let unknown = OsType::Other(UNKNOWN_SYSTEM.to_owned());
    let traits = SourceTraits {
        architecture: disk.architecture.as_deref(),
        ..of_disk(disk.os_type.as_ref().unwrap_or(&unknown), disk.generation.as_deref(), disk.plan.as_ref())
    };
    without_a_machine(&traits, definition, report)
}

/// A system of which Azure tells nothing.
const UNKNOWN_SYSTEM: &str = "an unknown system";

/// What is told without a machine. What gives no generation was made when there was but one.
fn of_disk<'a>(
    os_type: &'a OsType,
    generation: Option<&'a str>,
    plan: Option<&'a MarketplacePlan>,
) -> SourceTraits<'a> {
    SourceTraits {
        os_type,
        architecture: None,
        generation: Some(generation.unwrap_or("V1")),
        security_type: None,
        disk_controller: None,
        plan,
        is_machine: false,
    }
}

/// A source fits of which Azure tells neither a security type that binds nor, often, a plan: those are the definition's.
fn without_a_machine(traits: &SourceTraits<'_>, definition: &facts::Definition, report: &mut Report) -> Decision {
    if definition.is_confidential() {
        return report.stalled(&Misfit::Confidential);
    }
    let plan = traits.plan.and(definition.plan.clone());
    copied(traits, &facts::Definition { security_type: None, plan, ..definition.clone() }, report)
}

/// Whether what is only copied fits.
fn copied(traits: &SourceTraits<'_>, definition: &facts::Definition, report: &mut Report) -> Decision {
    let outcome = report.compatible(fits(traits, definition))?;
    if outcome == Outcome::Done {
        report.not_needed(ConditionType::GuestPrepared);
        report.not_needed(ConditionType::Generalized);
    }
    Ok(outcome)
}

impl Report {
    fn compatible(&mut self, fits: Result<(), Misfit>) -> Decision {
        if let Err(misfit) = fits {
            return self.stalled(&misfit);
        }
        self.done(&Done::Fits);
        Ok(Outcome::Done)
    }
}

/// What of a source has to fit the definition.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct SourceTraits<'a> {
    pub(in super::super) os_type: &'a OsType,
    /// A machine's is told by its disk.
    pub(in super::super) architecture: Option<&'a str>,
    pub(in super::super) generation: Option<&'a str>,
    pub(in super::super) security_type: Option<&'a str>,
    pub(in super::super) disk_controller: Option<&'a str>,
    pub(in super::super) plan: Option<&'a MarketplacePlan>,
    /// A machine, for which stricter rules hold than for an image.
    pub(in super::super) is_machine: bool,
}

/// What may not fit.
type Check = fn(&SourceTraits<'_>, &facts::Definition) -> Option<Misfit>;

/// In this order.
const CHECKS: [Check; 7] = [state, os_type, architecture, generation, security_type, disk_controller, purchase_plan];

/// Whether a source fits the definition: the first check that objects holds.
pub(in super::super) fn fits(source: &SourceTraits<'_>, definition: &facts::Definition) -> Result<(), Misfit> {
    CHECKS.iter().find_map(|check| check(source, definition)).map_or(Ok(()), Err)
}

fn state(_: &SourceTraits<'_>, definition: &facts::Definition) -> Option<Misfit> {
    definition.specialized.then_some(Misfit::Specialized)
}

fn os_type(source: &SourceTraits<'_>, definition: &facts::Definition) -> Option<Misfit> {
    let wanted = &definition.os_type;
    (source.os_type != wanted).then(|| Misfit::OsType { wanted: wanted.clone(), source: source.os_type.clone() })
}

fn architecture(source: &SourceTraits<'_>, definition: &facts::Definition) -> Option<Misfit> {
    other_architecture(&Architecture::from(source.architecture?), definition)
}

fn other_architecture(source: &Architecture, definition: &facts::Definition) -> Option<Misfit> {
    let wanted = Architecture::from(definition.architecture.as_str());
    (*source != wanted).then(|| Misfit::Architecture { wanted: wanted.to_string(), source: source.to_string() })
}

/// The system on a machine's OS disk fits. Whatever isn't known fits nothing.
pub(super) fn system(
    architecture: Option<Architecture>,
    of_generation: Option<&str>,
    definition: &facts::Definition,
    report: &mut Report,
) -> Decision {
    let Some(architecture) = architecture else { return report.stalled(&Misfit::ArchitectureUnknown) };
    // A disk that gives no generation was made when there was but one.
    let oldest = HyperVGeneration::default();
    let misfit = other_architecture(&architecture, definition)
        .or_else(|| other_generation(of_generation.unwrap_or(oldest.as_str()), definition));
    report.compatible(misfit.map_or(Ok(()), Err))
}

fn generation(source: &SourceTraits<'_>, definition: &facts::Definition) -> Option<Misfit> {
    other_generation(source.generation?, definition)
}

fn other_generation(source: &str, definition: &facts::Definition) -> Option<Misfit> {
    // A definition that gives no generation is for V1 (Azure REST: Gallery Images, `hyperVGeneration`).
    let oldest = HyperVGeneration::default();
    let wanted = definition.generation.as_deref().unwrap_or(oldest.as_str());
    let differs = !source.eq_ignore_ascii_case(wanted);
    differs.then(|| Misfit::Generation { wanted: wanted.to_owned(), source: source.to_owned() })
}

fn security_type(source: &SourceTraits<'_>, definition: &facts::Definition) -> Option<Misfit> {
    let standard = SecurityType::default();
    let wanted = definition.security_type.as_deref().unwrap_or(standard.as_str());
    let is = source.security_type.unwrap_or(standard.as_str());
    // A definition for several types takes images, but no machines (packer-plugin-azure issue 304).
    let for_several = wanted.to_ascii_lowercase().ends_with("supported");
    let fits = if for_several { !source.is_machine } else { wanted.eq_ignore_ascii_case(is) };
    let (wanted, source) = (wanted.to_owned(), is.to_owned());
    match (fits, for_several) {
        (true, _) => None,
        (false, true) => Some(Misfit::SecurityTypes { wanted, source }),
        (false, false) => Some(Misfit::SecurityType { wanted, source }),
    }
}

fn disk_controller(source: &SourceTraits<'_>, definition: &facts::Definition) -> Option<Misfit> {
    let controller = source.disk_controller?;
    match &definition.disk_controllers {
        Some(allowed) => {
            let fits = allowed.split(',').any(|one| one.trim().eq_ignore_ascii_case(controller));
            (!fits).then(|| Misfit::DiskController { allowed: allowed.clone(), source: controller.to_owned() })
        }
        None => (DiskController::from(controller) == DiskController::Nvme).then_some(Misfit::Nvme),
    }
}

fn purchase_plan(source: &SourceTraits<'_>, definition: &facts::Definition) -> Option<Misfit> {
    let wanted = definition.plan.as_ref();
    (source.plan != wanted).then(|| Misfit::Plan { wanted: plan(wanted), source: plan(source.plan) })
}

fn plan(plan: Option<&MarketplacePlan>) -> String {
    plan.map_or_else(|| "none".to_owned(), |plan| format!("{}/{}/{}", plan.publisher, plan.product, plan.name))
}

//! Whether a source may be captured, and fits the definition: a chain of checks, of which the first that objects holds.
//!
//! The rules are those of Azure Compute Gallery ("Troubleshooting shared image galleries in Azure"); finding them here
//! costs nothing, finding them after the machine was generalized costs the machine.

use azimage_crds::{CONSENT_TAG, CONSENT_VALUE, Prepare, Reason};
use azimage_deliberate_bugs::bug;

use super::{
    BootDiagnostics, DefinitionObserved, MarketplacePlan, OsType, SourceSpec, Validated, VirtualMachineObserved, tags,
    validate::{Violation, find_tag},
};

/// The largest disk of a full gallery image, in GiB.
const LARGEST_DISK_GIB: i64 = 2048;

/// Whether the machine may be captured at all. Consent and claims matter only as long as the machine is still to be
/// changed: of a generalized one only the content is read.
pub(super) fn source(validated: &Validated, machine: &VirtualMachineObserved) -> Result<(), Violation> {
    let no = |reason, message: String| Err(Violation::new(reason, message));
    if let Some(scale_set) = &machine.scale_set {
        return no(
            Reason::SourceUnsupported,
            format!(
                "The machine belongs to the scale set {scale_set}, which would undo a stop: use a machine of its own"
            ),
        );
    }
    if machine.ephemeral_os_disk {
        return no(
            Reason::SourceUnsupported,
            "The machine's OS disk is ephemeral, and a gallery image can't be made from one: use a machine with a managed disk".into(),
        );
    }
    if machine.unmanaged_os_disk {
        return no(Reason::SourceUnsupported, "The machine's OS disk is not a managed disk: convert it first".into());
    }
    if let Some(storage) = &machine.unsupported_disk {
        return no(
            Reason::SourceUnsupported,
            format!(
                "A disk of the machine has the storage type {storage}, which a gallery image can't be made from: detach it"
            ),
        );
    }
    if let Some(size) = machine.largest_disk_gib.filter(|size| *size > LARGEST_DISK_GIB) {
        return no(
            Reason::SourceUnsupported,
            format!(
                "A disk of the machine has {size} GiB, and a gallery image takes at most {LARGEST_DISK_GIB}: detach it, or use a machine with a smaller one"
            ),
        );
    }
    if machine.generalized {
        return Ok(());
    }
    let to_be_sealed = matches!(validated.source, SourceSpec::VirtualMachine { prepare: Prepare::Deprovision, .. })
        && !(validated.owns_tag(&machine.tags) && tags::sealed(machine));
    if let (true, BootDiagnostics::StorageAccount(account)) = (to_be_sealed, &machine.boot_diagnostics) {
        return no(
            Reason::SourceUnsupported,
            format!(
                "The machine's boot diagnostics go to the storage account {account}, which azimage doesn't read, and the guest has to be heard to say that it is sealed: set them to storage that Azure manages (az vm boot-diagnostics enable without --storage)"
            ),
        );
    }
    if let OsType::Other(system) = &machine.os_type {
        return no(
            Reason::SourceUnsupported,
            format!(
                "The machine runs {system}, and only Linux and Windows guests can be sealed: use such a machine, or generalize this one by other means and say so in a new object with spec.source.virtualMachine.guest.prepare: AlreadyGeneralized"
            ),
        );
    }
    if let Some(claim) = validated.foreign_claim(&machine.tags).filter(|_| !bug!(AcceptForeignClaim)) {
        return no(
            Reason::SourceClaimed,
            format!(
                "The machine is claimed by {claim} (cluster/namespace/name/uid in its tag azimage-owner): wait for that object, or remove the tag if it is gone"
            ),
        );
    }
    if find_tag(&machine.tags, CONSENT_TAG) != Some(CONSENT_VALUE) && !bug!(GeneralizeWithoutConsent) {
        return no(
            Reason::ConsentMissing,
            format!(
                "The machine doesn't consent to being generalized, after which it can never start again: set its tag {CONSENT_TAG} to {CONSENT_VALUE}"
            ),
        );
    }
    Ok(())
}

/// Whether a source fits the definition.
pub(super) fn compatible(source: &Traits<'_>, definition: &DefinitionObserved) -> Result<(), Violation> {
    let no = |reason, message: String| Err(Violation::new(reason, message));
    if definition.specialized {
        return no(
            Reason::DefinitionSpecialized,
            "spec.definition: the image definition is for specialized images; use one with osState Generalized".into(),
        );
    }
    if source.os_type != &definition.os_type {
        return no(
            Reason::OsTypeMismatch,
            format!(
                "spec.definition: it is for {}, and the source is {}; use a definition for that",
                definition.os_type, source.os_type
            ),
        );
    }
    // A definition that gives no generation is for V1 (Azure REST: Gallery Images, `hyperVGeneration`).
    let wanted = definition.generation.as_deref().unwrap_or("V1");
    if let Some(generation) = source.generation.filter(|generation| !generation.eq_ignore_ascii_case(wanted)) {
        return no(
            Reason::GenerationMismatch,
            format!(
                "spec.definition: it is for Hyper-V generation {wanted}, and the source is {generation}; use a definition for that"
            ),
        );
    }
    security(source, definition)?;
    if let (Some(controller), Some(allowed)) = (source.disk_controller, &definition.disk_controllers) {
        if !allowed.split(',').any(|one| one.trim().eq_ignore_ascii_case(controller)) {
            return no(
                Reason::DiskControllerMismatch,
                format!(
                    "spec.definition: it allows the disk controllers {allowed}, and the source uses {controller}; use a definition whose feature DiskControllerTypes names that"
                ),
            );
        }
    } else if source.disk_controller.is_some_and(|controller| controller.eq_ignore_ascii_case("NVMe")) {
        return no(
            Reason::DiskControllerMismatch,
            "spec.definition: the source uses NVMe; use a definition whose feature DiskControllerTypes names that"
                .into(),
        );
    }
    if source.plan != definition.plan.as_ref() {
        return no(
            Reason::PurchasePlanMismatch,
            format!(
                "spec.definition: its purchase plan is {}, and the source's is {}; use a definition with the source's",
                plan(definition.plan.as_ref()),
                plan(source.plan)
            ),
        );
    }
    Ok(())
}

/// What of a source has to fit the definition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits<'a> {
    pub(super) os_type: &'a OsType,
    pub(super) generation: Option<&'a str>,
    pub(super) security_type: Option<&'a str>,
    pub(super) disk_controller: Option<&'a str>,
    pub(super) plan: Option<&'a MarketplacePlan>,
    /// A machine, for which stricter rules hold than for an image.
    pub(super) is_machine: bool,
}

fn security(source: &Traits<'_>, definition: &DefinitionObserved) -> Result<(), Violation> {
    let wanted = definition.security_type.as_deref().unwrap_or("Standard");
    let is = source.security_type.unwrap_or("Standard");
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    // A definition for several types takes images, but no machines (packer-plugin-azure issue 304).
    let for_several = wanted.to_ascii_lowercase().ends_with("supported");
    let fits = if for_several { !source.is_machine } else { same(wanted, is) };
    if fits {
        return Ok(());
    }
    let hint = if for_several {
        format!("Azure takes no virtual machine as source for it: use a definition with SecurityType {is}")
    } else {
        format!("use a definition with SecurityType {is}")
    };
    Err(Violation::new(
        Reason::SecurityTypeMismatch,
        format!("spec.definition: its SecurityType is {wanted}, and the source's is {is}; {hint}"),
    ))
}

fn plan(plan: Option<&MarketplacePlan>) -> String {
    plan.map_or_else(|| "none".to_owned(), |plan| format!("{}/{}/{}", plan.publisher, plan.product, plan.name))
}

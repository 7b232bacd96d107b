//! The source fits the image definition: a chain of checks, of which the first that objects holds.
//!
//! The rules are those of Azure Compute Gallery ("Troubleshooting shared image galleries in Azure").

use azimage_crds::{ConditionType, Reason};
use azimage_names::values::{DiskController, HyperVGeneration, SecurityType};

use super::super::{
    DefinitionObserved, MarketplacePlan, OsType,
    context::Cx,
    report::{Decision, Outcome, Report},
    validate::Violation,
};

/// A machine fits.
pub(in super::super) fn machine(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (_, machine) = cx.source_machine()?;
    let traits = Traits {
        os_type: &machine.os_type,
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
    let traits = Traits {
        os_type: &of.os_type,
        generation: of.generation.as_deref(),
        security_type: None,
        disk_controller: None,
        plan: of.plan.as_ref(),
        is_machine: false,
    };
    let security_agnostic = DefinitionObserved { security_type: None, ..cx.definition_found()?.clone() };
    let outcome = report.compatible(fits(&traits, &security_agnostic))?;
    if outcome == Outcome::Done {
        report.not_needed(ConditionType::GuestPrepared);
        report.not_needed(ConditionType::Generalized);
    }
    Ok(outcome)
}

impl Report {
    fn compatible(&mut self, fits: Result<(), Violation>) -> Decision {
        if let Err(Violation { reason, message }) = fits {
            return self.stalled(ConditionType::Compatible, reason, message);
        }
        self.done(ConditionType::Compatible, "The source fits the image definition");
        Ok(Outcome::Done)
    }
}

/// Whether a source fits the definition.
pub(in super::super) fn fits(source: &Traits<'_>, definition: &DefinitionObserved) -> Result<(), Violation> {
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
    let oldest = HyperVGeneration::default();
    let wanted = definition.generation.as_deref().unwrap_or(oldest.as_str());
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
    } else if source.disk_controller.is_some_and(|controller| DiskController::from(controller) == DiskController::Nvme)
    {
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
pub(in super::super) struct Traits<'a> {
    pub(in super::super) os_type: &'a OsType,
    pub(in super::super) generation: Option<&'a str>,
    pub(in super::super) security_type: Option<&'a str>,
    pub(in super::super) disk_controller: Option<&'a str>,
    pub(in super::super) plan: Option<&'a MarketplacePlan>,
    /// A machine, for which stricter rules hold than for an image.
    pub(in super::super) is_machine: bool,
}

fn security(source: &Traits<'_>, definition: &DefinitionObserved) -> Result<(), Violation> {
    let standard = SecurityType::default();
    let wanted = definition.security_type.as_deref().unwrap_or(standard.as_str());
    let is = source.security_type.unwrap_or(standard.as_str());
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

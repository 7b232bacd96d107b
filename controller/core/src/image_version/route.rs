//! The ways to a version, and from it: which stage comes after which. A stage is looked at when all before it are done.

use azimage_crds::ConditionType;

use super::{
    SourceSpec, StepName,
    context::Cx,
    report::{Decision, Report},
    stage::{
        approved, claim, clean, clone, compatible, definition, delete, delete_source, disks, generalize, guest, keep,
        publish, replicate, source, source_disks, source_image, source_version, validate,
    },
};

/// One thing that has to be so before the next one matters.
#[derive(Debug)]
pub(super) struct Stage {
    /// What it is about.
    pub(super) name: &'static str,
    /// The condition that tells of it.
    pub(super) condition: ConditionType,
    /// The steps that it takes.
    pub(super) steps: &'static [StepName],
    /// Whether it is done, or else what is to be done or waited for.
    pub(super) decide: fn(&Cx<'_>, &mut Report) -> Decision,
}

const fn stage(
    name: &'static str,
    condition: ConditionType,
    steps: &'static [StepName],
    decide: fn(&Cx<'_>, &mut Report) -> Decision,
) -> Stage {
    Stage { name, condition, steps, decide }
}

use ConditionType as On;
use StepName as By;

static DEFINITION: Stage = stage("definition", On::Compatible, &[], definition::decide);
static SOURCE: Stage = stage("source", On::SourceReady, &[], source::decide);
static APPROVED: Stage = stage("approved", On::SourceReady, &[], approved::decide);
static SOURCE_VERSION: Stage = stage("source version", On::SourceReady, &[], source_version::decide);
static SOURCE_IMAGE: Stage = stage("source image", On::SourceReady, &[], source_image::decide);
static SOURCE_DISKS: Stage = stage("source disks", On::SourceReady, &[], source_disks::decide);
static COMPATIBLE: Stage = stage("compatible", On::Compatible, &[], compatible::machine);
static COMPATIBLE_VERSION: Stage = stage("compatible version", On::Compatible, &[], compatible::version);
static COMPATIBLE_IMAGE: Stage = stage("compatible image", On::Compatible, &[], compatible::image);
static COMPATIBLE_DISKS: Stage = stage("compatible disks", On::Compatible, &[], compatible::disks);
static DISKS: Stage = stage("disks", On::SourceReady, &[], disks::decide);
static CLAIM: Stage = stage("claim", On::SourceReady, &[By::ClaimSource], claim::decide);
static GUEST: Stage = stage(
    "guest",
    On::GuestPrepared,
    &[By::ClaimSource, By::ForgetLastSeal, By::Seal, By::ForgetSeal, By::MarkSealed],
    guest::decide,
);
static KEEP: Stage = stage("keep", On::GuestPrepared, &[By::KeepDisk, By::DeleteTemporary], keep::decide);
static CLONE_IT: Stage = stage(
    "clone",
    On::GuestPrepared,
    &[
        By::CreateSnapshot,
        By::CreateRestorePointCollection,
        By::CreateRestorePoint,
        By::CreateDisk,
        By::CreateSecurityGroup,
        By::CreateInterface,
        By::CreateMachine,
    ],
    clone::decide,
);
static CLEAN: Stage = stage("clean", On::CleanedUp, clean::STEPS, clean::decide);
static SOURCE_GONE: Stage = stage("source gone", On::CleanedUp, &[By::DeleteSource], delete_source::decide);
static VALIDATION_GONE: Stage = stage("validation gone", On::CleanedUp, clean::STEPS, clean::before_deletion);
static TEMPORARY_GONE: Stage = stage("temporary gone", On::CleanedUp, clean::STEPS, clean::before_release);
static DEALLOCATE: Stage = stage("deallocate", On::Generalized, &[By::Deallocate], generalize::deallocate);
static GENERALIZE: Stage = stage("generalize", On::Generalized, &[By::Generalize], generalize::generalize);
static PUBLISH: Stage = stage("publish", On::Published, &[By::Publish], publish::decide);
static REPLICATE: Stage = stage("replicate", On::Replicated, &[By::Update, By::Repair], replicate::decide);
pub(super) static VALIDATE: Stage = stage("validate", On::Validated, validate::STEPS, validate::decide);
static VERSION_GONE: Stage = stage("version gone", On::Published, &[By::Delete], delete::version_gone);
static RELEASE: Stage = stage("release", On::SourceReady, &[By::ForgetSeal, By::ReleaseSource], delete::release);

/// From a virtual machine that is captured in place.
static IN_PLACE: [&Stage; 14] = [
    &DEFINITION,
    &SOURCE,
    &APPROVED,
    &COMPATIBLE,
    &DISKS,
    &CLAIM,
    &KEEP,
    &GUEST,
    &DEALLOCATE,
    &GENERALIZE,
    &PUBLISH,
    &CLEAN,
    &SOURCE_GONE,
    &REPLICATE,
];

/// From a copy of a virtual machine.
static CLONE: [&Stage; 12] = [
    &DEFINITION,
    &SOURCE,
    &APPROVED,
    &COMPATIBLE,
    &DISKS,
    &CLONE_IT,
    &GUEST,
    &DEALLOCATE,
    &GENERALIZE,
    &PUBLISH,
    &CLEAN,
    &REPLICATE,
];

/// From another version.
static COPY: [&Stage; 7] = [&DEFINITION, &SOURCE_VERSION, &APPROVED, &COMPATIBLE_VERSION, &PUBLISH, &CLEAN, &REPLICATE];

/// From a managed image.
static IMAGE: [&Stage; 7] = [&DEFINITION, &SOURCE_IMAGE, &APPROVED, &COMPATIBLE_IMAGE, &PUBLISH, &CLEAN, &REPLICATE];

/// From disks or snapshots.
static FROM_DISKS: [&Stage; 7] =
    [&DEFINITION, &SOURCE_DISKS, &APPROVED, &COMPATIBLE_DISKS, &PUBLISH, &CLEAN, &REPLICATE];

/// An object that goes.
pub(super) static DELETE: [&Stage; 4] = [&VALIDATION_GONE, &VERSION_GONE, &TEMPORARY_GONE, &RELEASE];

/// The way to a version from such a source.
pub(super) fn of(source: &SourceSpec) -> &'static [&'static Stage] {
    match source {
        SourceSpec::VirtualMachine { clone: Some(_), .. } => &CLONE,
        SourceSpec::VirtualMachine { clone: None, .. } => &IN_PLACE,
        SourceSpec::ImageVersion { .. } => &COPY,
        SourceSpec::ManagedImage { .. } => &IMAGE,
        SourceSpec::Disks { .. } => &FROM_DISKS,
    }
}

/// The stages that a version which exists has behind it, and those from the one that makes it.
pub(super) fn split_where_it_is_made<'a>(route: &'a [&'a Stage]) -> (&'a [&'a Stage], &'a [&'a Stage]) {
    let made = route.iter().position(|stage| stage.steps.contains(&StepName::Publish)).unwrap_or(route.len());
    route.split_at(made)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fmt::Write as _};

    use strum::IntoEnumIterator as _;

    use super::*;

    const ROUTES: [(&str, &[&Stage]); 7] = [
        ("a copy of a machine", &CLONE),
        ("a machine in place", &IN_PLACE),
        ("another version", &COPY),
        ("a managed image", &IMAGE),
        ("disks", &FROM_DISKS),
        ("a version that exists, beside all that", &[&VALIDATE]),
        ("a deletion", &DELETE),
    ];

    /// The routes as the page shows them.
    fn print() -> String {
        let mut page = String::new();
        for (name, route) in ROUTES {
            let stages: Vec<&str> = route.iter().map(|stage| stage.name).collect();
            writeln!(page, "{name}: {}", stages.join(" → ")).unwrap();
        }
        let mut seen = BTreeSet::new();
        for stage in ROUTES.iter().flat_map(|(_, route)| *route).filter(|stage| seen.insert(stage.name)) {
            let steps: Vec<String> = stage.steps.iter().map(ToString::to_string).collect();
            let steps = if steps.is_empty() { "-".to_owned() } else { steps.join(", ") };
            writeln!(page, "{:<20}{:<16}{steps}", stage.name, stage.condition.as_str()).unwrap();
        }
        page
    }

    #[test]
    fn the_design_page_shows_the_routes() {
        let page = include_str!("../../../../docs/design.md");
        assert!(page.contains(&print()), "docs/design.md has to show:\n{}", print());
    }

    #[test]
    fn each_step_is_of_a_stage_and_a_route_makes_its_version_once() {
        for step in StepName::iter() {
            let of = |stage: &&&Stage| stage.steps.contains(&step);
            assert!(ROUTES.iter().flat_map(|(_, route)| *route).any(|stage| of(&stage)), "{step}");
        }
        for route in [&IN_PLACE[..], &CLONE, &COPY, &IMAGE, &FROM_DISKS] {
            let (behind, ahead) = split_where_it_is_made(route);
            let after = if behind.iter().any(|stage| stage.name == CLAIM.name) { 4 } else { 3 };
            assert_eq!(
                (behind.len() + after, ahead.len()),
                (route.len(), after),
                "publish, clean, source gone, replicate"
            );
        }
    }
}

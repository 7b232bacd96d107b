//! The laws, for every combination of what is asked for, remembered and observed.

use std::collections::BTreeSet;

use azimage_crds::{CONSENT_TAG, Deletion, OWNER_TAG, Prepare, STEP_TAG, VALIDATED_TAG};
use azimage_names::Region;
use proptest::prelude::*;

use super::{
    super::{
        stage::replicate::{self, compare, latest::Latest, regions},
        *,
    },
    fixtures::version_id,
    generated::{Noise, scenes},
    observations::versions,
    scene::*,
    told::*,
};
use crate::{merge::Merged, promotion::Passed};

/// Whether a version passed its validation, as a pass over the scene sees it.
fn passed(scene: &Scene, version: &facts::Version) -> Passed {
    let is_ours = scene.validated().owns_tag(&version.tags);
    crate::promotion::passed(&scene.status, is_ours, &version.tags)
}

fn was_in(version: &facts::Version, region: &Region) -> bool {
    version.targets.iter().any(|is| is.region == *region && is.exclude_from_latest == Some(false))
}

fn found<T>(reading: &Told<T>) -> Option<&T> {
    match reading {
        Told::Found(found) => Some(found),
        _ => None,
    }
}

/// Whether the console says that the guest isn't sealed any more. Of a machine without boot diagnostics there is none to read.
fn started_since(scene: &Scene) -> bool {
    let is_recorded =
        found(&scene.observed.virtual_machine).is_some_and(|machine| machine.boot_diagnostics != BootDiagnostics::Off);
    is_recorded
        && matches!(scene.observed.console, Told::Found(facts::Console::StartedSince | facts::Console::Failed(_)))
}

fn prepare(validated: &Validated) -> Option<Prepare> {
    match &validated.source {
        SourceSpec::VirtualMachine { prepare, .. } => Some(*prepare),
        SourceSpec::ImageVersion { .. } | SourceSpec::ManagedImage { .. } | SourceSpec::Disks { .. } => None,
    }
}

fn merged(scene: &Scene, version: &facts::Version) -> Merged {
    replicate::merged(
        &scene.validated(),
        &scene.history(),
        &version.location,
        &regions::in_azure(version),
        &refusals::Refusals::default(),
    )
}

fn write_of_version(step: &Step) -> Option<&VersionRequest> {
    match step {
        Step { request: Request::PutVersion(request), .. } => Some(request),
        _ => None,
    }
}

fn names(request: &VersionRequest) -> BTreeSet<&Region> {
    request.targets.iter().map(|target| &target.region).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_machine_is_touched_only_with_consent_and_only_by_the_owner_of_its_claim(scene in scenes()) {
        let validated = scene.validated();
        let Some(step) = scene.plan().step else { return Ok(()) };
        let touches = matches!(
            step.name,
            StepName::ClaimSource | StepName::Seal | StepName::ForgetSeal | StepName::ForgetLastSeal | StepName::MarkSealed | StepName::Deallocate
                | StepName::Generalize
        );
        if touches {
            let machine = found(&scene.observed.virtual_machine).unwrap();
            // Of a machine of ours the run command goes with the object, whatever became of the consent.
            prop_assert!(
                validated.deleting || crate::owner::find_tag(&machine.tags, CONSENT_TAG) == Some("allowed"), "no consent"
            );
            prop_assert_eq!(validated.foreign_claim(&machine.tags), None);
            prop_assert!(!machine.generalized);
            // What is claimed already is claimed again only for another attempt at the seal: when somebody asks for it, when
            // the guest was busy, when the nonce is gone, or when nobody records what it says.
            let claims = matches!(step.name, StepName::ClaimSource);
            let busy = found(&scene.observed.seal).is_some_and(|seal| matches!(seal.exit_code, Some(14 | 16)));
            let again = machine.boot_diagnostics == BootDiagnostics::Off
                || stage::guest::nonce(&validated, machine).is_none()
                || validated.requested
                || stage::guest::newer_claim(&validated, &scene.history(), machine)
                || busy;
            prop_assert!((claims && again) || validated.owns_tag(&machine.tags) != claims);
            let tidies = validated.deleting && matches!(step.name, StepName::ForgetSeal);
            prop_assert!(tidies || (!validated.deleting && !validated.suspended));
        }
        if step.name == StepName::ReleaseSource {
            prop_assert!(validated.deleting);
            prop_assert!(validated.owns_tag(&found(&scene.observed.virtual_machine).unwrap().tags));
        }
    }

    #[test]
    fn who_has_no_identity_asks_azure_nothing(scene in scenes()) {
        let validated = scene.validated();
        let asks = match next(&validated, &scene.history(), &Facts::default()) {
            Next::Read(read) if !matches!(read, Read::Namespace(_)) => Some(read),
            _ => None,
        };
        prop_assert!(validated.identity.is_some() || asks.is_none(), "{:?}", asks);
    }

    #[test]
    fn a_machine_is_generalized_only_when_it_is_off_and_its_guest_is_known_to_be_sealed(scene in scenes()) {
        let validated = scene.validated();
        let Some(step) = scene.plan().step else { return Ok(()) };
        let machine = found(&scene.observed.virtual_machine);
        let marked = |machine: &facts::Machine| {
            crate::owner::find_tag(&machine.tags, STEP_TAG) == Some("sealed") && validated.owns_tag(&machine.tags)
        };
        let by_word = prepare(&validated) == Some(Prepare::AlreadyGeneralized);
        match step.name {
            StepName::Generalize => {
                let machine = machine.unwrap();
                prop_assert_eq!(&machine.power, &Power::Deallocated);
                prop_assert!(by_word || marked(machine));
                prop_assert!(by_word || !started_since(&scene), "the console was heard");
            }
            StepName::Deallocate => {
                let machine = machine.unwrap();
                // Windows says that it is sealed while it runs.
                let runs = machine.os_type == OsType::Windows && machine.power == Power::Running && !by_word;
                prop_assert!(machine.power == Power::Stopped || runs);
                prop_assert!(by_word || marked(machine));
                prop_assert!(by_word || !started_since(&scene), "the console was heard");
            }
            StepName::MarkSealed => {
                let machine = machine.unwrap();
                let heard = found(&scene.observed.console) == Some(&facts::Console::Sealed);
                let told = found(&scene.observed.seal).is_some_and(|seal| {
                    seal.said == facts::Console::Sealed
                        && seal.is_started()
                        && seal.nonce.as_deref() == stage::guest::nonce(&validated, machine)
                });
                let windows = machine.os_type == OsType::Windows;
                let off = matches!(machine.power, Power::Stopped | Power::Deallocated);
                prop_assert!((off && heard) || (windows && machine.power == Power::Running && told));
                prop_assert!(stage::guest::nonce(&validated, machine).is_some());
                prop_assert!(!by_word);
            }
            StepName::Seal | StepName::ForgetSeal | StepName::ForgetLastSeal => {
                prop_assert_eq!(&machine.unwrap().power, &Power::Running);
                prop_assert!(!by_word);
            }
            StepName::Publish if prepare(&validated) == Some(Prepare::Deprovision) => {
                let exists = found(&scene.observed.version).is_some();
                prop_assert!(exists || machine.is_some_and(|machine| machine.generalized && marked(machine)));
            }
            _ => {}
        }
    }

    #[test]
    fn a_machine_made_anew_after_it_was_claimed_is_never_touched(scene in scenes()) {
        let known = scene.status.source.as_ref().and_then(|source| source.virtual_machine_uid.clone());
        let Some(machine) = found(&scene.observed.virtual_machine) else { return Ok(()) };
        let claimed = scene.history().begun(StepName::ClaimSource) && scene.validated().owns_tag(&machine.tags);
        let version_exists = found(&scene.observed.version).is_some();
        if claimed && known.is_some_and(|known| known != machine.uid) && !version_exists && !scene.validated().deleting {
            let from_machine = prepare(&scene.validated()).is_some();
            prop_assert!(!from_machine || scene.plan().step.is_none());
        }
    }

    #[test]
    fn a_suspended_object_and_one_that_goes_and_retains_do_nothing(scene in scenes()) {
        let validated = scene.validated();
        let plan = scene.plan();
        if validated.deleting && validated.deletion == Deletion::Retain {
            // Its claim and its seal are its own, and go with it.
            prop_assert!(matches!(plan.step.map(|step| step.name), None | Some(StepName::ForgetSeal | StepName::ReleaseSource)));
            prop_assert!(plan.requeue == Requeue::Release || stage::delete::may_hold_a_machine(&scene.status, &validated.owner.uid, &validated.source));
        } else if validated.suspended && !validated.deleting {
            prop_assert_eq!(plan.step, None);
            prop_assert_eq!(plan.requeue, Requeue::Never);
        } else {
            prop_assert_ne!(plan.requeue, Requeue::Never, "something has to bring the object back");
            prop_assert!(validated.deleting || plan.requeue != Requeue::Release);
        }
    }

    #[test]
    fn a_version_is_made_only_where_none_is_or_ours_failed_and_changed_only_if_it_is_ours(scene in scenes()) {
        let validated = scene.validated();
        let Some(step) = scene.plan().step else { return Ok(()) };
        match (step.name, &scene.observed.version) {
            (StepName::Publish, Told::Missing(_) | Told::NotYet) => prop_assert!(!scene.history().was_published()),
            (StepName::Publish, Told::Found(version)) => {
                prop_assert!(validated.owns_tag(&version.tags));
                prop_assert!(version.provisioning.has_failed());
            }
            (StepName::Update | StepName::Repair, Told::Found(version)) => {
                prop_assert!(validated.owns_tag(&version.tags));
                prop_assert!(version.provisioning.is_final(), "Azure is at work: {:?}", version.provisioning);
            }
            (StepName::Delete, Told::Found(version)) => {
                prop_assert!(validated.owns_tag(&version.tags));
                prop_assert!(validated.deleting && validated.deletion == Deletion::Delete);
            }
            (StepName::Publish | StepName::Update | StepName::Repair | StepName::Delete, version) => {
                prop_assert!(false, "{:?} for {:?}", step, version);
            }
            _ => {}
        }
    }

    #[test]
    fn a_write_of_a_version_is_whole_and_keeps_what_is_not_ours(scene in scenes()) {
        let validated = scene.validated();
        let Some(step) = scene.plan().step else { return Ok(()) };
        let Some(request) = write_of_version(&step) else { return Ok(()) };
        prop_assert_eq!(&request.targets[0].region, &request.location, "the home region is first");
        prop_assert_eq!(names(request).len(), request.targets.len(), "no region is there twice");
        prop_assert!(validated.owns_tag(&request.tags));
        let Told::Found(version) = &scene.observed.version else {
            prop_assert_eq!(request.targets.len(), 1);
            prop_assert!(request.targets[0].exclude_from_latest, "it is born out of latest");
            return Ok(());
        };
        let merged = merged(&scene, version);
        prop_assert_eq!(&request.location, &version.location);
        prop_assert_eq!(&request.preserved, &version.preserved);
        prop_assert!(request.exclude_from_latest, "a region without a flag of its own is out of latest");
        let passed = passed(&scene, version);
        let goes = |name: &str| name == OWNER_TAG || name == VALIDATED_TAG && passed == Passed::Failed;
        for (name, value) in version.tags.iter().filter(|(name, _)| !goes(name)) {
            prop_assert!(validated.publish.tags.contains_key(name) || request.tags.get(name) == Some(value));
        }
        for is in &version.targets {
            let kept = request.targets.iter().find(|target| target.region == is.region);
            if merged.foreign.contains(&is.region) {
                let kept = kept.unwrap();
                prop_assert_eq!(kept.replicas, is.replicas);
                prop_assert_eq!(&kept.storage_account_type, &is.storage_account_type);
            }
            if let Some(kept) = kept {
                prop_assert_eq!(&kept.preserved, &is.preserved);
            }
        }
        for target in &request.targets {
            // What another azimage has promoted stays so while it is taken over.
            let was_promoted = !validated.owns_tag(&version.tags) && version.tags.contains_key(VALIDATED_TAG);
            let may_be = passed.is_passed() || was_promoted && was_in(version, &target.region);
            prop_assert!(target.exclude_from_latest || may_be, "{} would be latest", target.region);
        }
    }

    #[test]
    fn a_region_is_dropped_only_if_it_is_given_up_or_if_it_failed_and_is_repaired(scene in scenes()) {
        let Some(step) = scene.plan().step else { return Ok(()) };
        let (Some(request), Told::Found(version)) = (write_of_version(&step), &scene.observed.version) else {
            return Ok(());
        };
        let merged = merged(&scene, version);
        let kept = names(request);
        let dropped: Vec<&Region> =
            version.targets.iter().map(|target| &target.region).filter(|at| !kept.contains(at)).collect();
        for at in dropped {
            let failed =
                version.replication.get(at).is_some_and(|says| says.state == RegionReplication::Failed);
            let repaired = matches!(step.name, StepName::Repair) && failed && *at != version.location;
            prop_assert!(merged.removed.contains(at) || repaired, "{} was dropped", at);
        }
        for at in kept {
            let known = merged.wanted.contains_key(at) || merged.foreign.contains(at);
            prop_assert!(known, "{} was added, and nobody asked for it", at);
        }
    }

    #[test]
    fn every_pass_gives_a_status_that_is_well_formed_and_is_written_once(scene in scenes()) {
        let plan = scene.plan();
        let status = checked_status(&scene.status, &plan.report);
        prop_assert!(status.conditions.len() <= 16 && status.steps.len() <= 16 && status.regions.len() <= 128);
        let known: BTreeSet<&str> = status.regions.iter().map(|region| region.name.as_str()).collect();
        prop_assert_eq!(known.len(), status.regions.len(), "a region is there twice");
        for region in &status.regions {
            prop_assert!((0..=100).contains(&region.progress));
        }
        if let Some(operation) = &status.operation {
            prop_assert!(status.steps.iter().any(|step| step.name == operation.name));
        }
        let waits = plan.requeue == Requeue::Poll || plan.requeue == Requeue::Retry;
        prop_assert!(plan.step.is_none() || waits, "after a step somebody has to look");
        if let crate::Progress::Settled { .. } = plan.report.progress {
            prop_assert_eq!(plan.step, None);
            prop_assert_eq!(plan.requeue, Requeue::Resync);
        }
    }

    #[test]
    fn a_version_is_settled_only_when_each_region_that_is_wanted_says_so(scene in scenes()) {
        let crate::Progress::Settled { .. } = scene.plan().report.progress else { return Ok(()) };
        let (_, facts) = scene.pass();
        let id = version_id();
        let Some(version) = facts.versions.found(&id).or_else(|| facts.still_at_rest(&id)) else {
            panic!("settled without a version")
        };
        prop_assert_eq!(&version.provisioning, &Provisioning::Succeeded);
        prop_assert!(version.exclude_from_latest);
        let is_in = |target: &facts::TargetRegion| target.exclude_from_latest == Some(false);
        prop_assert!(passed(&scene, version).is_passed() || !version.targets.iter().any(is_in));
        for at in merged(&scene, version).wanted.keys() {
            let says = version.replication.get(at).map(|says| &says.state);
            prop_assert_eq!(says, Some(&RegionReplication::Completed), "{}", at);
            prop_assert!(version.targets.iter().any(|target| target.region == *at));
        }
    }

    #[test]
    fn a_version_that_is_what_was_asked_for_has_no_differences(
        scene in scenes(), version in versions(Noise(0.3)), fill in any::<bool>(), turn in 0..4usize,
    ) {
        let validated = scene.validated();
        let merged = merged(&scene, &version);
        let latest = Latest::of(&validated, &scene.status, &version, super::fixtures::now());
        let request = compare::update(&validated, &version, &merged, None, &latest, super::fixtures::now());
        let mut answer = super::azure::as_answered(&request, fill);
        let length = answer.targets.len();
        answer.targets.rotate_left(turn % length);
        prop_assert_eq!(compare::differences(&answer, &request), vec![]);
        // And what is asked for then is the same again.
        let again = compare::update(&validated, &answer, &merged, None, &latest, super::fixtures::now());
        prop_assert_eq!(compare::differences(&answer, &again), vec![]);
    }

    #[test]
    fn a_step_is_one_of_the_stage_at_which_the_pass_ended(scene in scenes()) {
        let plan = scene.plan();
        let (Some(step), Some(stage)) = (plan.step, plan.report.stage) else { return Ok(()) };
        let validated = scene.validated();
        let route = if validated.deleting { &route::DELETE[..] } else { route::of(&validated.source) };
        let of = route.iter().find(|known| known.name == stage).unwrap();
        prop_assert!(of.steps.contains(&step.name), "{} of {}", step.name, stage);
    }

    #[test]
    fn what_a_step_changes_is_read_and_is_what_is_read_again_if_it_was_forgotten(scene in scenes()) {
        let (plan, facts) = scene.pass();
        let Some(step) = plan.step else { return Ok(()) };
        for changed in step.changes() {
            let mut without = facts.clone();
            without.forget(&changed);
            let again = next(&scene.validated(), &scene.history(), &without);
            prop_assert_eq!(again, Next::Read(changed), "{:?}", step);
        }
    }
}

//! A version that doesn't exist yet: what is read and what can't be.

use azimage_names::Obstacle;
use serde_json::json;

use super::{super::*, fixtures::*, scene::*, told::*};
use crate::Failure;

const BUSY: &str = "- Unknown/SourceBusy SourceReady=SourceBusy Poll";
const CLAIM: &str = "ClaimSource Unknown/Progressing SourceReady=Progressing Poll";
const SEAL: &str = "Seal Unknown/Sealing GuestPrepared=Sealing Poll";
const PUBLISH: &str = "Publish Unknown/Publishing Published=Publishing Poll";

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn rows() -> Vec<Row> {
    let plain = || scene(&json!({}));
    let copy = || scene(&from_image_version());
    let failing = || Told::Failed(Failure::Unavailable("no answer".into()));
    let known = |uid: &str| {
        let mut status = steps(&[(StepName::ClaimSource, 1, true)]);
        status.source = Some(azimage_crds::SourceStatus {
            virtual_machine_uid: Some(uid.into()),
            ..azimage_crds::SourceStatus::default()
        });
        status
    };
    vec![
        row(
            "the agent doesn't report",
            plain().machine(facts::Machine { agent_ready: false, ..machine() }),
            "- False/AgentNotReady SourceReady=AgentNotReady Poll",
        ),
        row(
            "the agent of a claimed machine doesn't report",
            plain().machine(facts::Machine { agent_ready: false, ..machine().claimed() }),
            "- False/AgentNotReady SourceReady=AgentNotReady Poll",
        ),
        row(
            "the machine is being changed",
            plain().machine(facts::Machine { provisioning: Provisioning::Updating, ..machine() }),
            BUSY,
        ),
        row(
            "the machine is in a state that nobody knows",
            plain().machine(facts::Machine { provisioning: Provisioning::Other("Levitating".into()), ..machine() }),
            BUSY,
        ),
        row(
            "the machine is being moved by the platform",
            plain().machine(facts::Machine { provisioning: Provisioning::Migrating, ..machine() }),
            BUSY,
        ),
        row(
            "the last change of the machine was canceled",
            plain().machine(facts::Machine { provisioning: Provisioning::Canceled, ..machine() }),
            CLAIM,
        ),
        row(
            "the power state is one that nobody knows",
            plain().machine(machine().powered(Power::Other("levitating".into()))),
            BUSY,
        ),
        row(
            "a generalized machine is in a state that nobody knows",
            plain().machine(facts::Machine {
                provisioning: Provisioning::Other("Levitating".into()),
                generalized: true,
                ..machine().claimed().marked().powered(Power::Deallocated)
            }),
            BUSY,
        ),
        row(
            "the last change of the machine failed, which says nothing of its disks",
            plain().machine(facts::Machine { provisioning: Provisioning::Failed, ..machine() }),
            CLAIM,
        ),
        row(
            "a sealed machine is being changed",
            plain().machine(facts::Machine {
                provisioning: Provisioning::Updating,
                ..machine().claimed().marked().powered(Power::Deallocated)
            }),
            "- Unknown/SourceBusy Generalized=SourceBusy Poll",
        ),
        row(
            "the machine has no etag",
            plain().machine(facts::Machine { etag: None, ..machine() }),
            "- False/AzureUnavailable - Retry",
        ),
        row(
            "a sealed machine has no etag",
            plain()
                .seal(seal(Execution::Succeeded))
                .machine(facts::Machine { etag: None, ..machine().claimed().powered(Power::Stopped) }),
            "- False/AzureUnavailable - Retry",
        ),
        row(
            "the claimed machine is the one that is known",
            plain().machine(machine().claimed()).status(known("vm-1")),
            SEAL,
        ),
        row(
            "the claimed machine was made anew, with the tags of the old one",
            plain().machine(machine().claimed()).status(known("vm-0")),
            "- False/GuestPreparationUnknown SourceReady=GuestPreparationUnknown Resync",
        ),
        row(
            "the claimed machine was made anew from a sealed one, with its tags",
            plain().machine(facts::Machine { generalized: true, ..machine().claimed().marked() }).status(known("vm-0")),
            "- False/GuestPreparationUnknown SourceReady=GuestPreparationUnknown Resync",
        ),
        row("the machine was made anew and isn't claimed", plain().status(known("vm-0")), CLAIM),
        row(
            "the machine can't be read",
            plain().observed(|observed| observed.virtual_machine = failing_machine()),
            "- False/AccessDenied - Resync",
        ),
        row(
            "the seal can't be read",
            plain().machine(machine().claimed()).observed(|observed| observed.seal = Told::Failed(Failure::Throttled)),
            "- False/Throttled - Throttled",
        ),
        row(
            "the definition can't be read for a policy",
            forbidden(Obstacle::Policy),
            "- False/DisallowedByPolicy - Resync",
        ),
        row(
            "the definition can't be read for a deny assignment",
            forbidden(Obstacle::DenyAssignment),
            "- False/DeniedByAssignment - Resync",
        ),
        row("the definition can't be read for a lock", forbidden(Obstacle::Lock), "- False/ScopeLocked - Resync"),
        row(
            "the subscription is unknown or disabled",
            forbidden(Obstacle::Subscription),
            "- False/SubscriptionUnavailable - Resync",
        ),
        row("another tenant has it", forbidden(Obstacle::OtherTenant), "- False/TenantMismatch - Resync"),
        row("a quota is used up", forbidden(Obstacle::Quota), "- False/QuotaExceeded - Resync"),
        row(
            "the provider isn't registered",
            forbidden(Obstacle::NotRegistered),
            "- False/ProviderNotRegistered - Resync",
        ),
        row(
            "the definition can't be read for want of a token",
            plain().observed(|observed| observed.definition = Told::Failed(Failure::Identity("no federation".into()))),
            "- False/IdentityUnavailable - Retry",
        ),
        row(
            "the definition can't be read, as the identity is refused a token",
            plain().observed(|observed| {
                let why = "no federated credential matches; create one".to_owned();
                observed.definition = Told::Failed(Failure::IdentityRefused(why));
            }),
            "- False/IdentityRefused - Resync",
        ),
        row(
            "the definition can't be read, as no token can be asked for",
            plain().observed(|observed| {
                let why = "grant the controller create on serviceaccounts/token".to_owned();
                observed.definition = Told::Failed(Failure::IdentityIncomplete(why));
            }),
            "- False/IdentityIncomplete - Resync",
        ),
        row(
            "the version can't be read",
            plain().observed(|observed| observed.version = failing_version()),
            "- False/RequestRefused - Resync",
        ),
        row("the source version is there", copy(), PUBLISH),
        row(
            "the source version isn't complete",
            copy().observed(|observed| {
                observed.source_version =
                    Told::Found(SourceVersionObserved { provisioning: Provisioning::Creating, ..source_version() });
            }),
            BUSY,
        ),
        row(
            "the source version is still copied to its home region, whatever else Azure says",
            copy().observed(|observed| {
                let home = Some(RegionReplication::Replicating);
                observed.source_version = Told::Found(SourceVersionObserved { home, ..source_version() });
            }),
            BUSY,
        ),
        row(
            "the copy of the source version in its home region has failed",
            copy().observed(|observed| {
                let home = Some(RegionReplication::Failed);
                observed.source_version = Told::Found(SourceVersionObserved { home, ..source_version() });
            }),
            "- False/SourceFailed SourceReady=SourceFailed Resync",
        ),
        row(
            "Azure tells nothing of the source version's home region",
            copy().observed(|observed| {
                observed.source_version = Told::Found(SourceVersionObserved { home: None, ..source_version() });
            }),
            PUBLISH,
        ),
        row(
            "the source version is another tenant's",
            copy().observed(|observed| {
                let why = "as Azure says".to_owned();
                observed.source_version = Told::Failed(Failure::Forbidden { by: Obstacle::OtherTenant, why });
            }),
            "- False/TenantMismatch - Resync",
        ),
        row(
            "the source version was never created",
            copy().observed(|observed| {
                observed.source_version = Told::Found(failed_source(RegionReplication::Failed));
            }),
            "- False/SourceFailed SourceReady=SourceFailed Resync",
        ),
        row(
            "the creation of the source version was canceled",
            copy().observed(|observed| {
                let source = failed_source(RegionReplication::Failed);
                observed.source_version =
                    Told::Found(SourceVersionObserved { provisioning: Provisioning::Canceled, ..source });
            }),
            "- False/SourceFailed SourceReady=SourceFailed Resync",
        ),
        row(
            "of the source version another region failed",
            copy().observed(|observed| {
                observed.source_version = Told::Found(failed_source(RegionReplication::Completed));
            }),
            PUBLISH,
        ),
        row(
            "the source version is for another system",
            copy().definition(facts::Definition { os_type: OsType::Windows, ..definition() }),
            "- False/OsTypeMismatch Compatible=OsTypeMismatch Resync",
        ),
        row(
            "the source version is for a definition of another security type, which Azure judges",
            copy().definition(facts::Definition { security_type: Some("TrustedLaunch".into()), ..definition() }),
            PUBLISH,
        ),
        row(
            "the source version can't be read",
            copy().observed(|observed| observed.source_version = Told::Failed(Failure::Busy("locked".into()))),
            "- False/SourceBusy - Retry",
        ),
        row("a suspended object", scene(&json!({"spec": {"suspend": true}})), "- False/Suspended - Never"),
        row(
            "Azure doesn't answer",
            plain().observed(|observed| observed.definition = failing()),
            "- False/AzureUnavailable - Retry",
        ),
    ]
}

fn failed_source(home: RegionReplication) -> SourceVersionObserved {
    SourceVersionObserved { provisioning: Provisioning::Failed, home: Some(home), ..source_version() }
}

fn failing_machine() -> Told<facts::Machine> {
    Told::Failed(Failure::Denied { action: "Microsoft.Compute/virtualMachines/read".into(), scope: MACHINE.into() })
}

fn forbidden(by: Obstacle) -> Scene {
    let failure = Failure::Forbidden { by, why: "as Azure says".to_owned() };
    scene(&json!({})).observed(|observed| observed.definition = Told::Failed(failure))
}

fn failing_version() -> Told<facts::Version> {
    Told::Failed(Failure::Refused("the subscription is disabled".into()))
}

#[test]
fn each_source_has_its_step_or_its_reason() {
    check(&rows());
}

#[test]
fn a_source_version_that_another_object_is_to_make_is_waited_for() {
    let missing = scene(&from_image_version())
        .observed(|observed| observed.source_version = Told::Missing(Absent::Resource))
        .process(found_absent(Read::Version(source_id()), 9));
    let validated = Validated { source_producer: Some("golden".into()), ..missing.validated() };
    let plan = plan(&validated, &missing.history(), &missing.observed.facts(&validated));
    assert_eq!((plan.requeue, plan.report.doubts, plan.step), (Requeue::Poll, [Doubt::NoVersion].into(), None));
    let finding = &plan.report.findings[&azimage_crds::ConditionType::SourceReady];
    assert_eq!(finding.reason, azimage_crds::Reason::SourceBusy);
    assert!(finding.message.contains("ImageVersion golden"), "{}", finding.message);
}

#[test]
fn a_source_version_whose_maker_waits_for_a_person_names_it() {
    let missing = scene(&from_image_version())
        .observed(|observed| observed.source_version = Told::Missing(Absent::Resource))
        .process(found_absent(Read::Version(source_id()), 9));
    let validated = Validated { source_stuck: Some("golden".into()), ..missing.validated() };
    let plan = plan(&validated, &missing.history(), &missing.observed.facts(&validated));
    let crate::Progress::Stalled { reason, message } = plan.report.progress else { panic!("it goes on") };
    assert_eq!((reason, plan.step), (azimage_crds::Reason::SourceNotFound, None));
    assert!(message.contains("ImageVersion golden, which is to make it"), "{message}");
}

#[test]
fn versions_that_are_made_from_each_other_in_a_circle_say_so() {
    let missing = scene(&from_image_version())
        .observed(|observed| observed.source_version = Told::Missing(Absent::Resource))
        .process(found_absent(Read::Version(source_id()), 9));
    let named = |count: usize| (1..=count).map(|number| format!("web-{number}")).collect::<Vec<_>>();
    for (source_cycle, expected) in [
        (named(2), "web-1 from web-2 from web-1;"),
        (named(9), "web-5 from web-6 from another one, and so on, 9 in all, to web-1;"),
    ] {
        // Whether one of them is stalled already changes nothing.
        for source_producer in [None, Some("web-2".to_owned())] {
            let validated = Validated { source_cycle: source_cycle.clone(), source_producer, ..missing.validated() };
            let plan = plan(&validated, &missing.history(), &missing.observed.facts(&validated));
            assert_eq!((plan.requeue, plan.step), (Requeue::Resync, None));
            let crate::Progress::Stalled { reason, message } = plan.report.progress else { panic!("{expected}") };
            assert_eq!(reason, azimage_crds::Reason::InvalidSpec);
            assert!(message.contains(expected), "{message}");
        }
    }
}

#[test]
fn the_status_tells_what_was_seen_of_the_source() {
    let seen = |scene: Scene| scene.next_status().source.unwrap();
    let expected = azimage_crds::SourceStatus {
        location: Some(HOME.into()),
        virtual_machine_uid: Some("vm-1".into()),
        os_type: Some("Linux".into()),
        hyper_v_generation: Some("V2".into()),
        security_type: Some("Standard".into()),
        ..azimage_crds::SourceStatus::default()
    };
    assert_eq!(seen(scene(&json!({}))), expected);
    let trusted = facts::Machine { security_type: Some("TrustedLaunch".into()), ..machine() };
    assert_eq!(seen(scene(&json!({})).machine(trusted)).security_type.as_deref(), Some("TrustedLaunch"));
    let of_version = azimage_crds::SourceStatus { virtual_machine_uid: None, security_type: None, ..expected };
    assert_eq!(seen(scene(&from_image_version())), of_version);
}

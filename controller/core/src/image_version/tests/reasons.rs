//! The reasons: each that a plan can give is in a table, and says what to do.

use std::collections::BTreeSet;

use azimage_crds::Reason;
use strum::IntoEnumIterator;

use super::{
    absence, approved, capture, checks, console, copied, deletion, memory, preflight, published, refusals, scene::Row,
    sources, unknown_regions,
};

/// Reasons that don't come out of a plan of an image version.
const ELSEWHERE: [Reason; 33] = [
    // From `validate`.
    Reason::Conflict,
    Reason::IdentityNotAllowed,
    // From what a `ServiceAccount` says.
    Reason::ServiceAccountNotFound,
    // From whole lives of copies, in `clone.rs`.
    Reason::WorkspaceNotReady,
    Reason::NameTaken,
    Reason::Cloning,
    // From whole lives of machines captured in place, in `kept.rs`.
    Reason::KeepingDisk,
    Reason::SnapshotFailed,
    Reason::CapacityUnavailable,
    Reason::CloneFailed,
    // From whole lives of copies, in `restore_point.rs`.
    Reason::RestorePointUnavailable,
    Reason::CleaningUp,
    Reason::CleanUpFailed,
    // From whole lives of versions that are proven, in `proven.rs`.
    Reason::Validating,
    Reason::ValidationFailed,
    Reason::ValidationImpossible,
    // From whole lives of machines that are deleted, in `deleted_source.rs`.
    Reason::SourceKept,
    // From the plan of a replication target.
    Reason::NothingSelected,
    Reason::ConflictingTarget,
    Reason::StorageTypeFixed,
    Reason::TooManyRegions,
    Reason::VersionStalled,
    // From the plan of an image definition.
    Reason::DefinitionExists,
    Reason::DefinitionDiffers,
    Reason::DefinitionFailed,
    Reason::PinnedUnusable,
    Reason::NothingLatest,
    Reason::ConfigMapExists,
    Reason::ExportRefused,
    // From what is latest, in `promotion.rs`.
    Reason::NotLatest,
    Reason::NotValidated,
    Reason::RegionWouldBeEmpty,
    Reason::Soaking,
];

fn tables() -> Vec<Row> {
    [
        absence::rows(),
        approved::rows(),
        console::rows(),
        capture::machines(),
        sources::rows(),
        copied::rows(),
        checks::sources(),
        checks::definitions(),
        preflight::rows(),
        published::rows(),
        deletion::rows(),
        memory::rows(),
        refusals::rows(),
        unknown_regions::rows(),
    ]
    .concat()
}

#[test]
fn every_reason_of_a_plan_is_in_a_table() {
    let seen: BTreeSet<String> = tables()
        .iter()
        .flat_map(|(_, scene, _)| scene.next_status().conditions)
        .map(|condition| condition.reason)
        .collect();
    let expected: BTreeSet<String> =
        Reason::iter().filter(|reason| !ELSEWHERE.contains(reason)).map(|reason| reason.to_string()).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_stall_says_what_to_do() {
    let verbs = [
        "set ",
        "use ",
        "make ",
        "create ",
        "choose ",
        "wait ",
        "detach",
        "convert",
        "grant ",
        "elete ",
        "Mend ",
        "start ",
        "say so ",
        "try again",
        "Switch ",
        "Change ",
        "Have ",
        "emove ",
        "Check ",
        "Register ",
    ];
    for (case, scene, _) in tables() {
        let status = scene.next_status();
        let Some(stalled) = status.conditions.iter().find(|condition| condition.type_ == "Stalled") else { continue };
        // Azure's own words are the advice.
        let advised = stalled.reason == Reason::RequestRefused.as_str();
        assert!(
            advised || verbs.iter().any(|verb| stalled.message.contains(verb)),
            "{case} says only: {}",
            stalled.message
        );
    }
}

#[test]
fn no_message_has_anything_in_it_that_changes_from_pass_to_pass() {
    for (case, scene, _) in tables() {
        for condition in scene.next_status().conditions {
            for changing in ["2026-06-01", "correlation", "Timestamp"] {
                assert!(!condition.message.contains(changing), "{case}: {}", condition.message);
            }
        }
    }
}

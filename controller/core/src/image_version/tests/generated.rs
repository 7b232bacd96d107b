//! Every combination of what can be asked for, remembered and observed, at random: mostly close to the ways that an
//! object really goes, for on those the interesting steps lie, and partly anything.

use std::collections::BTreeSet;

use azimage_crds::{
    ConditionType, ImageVersion, ImageVersionStatus, Reason, RegionLatest, RegionState, RegionStatus,
    ReplicationTarget, SourceStatus, VALIDATED_TAG, ValidationOutcome, ValidationStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::*,
    sample::select,
};
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use super::{super::*, fixtures::*, observations::*, published::carried_out, scene::*, told::*};

/// Few regions and names, so that they meet.
pub(super) const REGIONS: [&str; 5] = [HOME, "northeurope", "eastus2", "uksouth", "japaneast"];
const TARGETS: [&str; 3] = ["s", "t", "u"];

/// How often something is not as it usually is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise(pub(super) f64);

impl Noise {
    pub(super) fn some(self) -> impl Strategy<Value = bool> + use<> {
        weighted(self.0)
    }

    pub(super) fn mostly<T>(self, usual: T, odd: Vec<T>) -> impl Strategy<Value = T> + use<T>
    where
        T: Clone + std::fmt::Debug + 'static,
    {
        (self.some(), select(odd)).prop_map(move |(is_odd, odd)| if is_odd { odd } else { usual.clone() })
    }
}

pub(super) fn weighted(probability: f64) -> impl Strategy<Value = bool> + use<> {
    proptest::bool::weighted(probability)
}

/// A scene of any kind.
pub(super) fn scenes() -> BoxedStrategy<Scene> {
    let scenes = prop_oneof![
        4 => capturing(Noise(0.02)),
        3 => publishing(Noise(0.05)),
        1 => leaving(Noise(0.1)),
        2 => anything(Noise(0.4)),
    ];
    (scenes, option::weighted(0.4, promotions()))
        .prop_map(|(scene, promotion)| promotion.into_iter().fold(scene, Promoted::of))
        .boxed()
}

/// What is said of latest.
#[derive(Clone, Debug)]
struct Promoted {
    policy: Value,
    outcome: Option<ValidationOutcome>,
    latest: Vec<Option<RegionLatest>>,
    tagged: bool,
    newer: Option<&'static str>,
}

fn promotions() -> BoxedStrategy<Promoted> {
    let policies = vec![
        json!({"policy": "Newest"}),
        json!({"policy": "Newest", "emptyRegions": "Allow", "soak": "720h"}),
        json!({"policy": "Pinned", "pinned": "1.0.0"}),
        json!({"policy": "Pinned", "pinned": "0.9.0"}),
        json!({}),
    ];
    let outcomes = vec![ValidationOutcome::Passed, ValidationOutcome::Failed, ValidationOutcome::Running];
    let states = vec![RegionLatest::Entering, RegionLatest::Included, RegionLatest::Kept, RegionLatest::Leaving];
    let latest = vec(option::of(select(states)), 4);
    let newer = option::of(select(vec!["Passed", "Failed"]));
    (select(policies), option::weighted(0.8, select(outcomes)), latest, weighted(0.3), newer)
        .prop_map(|(policy, outcome, latest, tagged, newer)| Promoted { policy, outcome, latest, tagged, newer })
        .boxed()
}

impl Promoted {
    fn of(mut scene: Scene, promotion: Self) -> Scene {
        let at = Time(before(86_400));
        scene.status.validation = promotion.outcome.map(|outcome| ValidationStatus {
            azure_time: None,
            outcome,
            region: HOME.to_owned(),
            started_at: at.clone(),
            finished_at: Some(at),
            attempts: 1,
            again: false,
            machines: Vec::new(),
            regions: Vec::new(),
        });
        for (region, latest) in scene.status.regions.iter_mut().zip(promotion.latest) {
            region.latest = latest;
        }
        if let (Told::Found(version), true) = (&mut scene.observed.version, promotion.tagged) {
            version.tags.insert(VALIDATED_TAG.to_owned(), before(86_400).to_string());
        }
        let newer = promotion.newer.map(|outcome| super::promotion::other_that("1.1.0", outcome, None));
        scene.definitions(&[super::promotion::says(&promotion.policy)]).versions(&newer.into_iter().collect::<Vec<_>>())
    }
}

fn anything(noise: Noise) -> BoxedStrategy<Scene> {
    let deletion = select(vec![None, None, Some("Retain"), Some("Delete")]);
    (objects(noise, deletion), vec(targets(), 0..4), statuses(), processes(), observations(noise))
        .prop_map(|(object, targets, status, process, observed)| Scene {
            definitions: Vec::new(),
            versions: Vec::new(),
            object,
            targets: distinct(targets),
            status,
            process,
            observed,
        })
        .boxed()
}

/// Nothing is published yet.
fn capturing(noise: Noise) -> BoxedStrategy<Scene> {
    let deletion = noise.mostly(None, vec![Some("Retain"), Some("Delete")]);
    let missing = noise.mostly(Told::Missing(Absent::Resource), vec![Told::NotYet, Told::Missing(Absent::Parent)]);
    (
        objects(noise, deletion),
        vec(targets(), 0..2),
        statuses(),
        noise.some(),
        weighted(0.2),
        missing,
        observations(noise),
    )
        .prop_map(|(object, targets, mut status, was_published, remade, version, mut observed)| {
            if !was_published {
                status.resource_id = None;
                status.steps.retain(|step| !step.name.parse().is_ok_and(StepName::proves_existence));
            }
            if !remade && let (Some(source), Told::Found(machine)) = (&mut status.source, &observed.virtual_machine) {
                source.virtual_machine_uid = Some(machine.uid.clone());
            }
            observed.version = version;
            Scene {
                object,
                targets: distinct(targets),
                definitions: Vec::new(),
                versions: Vec::new(),
                status,
                process: Memory::default(),
                observed,
            }
        })
        .boxed()
}

/// The version exists.
fn publishing(noise: Noise) -> BoxedStrategy<Scene> {
    let deletion = noise.mostly(None, vec![Some("Retain"), Some("Delete")]);
    (objects(noise, deletion), vec(targets(), 0..4), statuses(), versions(noise), weighted(0.5))
        .prop_map(|(object, targets, status, version, fits)| {
            let targets = distinct(targets);
            let mut scene = Scene {
                definitions: Vec::new(),
                versions: Vec::new(),
                object,
                targets,
                status,
                process: Memory::default(),
                observed: Observed { version: Told::Found(version.clone()), ..Observed::default() },
            };
            if fits
                && let Some(Step { name: StepName::Update, request: Request::PutVersion(request), .. }) =
                    scene.plan().step
            {
                // What the next pass finds once Azure has got so far.
                let mut updated = super::azure::as_answered(&request, true);
                updated.replication = version.replication;
                updated.provisioning = version.provisioning;
                scene.observed.version = Told::Found(updated);
            }
            scene
        })
        .boxed()
}

/// The object goes and takes the version along.
fn leaving(noise: Noise) -> BoxedStrategy<Scene> {
    let version = prop_oneof![
        1 => Just(Told::Missing(Absent::Resource)),
        1 => versions(noise).prop_map(Told::Found),
    ];
    (objects(noise, Just(Some("Delete"))), statuses(), processes(), version, observations(noise))
        .prop_map(|(object, status, process, version, mut observed)| {
            observed.version = version;
            Scene {
                object,
                targets: Vec::new(),
                definitions: Vec::new(),
                versions: Vec::new(),
                status,
                process,
                observed,
            }
        })
        .boxed()
}

fn distinct(targets: Vec<ReplicationTarget>) -> Vec<ReplicationTarget> {
    let mut names = BTreeSet::new();
    targets.into_iter().filter(|target| names.insert(target.metadata.name.clone())).collect()
}

fn objects(
    noise: Noise,
    deletion: impl Strategy<Value = Option<&'static str>> + 'static,
) -> BoxedStrategy<ImageVersion> {
    let source = select(vec![json!({}), json!({}), json!({}), already_generalized(), from_image_version()]);
    let source = prop_oneof![5 => source, 1 => select(vec![from_managed_image(), from_disks(&["data"])])];
    (source, deletion, noise.some(), weighted(0.4), publish(noise))
        .prop_map(|(source, deletion, suspend, asked, publish)| {
            let mut change = both(&source, &json!({"spec": {"suspend": suspend, "publish": publish}}));
            if let Some(policy) = deletion {
                change = both(&change, &deleted(policy));
            }
            if asked {
                change = both(&change, &requested());
            }
            object(&change)
        })
        .boxed()
}

fn publish(noise: Noise) -> BoxedStrategy<Value> {
    let storage = select(vec!["Standard_LRS", "Standard_ZRS", "Premium_LRS"]);
    let end = noise.mostly(None, vec![Some("2025-01-01T00:00:00Z"), Some("2027-01-01T00:00:00.25Z")]);
    let mode = noise.mostly("Full", vec!["Shallow"]);
    (1..5i32, storage, mode, end, noise.some(), noise.some())
        .prop_map(|(replicas, storage, mode, end, block, tag)| {
            json!({
                "defaultReplicas": replicas,
                "storageAccountType": storage,
                "replicationMode": mode,
                "endOfLifeDate": end,
                "blockDeletionBeforeEndOfLife": block,
                "tags": if tag { json!({"cost": "42"}) } else { json!({}) },
            })
        })
        .boxed()
}

fn targets() -> BoxedStrategy<ReplicationTarget> {
    let storage = option::of(select(vec!["Standard_LRS", "Standard_ZRS", "Premium_LRS"]));
    let policy = select(vec!["Delete", "Retain"]);
    let spelling = select(vec!["North Europe", "eastus2", "UKSouth", HOME, "japan east"]);
    (select(TARGETS.to_vec()), spelling, 1..5i32, storage, policy, weighted(0.3), weighted(0.2))
        .prop_map(|(name, at, replicas, storage, policy, goes, others)| {
            let mut change = json!({
                "spec": {"replicas": replicas, "storageAccountType": storage, "deletionPolicy": policy},
            });
            if goes {
                merge_json(&mut change, &json!({"metadata": {"deletionTimestamp": "2026-06-01T00:00:00Z"}}));
            }
            if others {
                merge_json(&mut change, &json!({"spec": {"imageSelector": {"matchLabels": {"tier": "dev"}}}}));
            }
            target(name, at, &change)
        })
        .boxed()
}

fn statuses() -> BoxedStrategy<ImageVersionStatus> {
    let names = select(StepName::iter().collect::<Vec<_>>());
    let records = btree_map(names, (0..6i32, any::<bool>(), 0..40_000i64), 0..4);
    let states =
        select(vec![RegionState::Pending, RegionState::Replicating, RegionState::Completed, RegionState::Failed]);
    let regions = btree_map(select(REGIONS.to_vec()), (states, btree_set(select(TARGETS.to_vec()), 0..3)), 0..4);
    let source = option::of((select(vec![HOME, "northeurope", "?"]), select(vec!["vm-0", "vm-1"])));
    (records, regions, source, any::<bool>(), conditions(), option::of(Just(GENERATION)))
        .prop_map(|(records, regions, source, seen, conditions, generation)| ImageVersionStatus {
            observed_generation: generation,
            conditions,
            resource_id: seen.then(|| "x".to_owned()),
            source: source.map(|(at, uid)| SourceStatus {
                location: Some(at.into()),
                virtual_machine_uid: Some(uid.into()),
                ..SourceStatus::default()
            }),
            steps: records
                .into_iter()
                .map(|(name, (attempts, finished, ago))| step(name, attempts, finished, ago))
                .collect(),
            regions: regions
                .into_iter()
                .map(|(name, (state, by))| RegionStatus {
                    name: name.into(),
                    state,
                    progress: 0,
                    replicas: None,
                    ready_replicas: None,
                    leaving: Vec::new(),
                    in_use_by: Vec::new(),
                    requested_by: by.into_iter().map(ToOwned::to_owned).collect(),
                    storage_account_type: None,
                    requesters: None,
                    latest: None,
                    since: None,
                    detail: None,
                })
                .collect(),
            ..ImageVersionStatus::default()
        })
        .boxed()
}

/// Conditions as some earlier release may have left them.
fn conditions() -> BoxedStrategy<Vec<Condition>> {
    let kinds = select(ConditionType::iter().collect::<Vec<_>>());
    let mut reasons: Vec<String> = Reason::iter().map(|reason| reason.to_string()).collect();
    reasons.push("OfAnotherRelease".into());
    let said = (select(vec!["True", "False", "Unknown"]), select(reasons));
    btree_map(kinds, said, 0..4)
        .prop_map(|all| {
            all.into_iter()
                .map(|(kind, (status, reason))| Condition {
                    last_transition_time: Time(before(99)),
                    message: "As it was".into(),
                    observed_generation: Some(1),
                    reason,
                    status: status.into(),
                    type_: kind.to_string(),
                })
                .collect()
        })
        .boxed()
}

fn doubts() -> Vec<Doubt> {
    let absent = [
        own_version(),
        Read::Version(source_id()),
        Read::Definition(version_id().definition().clone()),
        Read::Machine(machine_id()),
        Read::RunCommand(seal_id()),
        Read::Console(console_id()),
    ];
    let regions = REGIONS.map(|name| Doubt::NoRegion(region(name)));
    absent.map(Doubt::Absent).into_iter().chain(regions).chain([Doubt::NoVersion]).collect()
}

fn processes() -> BoxedStrategy<Memory> {
    let executed = option::of((select(StepName::iter().collect::<Vec<_>>()), 0..400i64));
    (executed, btree_map(select(doubts()), 1..5u32, 0..4))
        .prop_map(|(executed, doubts)| {
            let process = doubting(doubts);
            match executed {
                Some((name, ago)) => carried_out(process, name, ago, ago % 2 == 0),
                None => process,
            }
        })
        .boxed()
}

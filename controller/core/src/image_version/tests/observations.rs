//! Observations at random.

use std::collections::BTreeMap;

use azimage_crds::{CONSENT_TAG, OWNER_TAG, SEAL_TAG, STEP_TAG};
use azimage_names::Obstacle;
use proptest::{collection::btree_map, option, prelude::*, sample::select};
use serde_json::{Map, json};
use strum::IntoEnumIterator;

use super::{
    super::*,
    fixtures::*,
    generated::{Noise, REGIONS},
    told::*,
};
use crate::{Failure, guest};

const OWNERS: [&str; 5] =
    ["c1/images/old/u-0", "c1/images/web-2/u-2", "c2/images/web-1/u-1", "c1/other/web-1/u-1", "nobody knows"];

pub(super) fn observations(noise: Noise) -> BoxedStrategy<Observed> {
    (
        readings(noise, versions(noise)),
        readings(noise, definitions(noise)),
        readings(noise, machines(noise)),
        readings(noise, source_versions(noise)),
        prop_oneof![1 => Just(Told::Missing(Absent::Resource)), 2 => readings(noise, seals(noise))],
        readings(noise, consoles()),
        preflights(noise),
    )
        .prop_map(|(version, definition, virtual_machine, source_version, seal, console, preflight)| Observed {
            version,
            definition,
            virtual_machine,
            source_version,
            seal,
            console,
            ..preflight
        })
        .boxed()
}

/// Disks, the gallery, rights and locks.
fn preflights(noise: Noise) -> BoxedStrategy<Observed> {
    let flawed = [
        facts::Disk { architecture: Some("Arm64".into()), ..disk() },
        facts::Disk { encryption: Some(facts::Encryption::Guest), ..disk() },
        facts::Disk { size_gib: Some(4096), ..disk() },
        facts::Disk { storage: Some("UltraSSD_LRS".into()), ..disk() },
        facts::Disk { architecture: None, generation: None, ..disk() },
        facts::Disk { state: Some(DiskState::Attached), ..disk() },
        facts::Disk { provisioning: Provisioning::Creating, os_type: None, ..disk() },
    ];
    let odd = vec![
        facts::ManagedImage { os_state: None, ..managed_image() },
        facts::ManagedImage { provisioning: Provisioning::Creating, ..managed_image() },
    ];
    let rights = |noise: Noise| noise.mostly(vec![permission(&["*"])], vec![vec![permission(&["*/read"])], Vec::new()]);
    let lock = facts::Lock { name: "keep".into(), scope: "/subscriptions".into(), read_only: true };
    (
        (
            readings(noise, noise.mostly(disk(), flawed.to_vec())),
            readings(noise, noise.mostly(managed_image(), odd).prop_map(Box::new)),
        ),
        readings(noise, noise.some().prop_map(|soft_delete| facts::Gallery { soft_delete })),
        readings(noise, noise.some().prop_map(|kept| kept.then(|| version_id().version()).into_iter().collect())),
        readings(noise, rights(noise)),
        readings(noise, rights(noise)),
        readings(noise, noise.some().prop_map(move |locked| locked.then(|| lock.clone()).into_iter().collect())),
    )
        .prop_map(|((disk, managed_image), gallery, soft_deleted, version_rights, machine_rights, locks)| Observed {
            managed_image,
            disk,
            gallery,
            soft_deleted,
            version_rights,
            machine_rights,
            locks,
            ..Observed::default()
        })
        .boxed()
}

fn readings<T: Clone + std::fmt::Debug + 'static>(
    noise: Noise,
    found: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Told<T>> {
    let odd = prop_oneof![
        Just(Told::NotYet),
        select(vec![Absent::Resource, Absent::Parent]).prop_map(Told::Missing),
        failures().prop_map(Told::Failed),
    ];
    (noise.some(), odd, found).prop_map(|(is_odd, odd, found)| if is_odd { odd } else { Told::Found(found) }).boxed()
}

fn failures() -> impl Strategy<Value = Failure> {
    select(vec![
        Failure::Denied { action: "a".into(), scope: "s".into() },
        Failure::Identity("i".into()),
        Failure::IdentityIncomplete("c".into()),
        Failure::IdentityRefused("d".into()),
        Failure::Throttled,
        Failure::Busy("b".into()),
        Failure::InUse("n".into()),
        Failure::NotAllowed("o".into()),
        Failure::Forbidden { by: Obstacle::Lock, why: "l".into() },
        Failure::Refused("r".into()),
        Failure::Unavailable("u".into()),
    ])
}

fn machines(noise: Noise) -> BoxedStrategy<facts::Machine> {
    let owners: Vec<Option<&str>> = OWNERS.into_iter().map(Some).chain([None; 15]).collect();
    let tagged = (
        prop_oneof![2 => Just(Some(OURS)), 1 => select(owners)],
        select(vec![None, None, Some("sealed"), Some("Seal")]),
        noise.mostly(Some("allowed"), vec![None, Some("no")]),
        noise.mostly(true, vec![false]),
    );
    let power = prop_oneof![
        2 => select(vec![Power::Running, Power::Running, Power::Stopped, Power::Deallocated]),
        1 => select([Power::KNOWN, &[Power::Other("Levitating".into())]].concat()),
    ];
    let state = (power, proptest::bool::weighted(0.2), noise.some(), provisionings(noise));
    let flaws = (noise.some(), noise.some(), noise.some(), noise.some(), noise.some());
    let account = || BootDiagnostics::StorageAccount("https://mine".into());
    let diagnostics = noise.mostly(BootDiagnostics::Managed, vec![BootDiagnostics::Off, account()]);
    (tagged, state, flaws, select(vec!["vm-0", "vm-1"]), noise.some(), diagnostics)
        .prop_map(
            |(
                (owner, mark, consent, named),
                (power, generalized, agent_lost, provisioning),
                flaws,
                uid,
                bare,
                boot_diagnostics,
            )| {
                let mut tagged = BTreeMap::from([("team".to_owned(), "web".to_owned())]);
                let nonce = nonce();
                let attempt = named.then_some(nonce.as_str());
                for (name, value) in [(OWNER_TAG, owner), (STEP_TAG, mark), (CONSENT_TAG, consent), (SEAL_TAG, attempt)]
                {
                    tagged.extend(value.map(|value| (name.to_owned(), value.to_owned())));
                }
                facts::Machine {
                    uid: uid.into(),
                    etag: (!bare).then(|| "1".into()),
                    tags: tagged,
                    os_type: if flaws.0 { OsType::Windows } else { OsType::Linux },
                    ephemeral_os_disk: flaws.1,
                    scale_set: flaws.2.then(|| "set".into()),
                    allows_extensions: !flaws.3,
                    security_type: flaws.4.then(|| "TrustedLaunch".into()),
                    provisioning,
                    power,
                    generalized,
                    agent_ready: !agent_lost,
                    boot_diagnostics,
                    ..machine()
                }
            },
        )
        .boxed()
}

fn provisionings(noise: Noise) -> impl Strategy<Value = Provisioning> {
    let odd = vec![
        Provisioning::Creating,
        Provisioning::Updating,
        Provisioning::Failed,
        Provisioning::Canceled,
        Provisioning::Deleting,
        Provisioning::Migrating,
        Provisioning::Other("Levitating".into()),
    ];
    noise.mostly(Provisioning::Succeeded, odd)
}

fn definitions(noise: Noise) -> BoxedStrategy<facts::Definition> {
    (noise.some(), noise.some())
        .prop_map(|(specialized, old)| facts::Definition {
            specialized,
            generation: (!old).then(|| "V2".into()),
            ..definition()
        })
        .boxed()
}

fn source_versions(noise: Noise) -> BoxedStrategy<SourceVersionObserved> {
    let homes =
        option::of(select([RegionReplication::KNOWN, &[RegionReplication::Other("Levitating".into())]].concat()));
    (provisionings(noise), homes)
        .prop_map(|(provisioning, home)| SourceVersionObserved { provisioning, home, ..source_version() })
        .boxed()
}

fn seals(noise: Noise) -> BoxedStrategy<facts::RunCommand> {
    let executions = prop_oneof![
        1 => Just(Execution::Succeeded),
        1 => select([Execution::KNOWN, &[Execution::Other("Levitating".into())]].concat()),
    ];
    let exit_codes = option::of(select(vec![0, 0, 0, 1, 14, 16, 20, 21]));
    let of_another_attempt = || "1-u-1".to_owned();
    let nonces = prop_oneof![3 => Just(nonce()), 1 => Just(of_another_attempt())];
    (provisionings(noise), executions, exit_codes, noise.mostly(true, vec![false]), nonces, consoles())
        .prop_map(|(provisioning, execution, exit_code, named, nonce, said)| facts::RunCommand {
            provisioning,
            execution,
            exit_code,
            output: String::new(),
            printed: guest::output::read("azimage: said\nazimage: findings 1 1 0\n", ""),
            said,
            started: Some(before(30)),
            ended: Some(before(20)),
            nonce: named.then_some(nonce),
        })
        .boxed()
}

fn consoles() -> impl Strategy<Value = facts::Console> {
    prop_oneof![2 => Just(facts::Console::Sealed), 1 => select(facts::Console::iter().collect::<Vec<_>>())]
}

pub(super) fn versions(noise: Noise) -> BoxedStrategy<facts::Version> {
    let at = btree_map(select(REGIONS.to_vec()), (target_regions(), noise.some(), replications()), 0..4);
    let ends = vec![Some("2025-01-01T00:00:00Z"), Some("2027-01-01T00:00:00Z")];
    let settings = (1..5i32, noise.some(), noise.some(), noise.some(), noise.mostly(None, ends));
    let owners: Vec<Option<&str>> = OWNERS.into_iter().map(Some).chain([None]).collect();
    let identity = (
        noise.mostly(Some(OURS), owners),
        prop_oneof![20 => Just(None), 1 => Just(Some(MACHINE)), 1 => Just(Some(SOURCE_VERSION))],
        noise.mostly("Full", vec!["Shallow"]),
    );
    let state = prop_oneof![2 => provisionings(noise), 1 => Just(Provisioning::Failed)];
    (identity, state, at, replications(), settings)
        .prop_map(|((owner, source, mode), provisioning, at, home, (default_replicas, latest, fixed, block, end))| {
            let mut observed = version(&[HOME]).says(HOME, home.state, &home.details);
            observed.tags = owner.map(|owner| (OWNER_TAG.to_owned(), owner.to_owned())).into_iter().collect();
            observed.tags.insert("team".into(), "web".into());
            for (name, (target, silent, says)) in at {
                observed.targets.retain(|is| is.region != region(name));
                observed.targets.push(facts::TargetRegion { region: region(name), ..target });
                observed.replication.extend((!silent).then(|| (region(name), says)));
            }
            facts::Version {
                provisioning,
                source: source.map(ToOwned::to_owned),
                default_replicas,
                exclude_from_latest: !latest,
                allow_deletion_of_regions: Some(!fixed),
                block_deletion: block,
                end_of_life: end.map(|end| end.parse().unwrap()),
                replication_mode: mode.into(),
                preserved: Map::from_iter([("restore".to_owned(), json!(false))]),
                ..observed
            }
        })
        .boxed()
}

fn target_regions() -> BoxedStrategy<facts::TargetRegion> {
    let storage = option::of(select(vec!["Standard_LRS", "standard_zrs", "PremiumV2_LRS"]));
    (option::of(1..9i32), storage, option::of(any::<bool>()), any::<bool>())
        .prop_map(|(replicas, storage, exclude, encrypted)| {
            let mut preserved = Map::new();
            if encrypted {
                preserved.insert("encryption".into(), json!({"osDiskImage": {}}));
            }
            facts::TargetRegion {
                replicas,
                storage_account_type: storage.map(ToOwned::to_owned),
                exclude_from_latest: exclude,
                preserved,
                ..target_region(HOME)
            }
        })
        .boxed()
}

fn replications() -> BoxedStrategy<facts::RegionCopy> {
    let states = prop_oneof![
        3 => Just(RegionReplication::Completed),
        1 => select([RegionReplication::KNOWN, &[RegionReplication::Other("Levitating".into())]].concat()),
    ];
    (states, -5..110i32, select(vec!["", "Failed with internal server error"]))
        .prop_map(|(state, progress, details)| facts::RegionCopy { state, progress, details: details.into() })
        .boxed()
}

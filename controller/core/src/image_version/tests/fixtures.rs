//! Objects and observations with good defaults.

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{
    CONSENT_TAG, CONSENT_VALUE, ImageVersion, ImageVersionStatus, OWNER_TAG, ReplicationTarget, SEAL_TAG, STEP_TAG,
    StepStatus,
};
use azimage_names::{DiskId, ImageVersionId, Region, RunCommandId, VirtualMachineId};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Map, Value, json};

use super::{super::*, told::SourceVersionObserved};
use crate::{
    Pace,
    guest::{attempt, output::Printed},
};

pub(super) const MACHINE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/build/providers/Microsoft.Compute/virtualMachines/builder";
pub(super) const SOURCE_VERSION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/base/versions/1.0.0";
pub(super) const OURS: &str = "c1/images/web-1/u-1";
/// A process that has looked for the version, and for the regions of the tests, often enough.
pub(super) fn patient() -> Memory {
    let regions = [HOME, "northeurope", "eastus2", "uksouth", "japaneast"];
    let doubts = regions.map(|name| (Doubt::NoRegion(region(name)), 9));
    doubting(doubts.into_iter().chain([(Doubt::NoVersion, 9)]).collect())
}

/// A process that was told these things so many times.
pub(super) fn doubting(doubts: BTreeMap<Doubt, u32>) -> Memory {
    let mut process = Memory::default();
    process.doubts = doubts;
    process
}

/// A process that was told so many times that something doesn't exist.
pub(super) fn found_absent(what: Read, times: u32) -> Memory {
    told_absent(patient(), what, times)
}

/// A process that was told besides, so many times, that something doesn't exist.
pub(super) fn told_absent(mut before: Memory, what: Read, times: u32) -> Memory {
    before.doubts.insert(Doubt::Absent(what), times);
    before
}

/// The id of the object's version.
pub(super) fn version_id() -> ImageVersionId {
    let id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/web/versions/1.0.0";
    ImageVersionId::parse(id).unwrap()
}

/// The id of its source machine.
pub(super) fn machine_id() -> VirtualMachineId {
    VirtualMachineId::parse(MACHINE).unwrap()
}

/// The id of the run command that seals its source machine.
pub(super) fn seal_id() -> RunCommandId {
    let environment = Environment {
        cluster: "c1",
        own_identity_serves: true,
        account_serves: true,
        targets: &[],
        versions: &[],
        unreadable: &[],
        definitions: &[],
    };
    match super::super::validate(&object(&json!({})), environment).unwrap().source {
        SourceSpec::VirtualMachine { seal, .. } => seal,
        _ => panic!("the source is a machine"),
    }
}

/// What its source machine's console says of the seal that a claimed machine's tags name.
pub(super) fn console_id() -> SealOf {
    SealOf { machine: machine_id(), nonce: Some(nonce()) }
}

/// The read of its own version, by itself.
pub(super) fn own_version() -> Read {
    Read::Version(version_id())
}

pub(super) const HOME: &str = "westeurope";

/// The generation of every object here.
pub(super) const GENERATION: i64 = 2;

/// How fast the controller goes.
pub(super) const PACE: Pace = Pace {
    poll: Duration::from_secs(15),
    resync: Duration::from_secs(600),
    retry_min: Duration::from_secs(5),
    retry_max: Duration::from_secs(60),
};

pub(super) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

pub(super) fn before(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).unwrap()
}

pub(super) fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

pub(super) fn merge_json(object: &mut Value, change: &Value) {
    match (object, change) {
        (Value::Object(object), Value::Object(change)) => {
            for (key, value) in change {
                merge_json(object.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (object, change) => *object = change.clone(),
    }
}

/// The object `images/web-1`, with the change merged in.
pub(super) fn object(change: &Value) -> ImageVersion {
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
        "metadata": {
            "name": "web-1", "namespace": "images", "uid": "u-1", "generation": GENERATION,
            "creationTimestamp": "2026-01-02T00:00:00Z", "labels": {"tier": "prod"},
        },
        "spec": {
            "gallery": {
                "subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp",
            },
            "definition": "web", "version": "1.0.0",
            "source": {"virtualMachine": {
                "resourceId": MACHINE, "capture": "InPlace", "inPlace": {"keepDiskSnapshotFor": "0s"},
            }},
        },
    });
    merge_json(&mut object, change);
    serde_json::from_value(object).unwrap()
}

/// A target of the namespace that wants all versions.
pub(super) fn target(name: &str, region: &str, change: &Value) -> ReplicationTarget {
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget",
        "metadata": {"name": name, "namespace": "images", "uid": name, "generation": 1},
        "spec": {"region": region, "imageSelector": {}},
    });
    merge_json(&mut object, change);
    serde_json::from_value(object).unwrap()
}

/// A target that is being deleted.
pub(super) fn going(name: &str, region: &str, policy: &str) -> ReplicationTarget {
    target(
        name,
        region,
        &json!({"metadata": {"deletionTimestamp": "2026-06-01T00:00:00Z"}, "spec": {"deletionPolicy": policy}}),
    )
}

pub(super) fn already_generalized() -> Value {
    json!({"spec": {"source": {"virtualMachine": {"guest": {"prepare": "AlreadyGeneralized"}}}}})
}

pub(super) fn from_image_version() -> Value {
    json!({"spec": {"source": {"virtualMachine": null, "imageVersion": {"resourceId": SOURCE_VERSION}}}})
}

pub(super) const MANAGED_IMAGE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/build/providers/Microsoft.Compute/images/golden";

pub(super) fn from_managed_image() -> Value {
    json!({"spec": {"source": {"virtualMachine": null, "managedImage": {"resourceId": MANAGED_IMAGE}}}})
}

/// The system on the snapshot `os`, and data on the disks of these names, from LUN 1 on.
pub(super) fn from_disks(data: &[&str]) -> Value {
    let group = MACHINE.split("/virtualMachines/").next().unwrap();
    let disk = |(index, name): (usize, &&str)| json!({"lun": index + 1, "resourceId": disk_id(name).to_string()});
    let data: Vec<Value> = data.iter().enumerate().map(disk).collect();
    let os_disk = json!({"resourceId": format!("{group}/snapshots/os")});
    let disks = json!({"osDisk": os_disk, "dataDisks": data, "prepare": "AlreadyGeneralized"});
    json!({"spec": {"source": {"virtualMachine": null, "disks": disks}}})
}

/// A managed image that fits the definition.
pub(super) fn managed_image() -> facts::ManagedImage {
    facts::ManagedImage {
        location: region(HOME),
        provisioning: Provisioning::Succeeded,
        os_type: Some(OsType::Linux),
        os_state: Some("Generalized".into()),
        generation: Some("V2".into()),
        largest_gib: Some(64),
        storage: vec!["Standard_LRS".into()],
        disk_encryption_set: None,
    }
}

pub(super) fn requested() -> Value {
    json!({"metadata": {"annotations": {"azimage.dev/reconcile-requested-at": "now"}}})
}

pub(super) fn deleted(policy: &str) -> Value {
    json!({"metadata": {"deletionTimestamp": "2026-06-01T00:00:00Z"}, "spec": {"deletionPolicy": policy}})
}

pub(super) fn both(a: &Value, b: &Value) -> Value {
    let mut all = a.clone();
    merge_json(&mut all, b);
    all
}

/// A running Linux machine with an agent, which consents and which nobody claimed.
pub(super) fn machine() -> facts::Machine {
    facts::Machine {
        uid: "vm-1".into(),
        location: region(HOME),
        etag: Some("1".into()),
        tags: tags(&[(CONSENT_TAG, CONSENT_VALUE), ("team", "web")]),
        os_type: OsType::Linux,
        generation: Some("V2".into()),
        security_type: None,
        secure_boot: false,
        vtpm: false,
        disk_controller: Some("SCSI".into()),
        ephemeral_os_disk: false,
        unmanaged_os_disk: false,
        disks: vec![facts::AttachedDisk::plain(Some(disk_id("os")), None, true)],
        interfaces: Vec::new(),
        image: None,
        size: Some("Standard_D2s_v5".into()),
        allows_extensions: true,
        scale_set: None,
        plan: None,
        provisioning: Provisioning::Succeeded,
        power: Power::Running,
        generalized: false,
        agent_ready: true,
        agent_message: None,
        boot_diagnostics: BootDiagnostics::Managed,
        agent_reported_at: None,
        created_at: None,
        read_at: Some(now()),
        changed_at: Some(before(86_400)),
    }
}

pub(super) fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl facts::Machine {
    pub(super) fn tagged(mut self, name: &str, value: &str) -> Self {
        self.tags.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn claimed(self) -> Self {
        self.tagged(OWNER_TAG, OURS).tagged(SEAL_TAG, &nonce())
    }

    pub(super) fn marked(self) -> Self {
        self.tagged(STEP_TAG, "sealed")
    }

    pub(super) fn powered(self, power: Power) -> Self {
        Self { power, ..self }
    }
}

/// How long ago the machine was claimed for the attempt at a seal, in seconds.
pub(super) const CLAIMED_AGO: i64 = 10 * 3600;

/// The nonce of the attempt for which the machine was claimed.
pub(super) fn nonce() -> String {
    attempt::nonce("u-1", before(CLAIMED_AGO))
}

/// The id of a disk in the machine's resource group.
pub(super) fn disk_id(name: &str) -> DiskId {
    let group = MACHINE.split("/virtualMachines/").next().unwrap();
    DiskId::parse(&format!("{group}/disks/{name}")).unwrap()
}

/// The machine's OS disk.
pub(super) fn disk() -> facts::Disk {
    facts::Disk {
        location: region(HOME),
        provisioning: Provisioning::Succeeded,
        os_type: Some(OsType::Linux),
        plan: None,
        state: Some(DiskState::Unattached),
        attached_to: None,
        is_complete: true,
        storage: Some("Premium_LRS".into()),
        is_shared: false,
        size_gib: Some(30),
        architecture: Some("x64".into()),
        generation: Some("V2".into()),
        encryption: None,
    }
}

/// What a role gives.
pub(super) fn permission(actions: &[&str]) -> facts::Permission {
    let actions = actions.iter().map(|action| (*action).to_owned()).collect();
    facts::Permission { actions, not_actions: Vec::new() }
}

/// A definition that the machine fits.
pub(super) fn definition() -> facts::Definition {
    facts::Definition {
        os_type: OsType::Linux,
        specialized: false,
        generation: Some("V2".into()),
        architecture: "x64".into(),
        security_type: None,
        disk_controllers: None,
        plan: None,
    }
}

pub(super) fn source_version() -> SourceVersionObserved {
    SourceVersionObserved {
        location: region(HOME),
        provisioning: Provisioning::Succeeded,
        home: Some(RegionReplication::Completed),
        tags: BTreeMap::new(),
        definition: definition(),
    }
}

pub(super) fn seal(execution: Execution) -> facts::RunCommand {
    facts::RunCommand {
        provisioning: Provisioning::Succeeded,
        exit_code: match &execution {
            Execution::Succeeded => Some(0),
            Execution::Failed => Some(10),
            _ => None,
        },
        execution,
        output: String::new(),
        printed: Printed { report: None, words: "seal is scheduled".into(), errors: String::new() },
        said: facts::Console::NoMark,
        // Too long ago for its removal.
        started: Some(before(250)),
        ended: None,
        nonce: Some(nonce()),
    }
}

/// A version of ours, complete in the regions, as this object asks for it.
pub(super) fn version(regions: &[&str]) -> facts::Version {
    let complete = facts::RegionCopy { state: RegionReplication::Completed, progress: 100, details: String::new() };
    facts::Version {
        location: region(HOME),
        tags: tags(&[(OWNER_TAG, OURS)]),
        provisioning: Provisioning::Succeeded,
        source: Some(MACHINE.into()),
        data_sources: BTreeMap::new(),
        data_disks: [3].into(),
        targets: regions.iter().map(|name| target_region(name)).collect(),
        default_replicas: 1,
        exclude_from_latest: true,
        end_of_life: None,
        storage_account_type: "Standard_LRS".into(),
        replication_mode: "Full".into(),
        allow_deletion_of_regions: Some(false),
        block_deletion: false,
        replication: regions.iter().map(|name| (region(name), complete.clone())).collect(),
        size_gib: Some(30),
        read_at: None,
        preserved: Map::new(),
    }
}

pub(super) fn target_region(name: &str) -> facts::TargetRegion {
    facts::TargetRegion {
        region: region(name),
        replicas: Some(1),
        storage_account_type: Some("Standard_LRS".into()),
        exclude_from_latest: Some(true),
        preserved: Map::new(),
    }
}

impl facts::Version {
    pub(super) fn says(mut self, at: &str, state: RegionReplication, details: &str) -> Self {
        let progress = if state == RegionReplication::Completed { 100 } else { 42 };
        self.replication.insert(region(at), facts::RegionCopy { state, progress, details: details.into() });
        self
    }

    pub(super) fn provisioned(self, provisioning: Provisioning) -> Self {
        Self { provisioning, ..self }
    }

    pub(super) fn owned_by(mut self, owner: &str) -> Self {
        self.tags.insert(OWNER_TAG.to_owned(), owner.to_owned());
        self
    }
}

/// A status in which the steps were begun a minute ago, finished or not.
pub(super) fn steps(records: &[(StepName, i32, bool)]) -> ImageVersionStatus {
    ImageVersionStatus {
        observed_generation: Some(GENERATION),
        steps: records.iter().map(|(name, attempts, finished)| step(*name, *attempts, *finished, 60)).collect(),
        ..ImageVersionStatus::default()
    }
}

pub(super) fn step(name: StepName, attempts: i32, finished: bool, seconds_ago: i64) -> StepStatus {
    StepStatus {
        subject: String::new(),
        name: name.to_string(),
        started_at: Time(before(seconds_ago)),
        azure_time: Some(Time(before(seconds_ago))),
        accepted_at: None,
        finished_at: finished.then(|| Time(now())),
        correlation_id: Some("correlation".into()),
        attempts,
        failure: None,
    }
}

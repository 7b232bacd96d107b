//! The world of a plan: its resources in Azure and objects in Kubernetes.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use azimage_crds::{ImageDefinition, ImageVersion, OWNER_TAG, ReplicationTarget};
use azimage_simulator::Scenario;
use azimage_test_api_server::ApiServer;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::{Api, api::PostParams};
use serde_json::{Value, json};

use crate::{
    broken_objects,
    plan::{CopiedMachine, Plan, SUCCESSOR, World},
    time::VirtualClock,
};

/// The tenant.
pub const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
/// The identity of the controller.
pub const CLIENT: &str = "00000000-0000-0000-0000-00000000000b";
/// The identity that trusts the `ServiceAccount` of the namespace.
pub const PUBLISHER: &str = "00000000-0000-0000-0000-00000000000d";
/// The name of that `ServiceAccount`.
const ACCOUNT: &str = "publisher";
/// The identity of the operators.
pub const OPERATOR: &str = "00000000-0000-0000-0000-00000000000c";
/// The subscription.
pub const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";
/// The name of the cluster.
pub const CLUSTER: &str = "simulation";
/// The namespace of all objects; the controller has its own.
pub const NAMESPACE: &str = "images";
/// The region of machines.
pub const HOME: &str = "westeurope";

/// Where all resources are.
pub(crate) const PROVIDER: &str =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute";

/// The resource id of a machine.
pub fn machine(number: u8) -> String {
    format!("{PROVIDER}/virtualMachines/builder-{number}")
}

/// The resource id of the data disk of a machine that is deleted.
pub(crate) fn data_disk(number: u8) -> String {
    format!("{PROVIDER}/disks/builder-{number}_disk0")
}

/// The resource id of something of Azure's networks.
fn network(kind: &str, name: &str) -> String {
    format!("{}/{kind}/{name}", PROVIDER.replace("Microsoft.Compute", "Microsoft.Network"))
}

/// The resource ids of a machine that is deleted, and of what belongs to it.
pub(crate) fn belongings(number: u8) -> [String; 5] {
    [
        machine(number),
        network("networkInterfaces", &format!("builder-{number}-nic")),
        format!("{PROVIDER}/disks/builder-{number}_OsDisk_1"),
        data_disk(number),
        network("publicIPAddresses", &format!("builder-{number}-ip")),
    ]
}

/// The version that is made of the machine to which something of this id belongs.
pub(crate) fn version_of_what_belongs(id: &str) -> Option<String> {
    let name = id.rsplit('/').next()?.strip_prefix("builder-")?;
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(version)
}

/// A machine that nobody captures.
pub(crate) fn bystander() -> String {
    format!("{PROVIDER}/virtualMachines/bystander")
}

/// A machine that is deleted has an interface with a public address, and a data disk.
fn furnish(number: u8, machine: &mut Value) {
    machine["dataDisks"] = json!([{"lun": 0}]);
    machine["networkInterfaces"] = json!([network("networkInterfaces", &format!("builder-{number}-nic"))]);
}

/// What machines that are deleted have in the network, and a machine beside them.
fn add_what_belongs(world: &World, group: &mut Value) {
    let numbers = || world.numbers().filter(|number| world.deletes_source(*number));
    let lab = network("virtualNetworks", "lab");
    let interface = |number: u8| {
        let address = network("publicIPAddresses", &format!("builder-{number}-ip"));
        json!({"name": format!("builder-{number}-nic"), "subnet": format!("{lab}/subnets/default"), "publicAddress": address})
    };
    group["virtualNetworks"] = json!([{"name": "lab", "subnets": [{"name": "default"}]}]);
    group["publicAddresses"] = numbers().map(|number| json!({"name": format!("builder-{number}-ip")})).collect();
    group["networkInterfaces"] = numbers().map(interface).collect();
    if let Some(machines) = group["virtualMachines"].as_array_mut() {
        machines.push(json!({"name": "bystander"}));
    }
}

/// The resource group in which copies of machines are made.
pub const WORKSPACE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/image-work";

/// The resource id of the subnet of copies.
const SUBNET: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/hub/subnets/work";

/// The size of all machines.
pub const SIZE: &str = "Standard_D2s_v5";

/// A resource in the workspace that nobody of azimage's made, and that has to stay.
pub const FOREIGN: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/image-work/providers/Microsoft.Compute/disks/azimage-others-os-disk";

/// The resource id of what is made for the object of this uid, such as `virtualMachines` and `machine`.
pub fn temporary(uid: &str, kind: &str, part: &str) -> String {
    let provider = if kind.starts_with("network") { "Microsoft.Network" } else { "Microsoft.Compute" };
    format!("{WORKSPACE}/providers/{provider}/{kind}/azimage-{uid}-{part}")
}

/// The resource id of the snapshot that is kept of a version's machine, beside that.
pub fn kept(uid: &str) -> String {
    format!("{PROVIDER}/snapshots/azimage-{uid}-os-snapshot")
}

/// The resource id of a gallery image version.
pub fn version(number: u8) -> String {
    format!("{}/versions/{}", definition(number), version_number(number))
}

/// The number of a gallery image version in its image definition.
fn version_number(number: u8) -> &'static str {
    if number < SUCCESSOR { "1.4.0" } else { "1.5.0" }
}

/// The name of a region in the form in which names are compared.
pub fn normal(region: &str) -> String {
    region.chars().filter(|letter| !letter.is_whitespace()).collect::<String>().to_lowercase()
}

/// The resource id of the image definition of a version.
pub fn definition(number: u8) -> String {
    format!("{PROVIDER}/galleries/corp/images/{}", definition_name(number))
}

/// The name of the image definition of a version, and of the object that promotes it.
pub(crate) fn definition_name(number: u8) -> String {
    object(number % SUCCESSOR)
}

/// The resource id of the gallery.
pub fn gallery() -> String {
    format!("{PROVIDER}/galleries/corp")
}

/// The name of an image version's object.
pub fn object(number: u8) -> String {
    format!("web-{number}")
}

/// The name of a target's object.
pub fn target(number: usize) -> String {
    format!("target-{number}")
}

/// The prefix of the names of targets that operators add.
pub(crate) const ADDED: &str = "added-";

/// The name of the target that an operator adds for a region.
pub fn added_target(region: &str) -> String {
    format!("{ADDED}{}", normal(region))
}

/// Whether tags name the object of a version as their owner.
pub(crate) fn is_owner(number: u8, tags: &Value) -> bool {
    let whose = format!("{CLUSTER}/{NAMESPACE}/{}/", object(number));
    tags[OWNER_TAG].as_str().is_some_and(|owner| owner.starts_with(&whose))
}

/// The client that acts on Azure for the objects.
pub fn client(world: &World) -> &'static str {
    if world.identity { PUBLISHER } else { CLIENT }
}

/// The definitions of azimage's kinds, as an API server takes them.
pub fn definitions() -> &'static [Value] {
    static DEFINITIONS: LazyLock<Vec<Value>> =
        LazyLock::new(|| azimage_crds::manifests().into_iter().flatten().map(|manifest| manifest.object).collect());
    &DEFINITIONS
}

/// Azure in the beginning.
///
/// # Errors
/// The scenario can't be read.
pub(crate) fn azure(plan: &Plan) -> Result<Scenario, serde_json::Error> {
    let numbers = || plan.world.numbers();
    let broken_objects = || plan.world.broken_objects.iter();
    let machines: Vec<Value> = numbers()
        .filter(|number| plan.world.source_version(*number).is_none())
        .map(|number| {
            // Some record their console before they are claimed.
            let recorded = (plan.seed + u64::from(number)).is_multiple_of(3);
            let mut machine = json!({
                "name": format!("builder-{number}"), "tags": {"azimage-generalize": "allowed"},
                "bootDiagnostics": recorded, "vmSize": SIZE,
            });
            if let Some(clone) = plan.world.clone_of(number) {
                machine["tags"] = json!({"team": "web"});
                machine["dataDisks"] = (0..clone.data_disks).map(|lun| json!({"lun": lun})).collect();
                machine["powerState"] = json!(if clone.stopped { "deallocated" } else { "running" });
            }
            if plan.world.deletes_source(number) {
                furnish(number, &mut machine);
            }
            for oddity in plan.world.oddities(number) {
                oddity.apply(&mut machine);
            }
            machine
        })
        .chain(broken_objects().filter_map(|broken| broken.machine()))
        .collect();
    let others = |number| {
        let others = json!({
            "name": "1.4.0", "tags": {"made-by": "somebody"}, "virtualMachineId": machine(number),
            "excludeFromLatest": true,
        });
        if plan.world.taken { json!([others]) } else { json!([]) }
    };
    let definitions: Vec<Value> = (0..plan.world.versions)
        .map(|number| {
            let os = if plan.world.is_windows(number) { "Windows" } else { "Linux" };
            json!({"name": definition_name(number), "osType": os, "versions": others(number)})
        })
        .collect();
    let broken_definitions: Vec<Value> = broken_objects().filter_map(|broken| broken.definition()).collect();
    // Whether azimage may know which regions there are: if not, a misspelt one is found out by what Azure refuses.
    let roles = if plan.seed.is_multiple_of(3) {
        Value::Null
    } else {
        let actions = ["Microsoft.Compute/*", "Microsoft.Network/*", "Microsoft.Authorization/*"];
        json!([{"scope": format!("/subscriptions/{SUBSCRIPTION}"), "actions": actions}])
    };
    let mut clients =
        json!([{"id": CLIENT, "secret": "simulated", "roles": roles}, {"id": OPERATOR, "secret": "simulated"}]);
    let mut issuers = json!([]);
    if plan.world.identity {
        let issuer = ApiServer::issuer();
        let trusted = json!({
            "issuer": issuer["issuer"], "subject": format!("system:serviceaccount:{NAMESPACE}:{ACCOUNT}"),
        });
        if let Some(clients) = clients.as_array_mut() {
            clients.push(json!({"id": PUBLISHER, "federatedCredentials": [trusted], "roles": roles}));
        }
        issuers = json!([issuer]);
    }
    let mut scenario = json!({
        "issuers": issuers,
        "tenant": TENANT, "seed": plan.seed, "unknowns": plan.world.unknowns,
        "clients": clients,
        "subscriptions": [{"id": SUBSCRIPTION, "resourceGroups": [{
            "name": "images", "location": HOME, "virtualMachines": machines,
            "galleries": [
                {"name": "corp", "definitions": definitions}, {"name": broken_objects::GALLERY, "definitions": broken_definitions},
            ],
        }]}],
    });
    if plan.world.deletes_sources {
        add_what_belongs(&plan.world, &mut scenario["subscriptions"][0]["resourceGroups"][0]);
    }
    if let Some(groups) =
        scenario["subscriptions"][0]["resourceGroups"].as_array_mut().filter(|_| plan.world.has_workspace())
    {
        let others = json!([{"name": FOREIGN.rsplit('/').next(), "tags": {OWNER_TAG: "other/images/web/1"}}]);
        groups.push(json!({"name": "image-work", "location": HOME, "disks": others}));
        let hub = json!([{"name": "hub", "subnets": [{"name": "work"}]}]);
        groups.push(json!({"name": "network", "location": HOME, "virtualNetworks": hub}));
    }
    if !plan.world.sold_out.is_empty() {
        let until = |seconds: u64| VirtualClock::BEGIN.checked_add(Duration::from_secs(seconds)).ok();
        let all = plan.world.sold_out.iter().map(|sold| {
            let until = sold.seconds.and_then(until);
            json!({"region": HOME, "vmSize": sold.size, "code": sold.code, "until": until})
        });
        scenario["soldOut"] = all.collect();
    }
    // From half a minute up to ten.
    scenario["durations"] = json!({"serialLogLag": 30 + plan.seed % 20 * 30});
    if let Some(seconds) = plan.world.copy_seconds {
        scenario["durations"]["addRegion"] = json!(seconds);
    }
    serde_json::from_value(scenario)
}

fn made(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": kind,
        "metadata": {"name": name, "labels": {"tier": "prod"}}, "spec": spec,
    })
}

/// A target for all versions.
pub(crate) fn new_target(name: &str, region: &str) -> Result<ReplicationTarget, serde_json::Error> {
    let spec = json!({"region": region, "imageSelector": {"matchLabels": {"tier": "prod"}}, "replicas": 2});
    serde_json::from_value(made("ReplicationTarget", name, &spec))
}

/// A copy of the machine is captured, not the machine itself.
fn copy_it(clone: &CopiedMachine, spec: &mut Value) {
    let machine = &mut spec["source"]["virtualMachine"];
    machine["capture"] = json!("Clone");
    machine["inPlace"] = Value::Null;
    if !clone.sizes.is_empty() {
        machine["clone"]["vmSizes"] = json!(clone.sizes);
    }
    if clone.per_disk {
        machine["clone"]["consistency"] = json!("PerDisk");
    }
    if let Some(minutes) = clone.keep_minutes {
        machine["clone"]["keepOnFailure"] = json!(format!("{minutes}m"));
    }
    spec["workspace"] = workspace();
}

fn workspace() -> Value {
    json!({"resourceGroup": "image-work", "subnets": [{"region": HOME, "resourceId": SUBNET}]})
}

/// Sizes of machines that prove a version.
pub(crate) const PROVING_SIZES: [&str; 2] = [SIZE, "Standard_D4s_v5"];

/// Creates the objects of image definitions.
async fn promote(plan: &Plan, server: &ApiServer) -> kube::Result<()> {
    let definitions: Api<ImageDefinition> = Api::namespaced(server.client(), NAMESPACE);
    for promoted in &plan.world.promotes {
        let latest = if promoted.another_pinned {
            json!({"policy": "Pinned", "pinned": "1.3.9"})
        } else {
            json!({"policy": "Newest", "soak": format!("{}m", promoted.soak_minutes)})
        };
        let mut spec = json!({
            "gallery": {"subscriptionId": SUBSCRIPTION, "resourceGroup": "images", "name": "corp"},
            "management": "Observe", "latest": latest,
        });
        if plan.world.identity {
            spec["serviceAccountName"] = json!(ACCOUNT);
        }
        let made = serde_json::from_value(made("ImageDefinition", &definition_name(promoted.of), &spec));
        definitions.create(&PostParams::default(), &made.map_err(kube::Error::SerdeError)?).await?;
    }
    Ok(())
}

/// Creates the objects. Returns the uids of the good image versions by their numbers.
pub(crate) async fn apply(plan: &Plan, server: &ApiServer) -> kube::Result<BTreeMap<u8, String>> {
    let mut uids = Vec::new();
    let namespaces: Api<Namespace> = Api::all(server.client());
    let namespace =
        serde_json::from_value(json!({"metadata": {"name": NAMESPACE}})).map_err(kube::Error::SerdeError)?;
    namespaces.create(&PostParams::default(), &namespace).await?;
    if plan.world.identity {
        let accounts: Api<ServiceAccount> = Api::namespaced(server.client(), NAMESPACE);
        let account = json!({"metadata": {"name": ACCOUNT, "annotations": {
            "azure.workload.identity/client-id": PUBLISHER, "azure.workload.identity/tenant-id": TENANT,
        }}});
        let account = serde_json::from_value(account).map_err(kube::Error::SerdeError)?;
        accounts.create(&PostParams::default(), &account).await?;
    }
    let versions: Api<ImageVersion> = Api::namespaced(server.client(), NAMESPACE);
    let targets: Api<ReplicationTarget> = Api::namespaced(server.client(), NAMESPACE);
    promote(plan, server).await?;
    let good = plan.world.numbers().map(|number| {
        let mut spec = json!({
            "gallery": {"subscriptionId": SUBSCRIPTION, "resourceGroup": "images", "name": "corp"},
            "definition": definition_name(number), "version": version_number(number),
            "source": match plan.world.source_version(number) {
                Some(source) => json!({"imageVersion": {"resourceId": version(source)}}),
                None => json!({"virtualMachine": {
                    "resourceId": machine(number), "capture": "InPlace", "guest": {"timeout": "24h"},
                    "inPlace": {
                        "keepDiskSnapshotFor": if plan.world.keeps { "720h" } else { "0s" },
                        "sourceCleanup": if plan.world.deletes_sources { "Delete" } else { "Keep" },
                    },
                }}),
            },
        });
        if let Some(clone) = plan.world.clone_of(number) {
            copy_it(clone, &mut spec);
        }
        if plan.world.is_proven(number) {
            spec["workspace"] = workspace();
            spec["validation"] = json!({"vmSizes": PROVING_SIZES, "keepOnFailure": "20m"});
        }
        if plan.world.is_bad(number) {
            spec["validation"]["checks"] = json!([{"name": "web", "script": "exit 1"}]);
        }
        (object(number), spec)
    });
    for (name, mut spec) in good.chain(plan.world.broken_objects.iter().map(|broken| (broken.name(), broken.spec()))) {
        spec["deletionPolicy"] = json!(if plan.world.delete { "Delete" } else { "Retain" });
        if plan.world.identity {
            spec["serviceAccountName"] = json!(ACCOUNT);
        }
        let version = serde_json::from_value(made("ImageVersion", &name, &spec));
        let made = versions.create(&PostParams::default(), &version.map_err(kube::Error::SerdeError)?).await?;
        uids.push(made.metadata.uid.unwrap_or_default());
    }
    for (number, region) in plan.world.targets.iter().enumerate() {
        let made = new_target(&target(number), region).map_err(kube::Error::SerdeError)?;
        targets.create(&PostParams::default(), &made).await?;
    }
    Ok(plan.world.numbers().zip(uids).collect())
}

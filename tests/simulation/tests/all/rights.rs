//! Each action of azimage's roles on Azure is needed: without it the object stalls and names the action, and once it is
//! granted the work continues.

use std::{sync::Arc, time::Duration};

use azimage::{controller, seams::Seams};
use azimage_azure::rights::{CustomRole, Job};
use azimage_crds::{ImageDefinition, ImageVersion};
use azimage_simulation::{
    azure::Azure,
    program::{self, OneClient},
    rng::SeededRng,
    scheduler::Scheduler,
    time::VirtualClock,
    world::{CLIENT, SUBSCRIPTION, TENANT, definitions},
};
use azimage_simulator::Scenario;
use azimage_test_api_server::ApiServer;
use kube::{
    Api,
    api::{DeleteParams, PostParams},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const MACHINE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/builders/providers/Microsoft.Compute/virtualMachines/builder";

/// An environment with roles, one version and a running controller.
struct Environment {
    azure: Azure,
    versions: Api<ImageVersion>,
    definitions: Api<ImageDefinition>,
    stop: CancellationToken,
}

/// A job's role without one of its actions.
fn role(job: Job, without: Option<&str>) -> Value {
    let mut role = CustomRole::of(&[job], &[format!("/subscriptions/{SUBSCRIPTION}")]);
    role.actions.retain(|action| Some(action.as_str()) != without);
    serde_json::to_value(role).unwrap()
}

/// Where a job is done: the workspace's role is assigned on its resource group and on a subnet elsewhere.
fn places(job: Job) -> &'static [&'static str] {
    match job {
        Job::Capture | Job::DeleteSource | Job::Clone => &["builders"],
        Job::Workspace | Job::Validate => &["work", SUBNET],
        Job::Source | Job::SourceDisks => &["sources"],
        Job::Definition | Job::Publish | Job::CleanUp | Job::Observe => &["images"],
    }
}

const SUBNET: &str = "network/providers/Microsoft.Network/virtualNetworks/hub/subnets/work";

impl Environment {
    async fn begin(jobs: &[Job]) -> Self {
        let capture = if jobs.contains(&Job::Clone) && !jobs.contains(&Job::Capture) { "Clone" } else { "InPlace" };
        Self::begin_from(jobs, json!({"virtualMachine": {"resourceId": MACHINE, "capture": capture}})).await
    }

    async fn begin_from(jobs: &[Job], source: Value) -> Self {
        Self::begin_with(jobs, source, json!([])).await
    }

    /// The same, with data disks of the machine.
    async fn begin_with(jobs: &[Job], source: Value, data_disks: Value) -> Self {
        let clock = VirtualClock::begin();
        let assignment = |job: &Job, place: &str| {
            let scope = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{place}");
            json!({"client": CLIENT, "role": format!("azimage {job}"), "scope": scope})
        };
        let assignments: Vec<Value> =
            jobs.iter().flat_map(|job| places(*job).iter().map(move |place| assignment(job, place))).collect();
        let scenario: Scenario = serde_json::from_value(json!({
            "tenant": TENANT,
            "clients": [{"id": CLIENT, "secret": "simulated", "roles": []}],
            "roleDefinitions": Job::ALL.map(|job| role(job, None)),
            "roleAssignments": assignments,
            "subscriptions": [{"id": SUBSCRIPTION, "resourceGroups": [
                {
                    "name": "builders",
                    "virtualMachines": [{
                        "name": "builder", "tags": {"azimage-generalize": "allowed"}, "dataDisks": data_disks, "networkInterfaces": [beside("networkInterfaces/nic")],
                    }],
                    "virtualNetworks": [{"name": "lab", "subnets": [{"name": "default"}]}],
                    "publicAddresses": [{"name": "ip"}],
                    "networkInterfaces": [{
                        "name": "nic", "subnet": beside("virtualNetworks/lab/subnets/default"), "publicAddress": beside("publicIPAddresses/ip"),
                    }],
                },
                {"name": "work"},
                {"name": "network", "virtualNetworks": [{"name": "hub", "subnets": [{"name": "work"}]}]},
                {"name": "images", "galleries": [{"name": "corp", "definitions": [{"name": "web"}]}]},
                {
                    "name": "sources",
                    "galleries": [{"name": "base", "definitions": [{"name": "web", "versions": [{"name": "1.0.0"}]}]}],
                    "images": [{"name": "golden"}],
                    "disks": [{"name": "data"}],
                    "snapshots": [{"name": "os", "osType": "Linux"}],
                },
            ]}],
        }))
        .unwrap();
        let azure = Azure::new(&scenario, clock).unwrap();
        let server = ApiServer::with_scheduler(definitions(), 1, move || clock.time(), Scheduler::new(1)).unwrap();
        let seams = Seams { clock: Arc::new(clock), randomness: Arc::new(SeededRng::new(1, 2)), ..Seams::default() };
        let client = OneClient(azure.client(TENANT, CLIENT));
        let options = program::options(server.client(), Arc::new(client), seams);
        let stop = options.stop.clone();
        tokio::spawn(controller::run(options));
        let versions = Api::namespaced(server.client(), "default");
        let mut object = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion", "metadata": {"name": "web"},
            "spec": {
                "gallery": {"subscriptionId": SUBSCRIPTION, "resourceGroup": "images", "name": "corp"},
                "definition": "web", "version": "1.4.0", "deletionPolicy": "Delete",
                "source": source,
            },
        });
        // What is kept of a machine that is captured in place lies beside it.
        if jobs.contains(&Job::Workspace) {
            object["spec"]["workspace"] = json!({"resourceGroup": "work", "subnets": [{
                "region": "westeurope",
                "resourceId": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{SUBNET}"),
            }]});
        }
        if jobs.contains(&Job::Validate) && !jobs.contains(&Job::Capture) {
            object["spec"]["workspace"] = json!({"resourceGroup": "work", "subnets": [{
                "region": "westeurope",
                "resourceId": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{SUBNET}"),
            }]});
            object["spec"]["validation"] = json!({"vmSizes": ["Standard_D2s_v5"]});
        }
        versions.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
        let definitions = Api::namespaced(server.client(), "default");
        Self { azure, versions, definitions, stop }
    }

    fn define(&self, role: &Value) {
        let scenario = serde_json::from_value(json!({"roleDefinitions": [role]})).unwrap();
        self.azure.simulator().add(&scenario).unwrap();
    }

    /// Waits, at most two days of virtual time, until the object is as wanted; `None` is an object that is gone.
    async fn until(&self, what: &str, mut wanted: impl FnMut(Option<&ImageVersion>) -> bool) {
        let mut last = None;
        for _ in 0..(2 * 24 * 60) {
            tokio::time::sleep(Duration::from_secs(60)).await;
            last = self.versions.get_opt("web").await.unwrap();
            if wanted(last.as_ref()) {
                return;
            }
        }
        panic!("waited in vain for {what}: {:?}", last.map(|object| object.status));
    }

    async fn ready(&self) {
        self.until("Ready", |object| condition(object, "Ready").is_some_and(|(status, ..)| status == "True")).await;
    }

    /// Stalled over exactly this action, on a scope of this resource group.
    async fn denied(&self, action: &str, group: &str) -> String {
        let mut message = String::new();
        self.until(&format!("a stall over {action}"), |object| {
            let Some((status, reason, said)) = condition(object, "Stalled") else { return false };
            message = said;
            status == "True" && reason == "AccessDenied"
        })
        .await;
        assert!(
            message.contains(&format!("the action {action} on /subscriptions/{SUBSCRIPTION}/resourceGroups/{group}")),
            "{message}"
        );
        message
    }
}

fn condition(object: Option<&ImageVersion>, kind: &str) -> Option<(String, String, String)> {
    let conditions = &object?.status.as_ref()?.conditions;
    let found = conditions.iter().find(|condition| condition.type_ == kind)?;
    Some((found.status.clone(), found.reason.clone(), found.message.clone()))
}

/// Capture and publish, with an action left out.
async fn publish_without(job: Job, action: &'static str) {
    let environment = Environment::begin(&[Job::Capture, Job::Publish]).await;
    environment.define(&role(job, Some(action)));
    let group = if job == Job::Capture { "builders" } else { "images" };
    let message = environment.denied(action, group).await;
    environment.define(&role(job, None));
    environment.ready().await;
    environment.stop.cancel();
    println!("{job} without {action}: {message}");
}

/// A resource that versions are made from.
fn source(kind_and_name: &str) -> Value {
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/sources");
    format!("{group}/providers/Microsoft.Compute/{kind_and_name}").into()
}

/// A version of another source than a machine, with an action left out.
async fn copy_without(job: Job, action: &'static str) {
    let from = match (job, action) {
        (Job::Source, "Microsoft.Compute/images/read") => {
            json!({"managedImage": {"resourceId": source("images/golden")}})
        }
        (Job::Source, _) => {
            json!({"imageVersion": {"resourceId": source("galleries/base/images/web/versions/1.0.0")}})
        }
        _ => json!({"disks": {
            "osDisk": {"resourceId": source("snapshots/os")},
            "dataDisks": [{"lun": 0, "resourceId": source("disks/data")}],
            "prepare": "AlreadyGeneralized",
        }}),
    };
    let environment = Environment::begin_from(&[job, Job::Publish], from).await;
    environment.define(&role(job, Some(action)));
    let message = environment.denied(action, "sources").await;
    environment.define(&role(job, None));
    environment.ready().await;
    environment.stop.cancel();
    println!("{job} without {action}: {message}");
}

/// Something of the network beside the machine.
fn beside(kind_and_name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/builders/providers/Microsoft.Network/{kind_and_name}")
}

/// A capture whose machine is deleted, with an action left out.
async fn delete_source_without(action: &'static str) {
    let settings = json!({"sourceCleanup": "Delete"});
    let from = json!({"virtualMachine": {"resourceId": MACHINE, "capture": "InPlace", "inPlace": settings}});
    let environment = Environment::begin_from(&[Job::Capture, Job::DeleteSource, Job::Publish], from).await;
    environment.define(&role(Job::DeleteSource, Some(action)));
    let message = environment.denied(action, "builders").await;
    environment.define(&role(Job::DeleteSource, None));
    environment.ready().await;
    assert!(environment.azure.simulator().state(MACHINE).is_none());
    assert!(environment.azure.simulator().state(&beside("publicIPAddresses/ip")).is_none());
    environment.stop.cancel();
    println!("{} without {action}: {message}", Job::DeleteSource);
}

/// A copy and publish, with an action left out. What can't be deleted any more is told, and holds up nothing.
async fn clone_without(job: Job, action: &'static str) {
    // Only of several disks a restore point is made.
    let data_disks = if action.contains("/restorePointCollections/") { json!([{"lun": 3}]) } else { json!([]) };
    let machine = json!({"virtualMachine": {"resourceId": MACHINE, "capture": "Clone"}});
    let jobs = [Job::Clone, Job::Workspace, Job::Publish];
    let environment = Environment::begin_with(&jobs, machine, data_disks).await;
    environment.define(&role(job, Some(action)));
    let group = match (job, action) {
        (Job::Clone, _) => "builders",
        (_, "Microsoft.Network/virtualNetworks/subnets/join/action") => "network",
        _ => "work",
    };
    let message = environment.denied(action, group).await;
    environment.define(&role(job, None));
    environment.ready().await;
    let cleaned =
        |object: Option<&ImageVersion>| condition(object, "CleanedUp").is_some_and(|(status, ..)| status == "True");
    environment.until("nothing is left", cleaned).await;
    environment.stop.cancel();
    println!("{job} without {action}: {message}");
}

/// A version that is proven, with an action left out.
async fn validate_without(action: &'static str) {
    let from = json!({"imageVersion": {"resourceId": source("galleries/base/images/web/versions/1.0.0")}});
    let environment = Environment::begin_from(&[Job::Source, Job::Validate, Job::Publish], from).await;
    environment.define(&role(Job::Validate, Some(action)));
    let is_of_the_subnet = action == "Microsoft.Network/virtualNetworks/subnets/join/action";
    let message = environment.denied(action, if is_of_the_subnet { "network" } else { "work" }).await;
    environment.define(&role(Job::Validate, None));
    environment.ready().await;
    environment.stop.cancel();
    println!("{} without {action}: {message}", Job::Validate);
}

/// The deletion of a version that is Ready, with the rights of capture and clean-up only, and an action left out.
async fn delete_without(action: &'static str) {
    let environment = Environment::begin(&Job::ALL).await;
    environment.ready().await;
    environment
        .define(&json!({"Name": "azimage publish", "AssignableScopes": [format!("/subscriptions/{SUBSCRIPTION}")]}));
    environment.define(&role(Job::CleanUp, Some(action)));
    environment.versions.delete("web", &DeleteParams::default()).await.unwrap();
    let message = environment.denied(action, "images").await;
    environment.define(&role(Job::CleanUp, None));
    environment.until("the end of the object", |object| object.is_none()).await;
    environment.stop.cancel();
    println!("{} without {action}: {message}", Job::CleanUp);
}

/// An image definition that is made, with an action left out.
async fn define_without(action: &'static str) {
    let environment = Environment::begin(&[Job::Definition]).await;
    environment.define(&role(Job::Definition, Some(action)));
    let object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition", "metadata": {"name": "new"},
        "spec": {
            "gallery": {"subscriptionId": SUBSCRIPTION, "resourceGroup": "images", "name": "corp"},
            "properties": {"osType": "Linux", "identifier": {"publisher": "corp", "offer": "ubuntu", "sku": "new"}},
        },
    });
    let object = serde_json::from_value(object).unwrap();
    environment.definitions.create(&PostParams::default(), &object).await.unwrap();
    let message = until_defined(&environment, "Stalled").await;
    let expected = format!("the action {action} on /subscriptions/{SUBSCRIPTION}/resourceGroups/images");
    assert!(message.contains(&expected), "{message}");
    environment.define(&role(Job::Definition, None));
    until_defined(&environment, "Ready").await;
    environment.stop.cancel();
    println!("{} without {action}: {message}", Job::Definition);
}

/// Waits, at most a day of virtual time, until a condition of the image definition is true; its message.
async fn until_defined(environment: &Environment, kind: &str) -> String {
    for _ in 0..(24 * 60) {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let status = environment.definitions.get("new").await.unwrap().status.unwrap_or_default();
        let wanted = status.conditions.iter().find(|it| it.type_ == kind && it.status == "True");
        if let Some(wanted) = wanted {
            return wanted.message.clone();
        }
    }
    panic!("waited in vain for {kind}");
}

#[tokio::test(start_paused = true)]
async fn each_action_of_each_role_is_needed_and_once_granted_the_work_goes_on_by_itself() {
    for job in [Job::Capture, Job::Publish] {
        for right in job.rights().filter(|right| !right.optional) {
            publish_without(job, right.action).await;
        }
    }
    for right in Job::DeleteSource.rights().filter(|right| !right.optional) {
        delete_source_without(right.action).await;
    }
    for job in [Job::Clone, Job::Workspace] {
        for right in job.rights().filter(|right| !right.optional) {
            clone_without(job, right.action).await;
        }
    }
    for job in [Job::Source, Job::SourceDisks] {
        for right in job.rights().filter(|right| !right.optional) {
            copy_without(job, right.action).await;
        }
    }
    for right in Job::Validate.rights().filter(|right| !right.optional) {
        validate_without(right.action).await;
    }
    for right in Job::Definition.rights().filter(|right| !right.optional) {
        define_without(right.action).await;
    }
    for right in Job::CleanUp.rights().filter(|right| !right.optional) {
        delete_without(right.action).await;
    }
}

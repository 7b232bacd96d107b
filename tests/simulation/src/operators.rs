//! Actions of operators other than azimage, in Azure and in Kubernetes.

use std::collections::BTreeMap;

use azimage_crds::{ImageDefinition, ImageVersion, OWNER_TAG, RECONCILE_REQUESTED_AT, ReplicationTarget};
use azimage_simulator::{
    MachineChange, Outcome,
    scenario::{PowerState, ScriptFails},
};
use azimage_test_api_server::ApiServer;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    azure::{Azure, HOST},
    plan::{Action, Latest},
    world::{
        HOME, NAMESPACE, OPERATOR, SUBSCRIPTION, TENANT, added_target, bystander, data_disk, definition,
        definition_name, gallery, machine, new_target, object, target, version,
    },
};

/// A version of the interface of what lies at this path.
fn api_version(path: &str) -> &'static str {
    if path.contains("/Microsoft.Network/") {
        "2025-05-01"
    } else if path.contains("/virtualMachines/") || path.contains("/restorePointCollections/") {
        "2025-04-01"
    } else if path.contains("/disks/") || path.contains("/snapshots/") {
        "2025-01-02"
    } else {
        "2024-03-03"
    }
}

/// An operator with all rights.
pub(crate) struct Operators {
    pub(crate) azure: Azure,
    pub(crate) server: ApiServer,
}

impl Operators {
    /// Applies an action, and returns whether it changed anything. An action that can't be done, such as deleting what is gone,
    /// is skipped.
    pub(crate) async fn apply(&self, action: &Action) -> bool {
        let power = |power_state| MachineChange { power_state: Some(power_state), ..MachineChange::default() };
        if let Some(changed) = self.apply_to_copy(action).await {
            return changed;
        }
        match action {
            // Azure starts no machine that is generalized.
            Action::StartMachine(number) => {
                let machine = self.azure.simulator().state(&machine(*number)).unwrap_or_default();
                machine["generalized"] != true && self.change(*number, power(PowerState::Running))
            }
            Action::StopMachine(number) => self.change(*number, power(PowerState::Stopped)),
            Action::GeneralizeMachine(number) => {
                self.change(*number, MachineChange { generalized: Some(true), ..MachineChange::default() })
            }
            Action::DeleteMachine(number) => {
                self.change(*number, MachineChange { deleted: true, ..MachineChange::default() })
            }
            Action::RetagMachine(number) => {
                self.change(*number, MachineChange { tags: Some([].into()), ..MachineChange::default() })
            }
            Action::TagMachine(number) => self.tag(*number, "team", "web"),
            Action::ClaimMachine(number) => self.tag(*number, OWNER_TAG, "other/images/web/1234"),
            Action::BreakGuest(number) => {
                let script_fails = Some(ScriptFails::Always(3));
                self.change(*number, MachineChange { script_fails, ..MachineChange::default() })
            }
            Action::DisownVersion(number) => {
                let mut body = self.request(&Method::GET, &version(*number), &Value::Null).1;
                body["tags"] = json!({"made-by": "somebody"});
                self.put(&version(*number), &body)
            }
            Action::AddRegion(number, region) => self.add_region(*number, region),
            Action::Include(number) => self.include(*number),
            Action::DeleteVersion(number) => self.delete(&version(*number)),
            Action::DeleteDefinition(number) => self.delete(&definition(*number)),
            Action::DeleteGallery => self.delete(&gallery()),
            action => {
                let before = self.server.revision();
                self.apply_in_kubernetes(action).await;
                self.server.revision() > before
            }
        }
    }

    /// Applies an action on the copy of a machine, if it is one.
    async fn apply_to_copy(&self, action: &Action) -> Option<bool> {
        let power = |power_state| MachineChange { power_state: Some(power_state), ..MachineChange::default() };
        let change = |number: &u8, change| self.change_machine(&self.azure.copy(*number), change);
        let disk = |number: &u8| self.azure.part(*number, "disks", "os-disk");
        Some(match action {
            Action::StartCopy(number) => {
                let copy = self.azure.simulator().state(&self.azure.copy(*number)).unwrap_or_default();
                copy["generalized"] != true && change(number, power(PowerState::Running))
            }
            Action::StopCopy(number) => change(number, power(PowerState::Stopped)),
            Action::GeneralizeCopy(number) => {
                change(number, MachineChange { generalized: Some(true), ..MachineChange::default() })
            }
            Action::DeleteCopy(number) => self.delete(&self.azure.copy(*number)),
            Action::RetagCopy(number) => {
                change(number, MachineChange { tags: Some([].into()), ..MachineChange::default() })
            }
            Action::DeleteSnapshot(number) => {
                self.delete(&self.azure.part(*number, "snapshots", "os-snapshot"))
                    || self.delete(&self.azure.part(*number, "restorePointCollections", "restore-points"))
            }
            Action::DeleteCopiedDisk(number) => self.delete(&disk(number)),
            Action::OpenNetwork(number) => {
                self.open(&self.azure.part(*number, "networkSecurityGroups", "security-group"))
            }
            Action::TakeName(number) => {
                let id = disk(number);
                let is_free = self.azure.simulator().state(&id).is_none();
                let properties = json!({"creationData": {"createOption": "Empty"}, "diskSizeGB": 4});
                let tags = json!({"made-by": "somebody"});
                is_free && self.put(&id, &json!({"location": HOME, "tags": tags, "properties": properties}))
            }
            Action::AttachDisk(number) => {
                let id = data_disk(*number);
                let is_free = self.azure.simulator().state(&id).is_some() && self.is_gone(*number);
                let path = format!("{}/attachDetachDataDisks", bystander());
                let body = json!({"dataDisksToAttach": [{"diskId": id}]});
                is_free && self.request(&Method::POST, &path, &body).0.is_success()
            }
            Action::ReplaceDisk(number) => {
                self.is_gone(*number) && self.appears(&json!({"disks": [{"name": format!("builder-{number}_disk0")}]}))
            }
            Action::MakeMachine(number) => {
                let machine = json!({"name": format!("builder-{number}"), "tags": {"team": "web"}});
                self.is_gone(*number) && self.appears(&json!({"virtualMachines": [machine]}))
            }
            Action::AskAgain(number) => {
                let before = self.server.revision();
                let annotations = json!({RECONCILE_REQUESTED_AT: self.azure.clock.time().to_string()});
                self.patch(*number, json!({"metadata": {"annotations": annotations}})).await;
                self.server.revision() > before
            }
            _ => return None,
        })
    }

    /// Whether the machine of a version is gone.
    fn is_gone(&self, number: u8) -> bool {
        self.azure.simulator().state(&machine(number)).is_none()
    }

    /// Something is made in the resource group of the machines.
    fn appears(&self, content: &Value) -> bool {
        let mut group = content.clone();
        group["name"] = json!("images");
        let scenario = json!({"subscriptions": [{"id": SUBSCRIPTION, "resourceGroups": [group]}]});
        serde_json::from_value(scenario).is_ok_and(|scenario| self.azure.simulator().add(&scenario).is_ok())
    }

    /// Takes all rules from a security group.
    fn open(&self, group: &str) -> bool {
        let (status, mut body) = self.request(&Method::GET, group, &Value::Null);
        body["properties"] = json!({"securityRules": []});
        status.is_success() && self.put(group, &body)
    }

    async fn apply_in_kubernetes(&self, action: &Action) {
        let versions: Api<ImageVersion> = Api::namespaced(self.server.client(), NAMESPACE);
        let targets: Api<ReplicationTarget> = Api::namespaced(self.server.client(), NAMESPACE);
        match action {
            Action::DeleteNamespace => {
                let namespaces: Api<Namespace> = Api::all(self.server.client());
                let _ = namespaces.delete(NAMESPACE, &DeleteParams::default()).await;
            }
            Action::AddTarget(region) => {
                if let Ok(made) = new_target(&added_target(region), region) {
                    let _ = targets.create(&PostParams::default(), &made).await;
                }
            }
            Action::Suspend(number) => self.patch(*number, json!({"spec": {"suspend": true}})).await,
            Action::Resume(number) => self.patch(*number, json!({"spec": {"suspend": false}})).await,
            Action::RemoveFinalizers(number) => self.patch(*number, json!({"metadata": {"finalizers": null}})).await,
            Action::DeleteObject(number) => {
                let _ = versions.delete(&object(*number), &DeleteParams::default()).await;
            }
            Action::SetLatest(number, latest) => {
                let definitions: Api<ImageDefinition> = Api::namespaced(self.server.client(), NAMESPACE);
                let (policy, pinned) = match latest {
                    Latest::Newest => ("Newest", Value::Null),
                    Latest::First => ("Pinned", json!("1.4.0")),
                    Latest::Successor => ("Pinned", json!("1.5.0")),
                    Latest::None => ("None", Value::Null),
                };
                let patch = json!({"spec": {"latest": {"policy": policy, "pinned": pinned, "soak": null}}});
                let name = definition_name(*number);
                let _ = definitions.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await;
            }
            Action::DeleteTarget(number) => {
                let _ = targets.delete(&target((*number).into()), &DeleteParams::default()).await;
            }
            // The others aren't operators' actions.
            _ => {}
        }
    }

    fn change(&self, number: u8, change: MachineChange) -> bool {
        self.change_machine(&machine(number), change)
    }

    fn change_machine(&self, id: &str, change: MachineChange) -> bool {
        let mut simulator = self.azure.simulator();
        let before = simulator.state(id);
        let _ = simulator.change_machine(id, change);
        simulator.state(id) != before
    }

    fn tag(&self, number: u8, key: &str, value: &str) -> bool {
        let machine = self.azure.simulator().state(&machine(number)).unwrap_or_default();
        let mut tags: BTreeMap<String, String> = serde_json::from_value(machine["tags"].clone()).unwrap_or_default();
        tags.insert(key.to_owned(), value.to_owned());
        self.change(number, MachineChange { tags: Some(tags), ..MachineChange::default() })
    }

    async fn patch(&self, number: u8, patch: Value) {
        let versions: Api<ImageVersion> = Api::namespaced(self.server.client(), NAMESPACE);
        let _ = versions.patch(&object(number), &PatchParams::default(), &Patch::Merge(patch)).await;
    }

    fn add_region(&self, number: u8, region: &str) -> bool {
        let mut body = self.request(&Method::GET, &version(number), &Value::Null).1;
        let list = body.pointer_mut("/properties/publishingProfile/targetRegions").and_then(Value::as_array_mut);
        let Some(regions) = list else { return false };
        let mut added = json!({"name": region, "regionalReplicaCount": 1});
        // Most tools leave the flag out; where it is there it counts more than that of the version.
        if let Some(excluded) = [None, Some(true), Some(false)][usize::from(number % 3)] {
            added["excludeFromLatest"] = json!(excluded);
        }
        regions.push(added);
        self.put(&version(number), &body)
    }

    fn include(&self, number: u8) -> bool {
        let mut body = self.request(&Method::GET, &version(number), &Value::Null).1;
        let list = body.pointer_mut("/properties/publishingProfile/targetRegions").and_then(Value::as_array_mut);
        let Some(regions) = list else { return false };
        for region in regions {
            region["excludeFromLatest"] = json!(false);
        }
        self.put(&version(number), &body)
    }

    fn put(&self, path: &str, body: &Value) -> bool {
        self.request(&Method::PUT, path, body).0.is_success()
    }

    fn delete(&self, path: &str) -> bool {
        // Azure answers 204 where there is nothing to delete.
        let status = self.request(&Method::DELETE, path, &Value::Null).0;
        status.is_success() && status != StatusCode::NO_CONTENT
    }

    /// The answer; a request without an answer counts as an error of the server.
    fn request(&self, method: &Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let token = self.azure.token(TENANT, &format!("client_id={OPERATOR}&client_secret=simulated"));
        let token = token.map(|token| token.secret().expose_secret().to_owned()).unwrap_or_default();
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder()
            .method(method)
            .uri(format!("{HOST}{path}?api-version={}", api_version(path)))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(Bytes::from(text));
        match request.map(|request| self.azure.handle(&request)) {
            Ok(Outcome::Answer(response) | Outcome::Delayed(_, response)) => {
                (response.status(), serde_json::from_slice(response.body()).unwrap_or_default())
            }
            _ => (StatusCode::INTERNAL_SERVER_ERROR, Value::Null),
        }
    }
}

//! Machines from images: what they need, how they come up, what stays of them.

use serde_json::json;

use crate::azure::{Azure, body, disk, id, machine, machine_body, network, version};

const VERSION: &str = "galleries/corp/images/web/versions/1.0.0";

/// A version of the machine `source`.
fn captured(azure: &mut Azure, source: &str, name: &str) {
    let put = azure.put(&version(name), &body(source, &["westeurope"]));
    assert_eq!(put.status, 201, "{put:?}");
    azure.wait(431);
}

#[test]
fn a_machine_from_a_version_is_fresh_and_takes_everything_with_it() {
    let mut azure = Azure::new();
    captured(&mut azure, "sealed", "1.0.0");
    let created = azure.put(&machine("val", ""), &machine_body("val", &id(VERSION)));
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["properties"]["storageProfile"]["imageReference"]["exactVersion"], "1.0.0");
    azure.wait(41);
    assert_eq!(azure.operation(&created)["status"], "Succeeded");
    azure.wait(21);
    let (before, after) = (azure.truth("sealed")["guest"].clone(), azure.truth("val")["guest"].clone());
    assert_ne!(after["hostKeys"], before["hostKeys"]);
    assert!(after["machineId"].is_string());
    assert_eq!(after["users"], json!(["valadmin"]));
    let nic = network("networkInterfaces/val-nic");
    assert_eq!(azure.get(&nic).body["properties"]["virtualMachine"]["id"], json!(id("virtualMachines/val")));
    assert_eq!(azure.get(&disk("val_OsDisk_1")).body["managedBy"], json!(id("virtualMachines/val")));
    azure.delete(&format!("{}&forceDeletion=true", machine("val", "")));
    azure.wait(16);
    for gone in [machine("val", ""), nic, disk("val_OsDisk_1")] {
        assert_eq!(azure.get(&gone).status, 404, "{gone}");
    }
}

#[test]
fn a_system_that_was_not_deprovisioned_may_never_come_up() {
    let mut azure = Azure::with(
        "unknowns: {unpreparedSystem: TimesOut}
subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
          {name: dirty, powerState: deallocated, generalized: true}]}]}]",
    );
    captured(&mut azure, "dirty", "1.0.0");
    let created = azure.put(&machine("val", ""), &machine_body("val", &id(VERSION)));
    azure.wait(100);
    assert_eq!(azure.operation(&created)["status"], "InProgress");
    assert!(azure.statuses("val").contains(&"PowerState/running".to_owned()));
    azure.wait(2400);
    let failed = azure.operation(&created);
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("Failed"), &json!("OSProvisioningTimedOut")));
    assert!(failed["error"]["message"].as_str().unwrap().contains("guest agent was detected running"));
    assert_eq!(azure.get(&machine("val", "")).body["properties"]["provisioningState"], "Failed");
    assert!(azure.statuses("val").contains(&"ProvisioningState/failed/OSProvisioningTimedOut".to_owned()));
    assert_eq!(azure.truth("val")["guest"]["hostKeys"], azure.truth("dirty")["guest"]["hostKeys"]);
}

#[test]
fn a_script_sees_what_makes_a_system_unique() {
    let mut azure = Azure::new();
    let path = machine("builder", "/runCommands/look");
    let script = "cat /etc/machine-id\necho key=$(cut -d' ' -f 3 /etc/ssh/ssh_host_ed25519_key.pub)\nls -A /var/lib/cloud/instances";
    azure.put(&path, &json!({"location": "westeurope", "properties": {"source": {"script": script}}}));
    azure.wait(30);
    let view = azure.get(&format!("{path}&$expand=instanceView")).body;
    let guest = azure.truth("builder")["guest"].clone();
    let expected = format!(
        "{}\nkey=root@builder\n{}\n",
        guest["machineId"].as_str().unwrap(),
        azure.truth("builder")["vmId"].as_str().unwrap()
    );
    assert_eq!(view["properties"]["instanceView"]["output"], json!(expected));
}

#[test]
fn latest_is_the_highest_version_that_is_offered_in_the_region() {
    let mut azure = Azure::with(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, galleries: [
          {name: corp, definitions: [{name: many, versions: [
            {name: 1.9.0, regions: [northeurope]}, {name: 1.10.0}, {name: 2.0.0, excludeFromLatest: true}]},
            {name: empty}]}]}]}]",
    );
    let made = azure.put(&machine("val", ""), &machine_body("val", &id("galleries/corp/images/many")));
    assert_eq!(made.body["properties"]["storageProfile"]["imageReference"]["exactVersion"], "1.10.0", "{made:?}");
    for (image, words) in [
        ("galleries/corp/images/empty", "no latest image version"),
        ("galleries/corp/images/many/versions/9.9.9", "is not available in westeurope region"),
    ] {
        let refused = azure.put(&machine("other", ""), &machine_body("other", &id(image)));
        assert_eq!((refused.status, refused.code()), (404, "GalleryImageNotFound"), "{image}");
        assert!(refused.message().contains(words), "{}", refused.message());
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let mut azure = Azure::with(
        "soldOut: [{region: West Europe, vmSize: Standard_D4s_v5, code: AllocationFailed}]
subscriptions: [{id: 11111111-1111-4111-8111-111111111111, coreQuotas: {westeurope: 10}, resourceGroups: [{name: images, galleries: [
          {name: corp, definitions: [
            {name: trusted, features: [{name: SecurityType, value: TrustedLaunch}], versions: [{name: 1.0.0}]},
            {name: plain, versions: [{name: 1.0.0}]},
            {name: special, osState: Specialized, versions: [{name: 1.0.0}]}]}]}]}]",
    );
    let plain = machine_body("val", &id("galleries/corp/images/plain"));
    let changed = |pointer: &str, value: serde_json::Value| {
        let mut body = plain.clone();
        *body["properties"].pointer_mut(pointer).unwrap() = value;
        body
    };
    for (name, body, status, code, words) in [
        (
            "no profile",
            changed("/osProfile", json!(null)),
            400,
            "InvalidParameter",
            "Required parameter 'osProfile' is missing",
        ),
        (
            "profile",
            machine_body("val", &id("galleries/corp/images/special")),
            400,
            "InvalidParameter",
            "'osProfile' is not allowed",
        ),
        (
            "security",
            machine_body("val", &id("galleries/corp/images/trusted")),
            400,
            "BadRequest",
            "only supports creation of VMs",
        ),
        ("no network", changed("/networkProfile", json!(null)), 400, "InvalidParameter", "networkProfile"),
        ("small disk", changed("/storageProfile/osDisk", json!({"diskSizeGB": 5})), 409, "ResizeDiskError", "smaller"),
        (
            "quota",
            changed("/hardwareProfile/vmSize", json!("Standard_D16s_v5")),
            409,
            "OperationNotAllowed",
            "Current Limit: 10",
        ),
    ] {
        let refused = azure.put(&machine("val", ""), &body);
        assert_eq!((refused.status, refused.code()), (status, code), "{name}: {refused:?}");
        assert!(refused.message().contains(words), "{name}: {}", refused.message());
    }
    assert_eq!(azure.get(&disk("val_OsDisk_1")).status, 404, "a refused machine leaves nothing");
    let taken = azure.put(&machine("val", ""), &changed("/hardwareProfile/vmSize", json!("Standard_D4s_v5")));
    assert_eq!(taken.status, 201, "{taken:?}");
    azure.wait(41);
    assert_eq!(azure.operation(&taken)["error"]["code"], "AllocationFailed");
}

#[test]
fn a_disk_becomes_a_machine_again_and_stays_when_it_goes() {
    let mut azure = Azure::new();
    let copy = json!({"location": "westeurope",
        "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": id("disks/builder_OsDisk_1")}}});
    azure.put(&disk("copy"), &copy);
    azure.wait(4);
    let mut attach = machine_body("clone", "");
    attach["properties"]["storageProfile"] = json!({"osDisk": {"createOption": "Attach", "osType": "Linux",
        "managedDisk": {"id": id("disks/copy")}}});
    assert!(azure.put(&machine("clone", ""), &attach).message().contains("'osProfile' is not allowed"));
    attach["properties"]["osProfile"] = json!(null);
    assert_eq!(azure.put(&machine("clone", ""), &attach).status, 201);
    let twice = azure.put(&machine("twin", ""), &attach);
    assert_eq!((twice.status, twice.code()), (409, "ConflictingUserInput"));
    azure.wait(80);
    assert_eq!(azure.truth("clone")["guest"]["machineId"], azure.truth("builder")["guest"]["machineId"]);
    azure.delete(&machine("clone", ""));
    azure.wait(31);
    assert_eq!(azure.get(&disk("copy")).body["properties"]["diskState"], "Unattached");
}

#[test]
fn data_disks_of_an_image_come_along_and_stay_unless_told() {
    let mut azure = Azure::with(
        "durations: {gibPerMinute: 0}
subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
          {name: wide, powerState: deallocated, generalized: true, deprovisioned: true, dataDisks: [{lun: 0, sizeGb: 8}, {lun: 4, sizeGb: 16}]}]}]}]",
    );
    captured(&mut azure, "wide", "1.0.0");
    let mut body = machine_body("val", &id(VERSION));
    body["properties"]["storageProfile"]["dataDisks"] =
        json!([{"lun": 4, "createOption": "FromImage", "deleteOption": "Delete"}]);
    assert_eq!(azure.put(&machine("val", ""), &body).status, 201);
    azure.wait(61);
    let disks = azure.get(&machine("val", "")).body["properties"]["storageProfile"]["dataDisks"].clone();
    let id_of = |lun: u64| {
        let found = disks.as_array().unwrap().iter().find(|disk| disk["lun"] == lun).unwrap();
        format!("{}?api-version=2025-01-02", found["managedDisk"]["id"].as_str().unwrap())
    };
    assert_eq!(azure.get(&id_of(4)).body["properties"]["diskSizeGB"], 16);
    azure.delete(&machine("val", ""));
    azure.wait(31);
    assert_eq!((azure.get(&id_of(0)).status, azure.get(&id_of(4)).status), (200, 404));
}

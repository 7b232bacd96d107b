use serde_json::{Value, json};

use crate::{
    azure::{Azure, id},
    copies::{self, closed_network, compute, compute_id, copy_disk, copy_machine, machine_around, truth, work_network},
};

fn instance_view(azure: &mut Azure) -> Value {
    azure.get(&compute("virtualMachines/copy/instanceView")).body
}

#[test]
fn a_machine_around_a_copied_disk_boots_the_system_that_was_copied() {
    let mut azure = copies::azure("");
    let source = azure.truth("builder");
    copy_machine(&mut azure, "builder");
    azure.wait(21);
    let view = instance_view(&mut azure);
    assert_eq!(view["vmAgent"]["statuses"][0]["displayStatus"], "Ready", "{view}");
    assert_eq!(view["computerName"], "builder", "its name came with the disk");
    let copy = truth(&mut azure, "virtualMachines/copy");
    for field in ["machineId", "hostKeys", "users"] {
        assert_eq!(copy["guest"][field], source["guest"][field], "{field}");
    }
    assert_ne!(copy["vmId"], source["vmId"]);
    let model = azure.get(&compute("virtualMachines/copy")).body;
    assert!(model["properties"].get("osProfile").is_none());
    assert_eq!(model["properties"]["storageProfile"]["osDisk"]["createOption"], "Attach");
    let disk = azure.get(&compute("disks/copy")).body;
    assert_eq!((&disk["managedBy"], &disk["properties"]["diskState"]), (&model["id"], &json!("Attached")));
    assert_eq!(azure.delete(&compute("disks/copy")).code(), "OperationNotAllowed");
    assert_eq!(azure.delete(&work_network("networkInterfaces/copy")).code(), "NicInUse");
    assert!(azure.simulator.exposures().is_empty(), "{:?}", azure.simulator.exposures());

    let command = json!({"location": "westeurope", "properties": {"source": {"script": "hostname; touch /srv/run"}}});
    azure.put(&compute("virtualMachines/copy/runCommands/look"), &command);
    azure.wait(60);
    let run = azure.get(&format!("{}&$expand=instanceView", compute("virtualMachines/copy/runCommands/look"))).body;
    assert_eq!(run["properties"]["instanceView"]["executionState"], "Succeeded", "{run}");
    let files = |azure: &Azure, id: &str| azure.simulator.guest_files(id).unwrap();
    assert!(files(&azure, &compute_id("virtualMachines/copy")).contains_key("/srv/run"));
    assert!(!files(&azure, &id("virtualMachines/builder")).contains_key("/srv/run"), "the source is another machine");
}

#[test]
fn what_goes_with_the_machine_is_said_by_its_delete_options() {
    let mut azure = copies::azure(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
          {name: rich, dataDisks: [{lun: 3, sizeGb: 64}, {lun: 4, sizeGb: 32}]}]}]}]",
    );
    copy_disk(&mut azure, "rich_OsDisk_1", "copy");
    copy_disk(&mut azure, "rich_disk3", "three");
    copy_disk(&mut azure, "rich_disk4", "four");
    closed_network(&mut azure);
    let mut body = machine_around("copy", "copy");
    let attach = |lun: u8, name: &str, option: Option<&str>| {
        let mut disk =
            json!({"lun": lun, "createOption": "Attach", "managedDisk": {"id": compute_id(&format!("disks/{name}"))}});
        if let Some(option) = option {
            disk["deleteOption"] = json!(option);
        }
        disk
    };
    body["properties"]["storageProfile"]["dataDisks"] =
        json!([attach(3, "three", Some("Delete")), attach(4, "four", None)]);
    let made = azure.put(&compute("virtualMachines/copy"), &body);
    assert_eq!(made.status, 201, "{made:?}");
    azure.wait(41);
    let data = azure.get(&compute("virtualMachines/copy")).body["properties"]["storageProfile"]["dataDisks"].clone();
    assert_eq!((&data[0]["diskSizeGB"], &data[1]["deleteOption"]), (&json!(64), &json!("Detach")));
    assert_eq!(azure.delete(&compute("virtualMachines/copy")).status, 202);
    azure.wait(31);
    for gone in [compute("disks/copy"), compute("disks/three"), work_network("networkInterfaces/copy")] {
        assert_eq!(azure.get(&gone).status, 404, "{gone}");
    }
    let left = azure.get(&compute("disks/four")).body;
    assert_eq!((left.get("managedBy"), &left["properties"]["diskState"]), (None, &json!("Unattached")));
    assert_eq!(azure.delete(&compute("disks/four")).status, 202);
    assert_eq!(azure.delete(&work_network("networkSecurityGroups/closed")).status, 202);
}

#[test]
fn a_machine_that_does_not_fit_its_disk_is_refused() {
    let mut azure = copies::azure(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
          {name: trusted, securityType: TrustedLaunch}, {name: arm, architecture: Arm64, vmSize: Standard_D2ps_v5},
          {name: old, hyperVGeneration: V1}]}]}]",
    );
    for name in ["builder", "trusted", "arm", "old"] {
        copy_disk(&mut azure, &format!("{name}_OsDisk_1"), name);
    }
    closed_network(&mut azure);
    let profile = "/properties/osProfile";
    let size = "/properties/hardwareProfile/vmSize";
    let image = json!({"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"});
    for (disk, pointer, value, status, code) in [
        ("builder", profile, json!({"computerName": "copy", "adminUsername": "a"}), 400, "InvalidParameter"),
        ("builder", "/properties/storageProfile/imageReference", image, 400, "InvalidParameter"),
        ("builder", "/properties/storageProfile/osDisk/osType", json!("Windows"), 400, "InvalidParameter"),
        ("none", "", Value::Null, 404, "NotFound"),
        ("trusted", "", Value::Null, 400, "BadRequest"),
        ("builder", "/properties/securityProfile", json!({"securityType": "TrustedLaunch"}), 400, "BadRequest"),
        ("arm", "", Value::Null, 400, "BadRequest"),
        ("builder", size, json!("Standard_D2ps_v5"), 400, "BadRequest"),
        ("builder", size, json!("Standard_D2_v3"), 400, "BadRequest"),
        ("old", size, json!("Standard_D2s_v6"), 400, "BadRequest"),
        ("builder", size, json!("Standard_D2s_v6"), 400, "InvalidParameter"),
    ] {
        let mut body = machine_around(disk, "copy");
        if let Some((parent, name)) = pointer.rsplit_once('/') {
            body.pointer_mut(parent).unwrap()[name] = value.clone();
        }
        let refused = azure.put(&compute("virtualMachines/copy"), &body);
        assert_eq!((refused.status, refused.code()), (status, code), "{disk} {pointer} {value}: {refused:?}");
    }
    let mut trusted = machine_around("trusted", "copy");
    trusted["properties"]["securityProfile"] = json!({"securityType": "TrustedLaunch"});
    assert_eq!(azure.put(&compute("virtualMachines/copy"), &trusted).status, 201);
    let taken = azure.put(&compute("virtualMachines/other"), &trusted);
    assert_eq!((taken.status, taken.code()), (409, "ConflictingUserInput"));
}

#[test]
fn a_disk_of_a_marketplace_image_asks_for_its_plan() {
    let mut azure = copies::azure(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
          {name: bought, plan: {name: a, publisher: b, product: c}}]}]}]",
    );
    copy_disk(&mut azure, "bought_OsDisk_1", "copy");
    closed_network(&mut azure);
    let mut body = machine_around("copy", "copy");
    let made = azure.put(&compute("virtualMachines/copy"), &body);
    assert_eq!(made.status, 201);
    azure.wait(41);
    let ended = azure.operation(&made);
    assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("Failed"), &json!("VMMarketplaceInvalidInput")));
    azure.delete(&compute("virtualMachines/copy"));
    azure.wait(31);
    copy_disk(&mut azure, "bought_OsDisk_1", "again");
    let nic = copies::interface("closed");
    assert_eq!(azure.put(&work_network("networkInterfaces/copy"), &nic).status, 201);
    azure.wait(1);
    body = machine_around("again", "copy");
    body["plan"] = json!({"name": "a", "publisher": "b", "product": "c"});
    let made = azure.put(&compute("virtualMachines/again"), &body);
    azure.wait(41);
    assert_eq!(azure.operation(&made)["status"], "Succeeded");
}

#[test]
fn a_copy_behaves_as_its_source_does() {
    let mut azure = copies::azure(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
          {name: broken, scriptFails: {exitCode: 7}}]}]}]",
    );
    copy_machine(&mut azure, "broken");
    azure.wait(21);
    let command = json!({"location": "westeurope", "properties": {"source": {"script": "true"}}});
    azure.put(&compute("virtualMachines/copy/runCommands/look"), &command);
    azure.wait(60);
    let run = azure.get(&format!("{}&$expand=instanceView", compute("virtualMachines/copy/runCommands/look"))).body;
    assert_eq!(run["properties"]["instanceView"]["exitCode"], 7, "{run}");
}

#[test]
fn a_machine_that_starts_with_an_open_network_is_taken_down() {
    let mut azure = copies::azure("");
    copy_disk(&mut azure, "builder_OsDisk_1", "copy");
    closed_network(&mut azure);
    let group = work_network("networkSecurityGroups/closed");
    let inbound_only =
        json!({"location": "westeurope", "properties": {"securityRules": [copies::rule("Inbound", "Deny", 100)]}});
    azure.put(&group, &inbound_only);
    azure.wait(4);
    azure.put(&compute("virtualMachines/copy"), &machine_around("copy", "copy"));
    azure.wait(41);
    azure.get(&compute("virtualMachines/copy"));
    let exposures = azure.simulator.exposures().to_vec();
    assert_eq!(exposures.len(), 1, "{exposures:?}");
    assert_eq!(
        (exposures[0].openings.as_slice(), exposures[0].at_start),
        (&["interface copy: Outbound is open".to_owned()][..], true)
    );
    assert_eq!(exposures[0].copy_of.as_deref(), Some(id("disks/builder_OsDisk_1").as_str()));
    assert_eq!(exposures[0].tags["purpose"], "copy");
    azure.put(&group, &copies::closed_group());
    azure.wait(4);
    assert_eq!(azure.simulator.exposures().len(), 1);
    azure.put(&group, &json!({"location": "westeurope"}));
    let exposures = azure.simulator.exposures().to_vec();
    assert_eq!((exposures.len(), exposures[1].at_start, exposures[1].openings.len()), (2, false, 2), "{exposures:?}");
}

#[test]
fn a_copy_is_sealed_captured_and_taken_away() {
    let mut azure = copies::azure("");
    copy_machine(&mut azure, "builder");
    azure.wait(21);
    let before = azure.simulator.guest_files(&id("virtualMachines/builder")).unwrap();
    let script = "systemd-run --on-active=30s --timer-property=AccuracySec=1s sh -c 'cloud-init clean; waagent -force -deprovision+user; systemctl poweroff'";
    let command = json!({"location": "westeurope", "properties": {"source": {"script": script}}});
    azure.put(&compute("virtualMachines/copy/runCommands/seal"), &command);
    azure.wait(120);
    assert_eq!(azure.post(&compute("virtualMachines/copy/deallocate")).status, 202);
    azure.wait(46);
    assert_eq!(azure.post(&compute("virtualMachines/copy/generalize")).status, 200);
    assert_eq!(truth(&mut azure, "virtualMachines/copy")["guest"]["deprovisioned"], true);
    let mut version = crate::azure::body("builder", &["westeurope"]);
    version["properties"]["storageProfile"]["source"]["virtualMachineId"] = json!(compute_id("virtualMachines/copy"));
    let made = azure.put(&crate::azure::version("1.0.0"), &version);
    assert_eq!(made.status, 201, "{made:?}");
    azure.wait(2000);
    assert_eq!(azure.operation(&made)["status"], "Succeeded");
    azure.delete(&compute("virtualMachines/copy"));
    azure.wait(31);
    azure.delete(&work_network("networkSecurityGroups/closed"));
    azure.delete(&compute("snapshots/copy"));
    azure.wait(31);
    for list in ["virtualMachines", "disks", "snapshots"] {
        assert_eq!(azure.get(&compute(list)).body["value"], json!([]), "{list}");
    }
    for list in ["networkInterfaces", "networkSecurityGroups"] {
        assert_eq!(azure.get(&work_network(list)).body["value"], json!([]), "{list}");
    }
    assert_eq!(azure.simulator.guest_files(&id("virtualMachines/builder")).unwrap(), before, "the source is as it was");
}

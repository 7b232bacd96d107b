use serde_json::{Value, json};

use crate::azure::{Azure, MACHINES, id, machine, network, version};

fn image(name: &str) -> String {
    format!("{}?api-version={MACHINES}", id(&format!("images/{name}")))
}

fn from(source: &str) -> Value {
    json!({"location": "westeurope", "properties": {"sourceVirtualMachine": {"id": id(source)}, "hyperVGeneration": "V2"}})
}

#[test]
fn a_managed_image_is_made_from_a_generalized_machine_only() {
    let mut azure = Azure::with(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
          {name: trusted, generalized: true, powerState: deallocated, securityType: TrustedLaunch}]}]}]",
    );
    for (source, status, words) in [
        ("virtualMachines/builder", 409, "to be Generalized"),
        ("virtualMachines/trusted", 409, "TrustedLaunch security type"),
        ("virtualMachines/none", 404, "does not exist in this Azure location"),
    ] {
        let refused = azure.put(&image("web"), &from(source));
        assert_eq!(refused.status, status, "{source}");
        assert!(refused.message().contains(words), "{}", refused.message());
    }
    let created = azure.put(&image("web"), &from("virtualMachines/sealed"));
    assert_eq!((created.status, created.header("location")), (201, None));
    assert_eq!(created.body["properties"]["provisioningState"], "Creating");
    azure.wait(12);
    let read = azure.get(&image("web")).body;
    assert_eq!(read["properties"]["storageProfile"]["osDisk"]["osState"], "Generalized");
    assert_eq!(azure.put(&image("web"), &from("virtualMachines/builder")).code(), "PropertyChangeNotAllowed");

    let mut body =
        json!({"location": "westeurope", "properties": {"storageProfile": {"source": {"id": id("images/web")}}}});
    assert_eq!(azure.put(&version("1.0.0"), &body).status, 201);
    azure.wait(431);
    assert_eq!(azure.get(&version("1.0.0")).body["properties"]["provisioningState"], "Succeeded");
    body["properties"]["storageProfile"]["source"]["id"] = json!(id("images/none"));
    assert_eq!(azure.put(&version("1.0.1"), &body).status, 400);
    assert_eq!(azure.delete(&image("web")).status, 202);
    azure.wait(12);
    assert_eq!(azure.get(&image("web")).status, 404);
}

#[test]
fn a_snapshot_is_the_source_of_a_version() {
    let mut azure = Azure::new();
    let snapshot = format!("{}?api-version=2025-01-02", id("snapshots/sealed"));
    let copy = json!({"location": "westeurope",
        "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": id("disks/sealed_OsDisk_1")}}});
    assert_eq!(azure.put(&snapshot, &copy).status, 202);
    azure.wait(4);
    let source = |name: &str| {
        json!({"location": "westeurope",
               "properties": {"storageProfile": {"osDiskImage": {"source": {"id": id(&format!("snapshots/{name}"))}}}}})
    };
    assert_eq!(azure.put(&version("1.0.0"), &source("none")).status, 400);
    let created = azure.put(&version("1.0.0"), &source("sealed"));
    assert_eq!(created.status, 201, "{created:?}");
    let shown = &created.body["properties"]["storageProfile"]["osDiskImage"]["source"]["id"];
    assert_eq!(shown, &json!(id("snapshots/sealed")));
    azure.wait(431);
    let other = azure.put(&version("1.0.0"), &source("other"));
    assert_eq!((other.status, other.code()), (409, "PropertyChangeNotAllowed"));
}

#[test]
fn a_right_that_the_body_needs_elsewhere_is_named() {
    let mut azure = Azure::with(
        "clients: [{id: narrow, secret: s, roles: [{scope: /, actions: ['Microsoft.Compute/virtualMachines/*',
         Microsoft.Compute/images/write, Microsoft.Network/networkInterfaces/write, Microsoft.Compute/disks/write]}]}]",
    );
    azure.sign_in("narrow", "s");
    let nic = azure.put(&network("networkInterfaces/nic"), &crate::azure::interface_body());
    assert_eq!((nic.status, nic.code()), (403, "LinkedAuthorizationFailed"));
    assert!(nic.message().contains("virtualNetworks/subnets/join/action"), "{}", nic.message());
    let made = azure
        .put(&machine("new", ""), &crate::azure::machine_body("new", &id("galleries/corp/images/web/versions/1.0.0")));
    assert!(made.message().contains("galleries/images/versions/read"), "{}", made.message());
    let disk = json!({"location": "westeurope",
        "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": id("disks/sealed_OsDisk_1")}}});
    let copied = azure.put(&crate::azure::disk("copy"), &disk);
    assert!(copied.message().contains("disks/beginGetAccess/action"), "{}", copied.message());
}

#[test]
fn a_version_of_disks_has_a_data_disk_for_each_lun() {
    let mut azure = Azure::with(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, disks: [{name: data, sizeGb: 64}, {name: more}]}]}]",
    );
    let wanted = |data: &serde_json::Value| {
        json!({"location": "westeurope", "properties": {"storageProfile": {
            "osDiskImage": {"source": {"id": id("disks/sealed_OsDisk_1")}}, "dataDiskImages": data}}})
    };
    let image = |lun: u64, disk: &str| json!({"lun": lun, "source": {"id": id(&format!("disks/{disk}"))}});
    for (name, data) in [
        ("not there", json!([image(0, "none")])),
        ("a LUN twice", json!([image(0, "data"), image(0, "more")])),
        ("no LUN", json!([{"source": {"id": id("disks/data")}}])),
    ] {
        let refused = azure.put(&version("1.0.0"), &wanted(&data));
        assert_eq!((refused.status, refused.code()), (400, "InvalidParameter"), "{name}: {refused:?}");
    }
    let made = azure.put(&version("1.0.0"), &wanted(&json!([image(2, "data")])));
    assert_eq!(made.status, 201, "{made:?}");
    azure.wait(3000);
    let shown = azure.get(&version("1.0.0")).body["properties"]["storageProfile"]["dataDiskImages"][0].clone();
    assert_eq!(
        (&shown["lun"], &shown["sizeInGB"], &shown["source"]["id"]),
        (&json!(2), &json!(64), &json!(id("disks/data")))
    );
    let other = azure.put(&version("1.0.0"), &wanted(&json!([image(2, "more")])));
    assert_eq!((other.status, other.code()), (409, "PropertyChangeNotAllowed"));
    assert_eq!(azure.put(&version("1.0.0"), &wanted(&json!([image(2, "data")]))).status, 200);
}

#[test]
fn a_scenario_brings_images_disks_and_snapshots_that_versions_can_be_made_from() {
    let mut azure = Azure::with(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images,
          images: [{name: golden, sizeGb: 40, dataDisks: [{lun: 2}]}], disks: [{name: data}],
          snapshots: [{name: os, osType: Linux, architecture: Arm64}]}]}]",
    );
    let golden = azure.get(&image("golden")).body;
    assert_eq!(golden["properties"]["storageProfile"]["osDisk"]["osState"], "Generalized");
    let os = azure.get(&format!("{}?api-version=2025-01-02", id("snapshots/os"))).body;
    assert_eq!(os["properties"]["supportedCapabilities"]["architecture"], "Arm64");
    let of_image = json!({"source": {"id": id("images/golden")}});
    let of_disks = json!({
        "osDiskImage": {"source": {"id": id("snapshots/os")}},
        "dataDiskImages": [{"lun": 0, "source": {"id": id("disks/data")}}],
    });
    for (number, profile, luns) in [("1.0.0", of_image, vec![2]), ("1.0.1", of_disks, vec![0])] {
        let body = json!({"location": "westeurope", "properties": {"storageProfile": profile}});
        assert_eq!(azure.put(&version(number), &body).status, 201, "{number}");
        azure.wait(3600);
        let made = azure.get(&version(number)).body;
        assert_eq!(made["properties"]["provisioningState"], "Succeeded", "{number}");
        let data = made["properties"]["storageProfile"]["dataDiskImages"].as_array().unwrap();
        let is: Vec<u64> = data.iter().map(|disk| disk["lun"].as_u64().unwrap()).collect();
        assert_eq!(is, luns, "{number}");
    }
}

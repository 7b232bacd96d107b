use azimage_simulator::{Fault, MachineChange};
use serde_json::{Value, json};

use crate::azure::{Azure, body, id, machine, version, with_status};

fn regions(azure: &mut Azure, name: &str) -> Vec<(String, String, u64)> {
    let answer = azure.get(&with_status(&version(name)));
    answer.body["properties"]["replicationStatus"]["summary"]
        .as_array()
        .unwrap()
        .iter()
        .map(|region| {
            let text = |field: &str| region[field].as_str().unwrap().to_owned();
            (text("region"), text("state"), region["progress"].as_u64().unwrap())
        })
        .collect()
}

fn state(azure: &mut Azure, name: &str) -> String {
    azure.get(&version(name)).body["properties"]["provisioningState"].as_str().unwrap_or("gone").to_owned()
}

fn fault(azure: &mut Azure, json: Value) -> u64 {
    azure.simulator.add_fault(Fault::from_json(json).unwrap()).unwrap()
}

#[test]
fn a_version_is_created_region_by_region() {
    let mut azure = Azure::new();
    let created = azure.put(&version("1.0.0"), &body("sealed", &["westeurope", "northeurope"]));
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.header("location"), None);
    assert_eq!(created.header("retry-after"), None);
    let operation = created.header("azure-asyncoperation").unwrap();
    assert!(
        operation.contains("/locations/westeurope/capsOperations/") && operation.len() > 3400,
        "{}",
        operation.len()
    );
    assert_eq!(created.body["properties"]["provisioningState"], "Creating");
    assert_eq!(created.body["properties"]["publishingProfile"]["targetRegions"][1]["name"], "North Europe");
    assert_eq!(created.body["location"], "westeurope");
    assert!(created.body["properties"].get("replicationStatus").is_none());

    let busy = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    assert_eq!((busy.status, busy.code()), (409, "Conflict"));

    azure.wait(215);
    assert_eq!(
        regions(&mut azure, "1.0.0"),
        [("westeurope".into(), "Replicating".into(), 50), ("northeurope".into(), "Replicating".into(), 0)]
    );
    azure.wait(216);
    assert_eq!(regions(&mut azure, "1.0.0")[0], ("westeurope".into(), "Completed".into(), 100));
    assert_eq!(state(&mut azure, "1.0.0"), "Creating");
    assert_eq!(azure.operation(&created)["status"], "InProgress");
    azure.wait(400);
    assert_eq!(azure.operation(&created)["status"], "Succeeded");
    let read = azure.get(&with_status(&version("1.0.0"))).body;
    assert_eq!(read["properties"]["provisioningState"], "Succeeded");
    assert_eq!(read["properties"]["replicationStatus"]["aggregatedState"], "Completed");
    assert_eq!(read["properties"]["validationsProfile"]["validationOperationStatus"], "NotExecuted");
    assert!(read["properties"]["publishingProfile"]["publishedDate"].is_string());

    let cut = operation.split("&s=").next().unwrap();
    assert_eq!(azure.get(cut).status, 400, "an operation's address works only whole");
}

#[test]
fn regions_are_added_and_removed_by_the_whole_list() {
    let mut azure = Azure::new();
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(431);
    assert_eq!(state(&mut azure, "1.0.0"), "Succeeded");
    let update = azure.put(&version("1.0.0"), &body("sealed", &["westeurope", "North Europe"]));
    assert_eq!((update.status, &update.body["properties"]["provisioningState"]), (200, &json!("Updating")));
    assert!(update.body["properties"].get("validationsProfile").is_none());
    azure.wait(200);
    assert_eq!(regions(&mut azure, "1.0.0")[1], ("northeurope".into(), "Replicating".into(), 50));
    azure.wait(201);
    assert_eq!(state(&mut azure, "1.0.0"), "Succeeded");
    let mut away = body("sealed", &["westeurope"]);
    away["properties"]["safetyProfile"] = json!({"allowDeletionOfReplicatedLocations": true});
    azure.put(&version("1.0.0"), &away);
    azure.wait(149);
    assert_eq!(state(&mut azure, "1.0.0"), "Updating");
    azure.wait(2);
    assert_eq!(state(&mut azure, "1.0.0"), "Succeeded");
    assert_eq!(regions(&mut azure, "1.0.0").len(), 1);

    let mut keep = body("sealed", &["westeurope", "northeurope"]);
    keep["properties"]["safetyProfile"] = json!({"allowDeletionOfReplicatedLocations": false});
    azure.put(&version("1.0.0"), &keep);
    azure.wait(401);
    let refused = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"));
    // The request's own word counts, whatever was said before.
    assert_eq!(azure.put(&version("1.0.0"), &away).status, 200);
    azure.wait(401);
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope", "northeurope"]));
    azure.wait(401);
    away["properties"]["safetyProfile"] = json!({"allowDeletionOfReplicatedLocations": false});
    let refused = azure.put(&version("1.0.0"), &away);
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"), "it was allowed before");
}

#[test]
fn a_failed_region_is_repaired_by_the_same_body_or_by_removing_and_adding() {
    for sticky in [false, true] {
        let mut azure = Azure::new();
        fault(
            &mut azure,
            json!({"azure": "RegionFails", "resource": "versions/1.0.0$", "region": "North Europe",
                                  "detail": "no capacity", "times": 1, "sticky": sticky}),
        );
        let mut both = body("sealed", &["westeurope", "northeurope"]);
        both["properties"]["safetyProfile"] = json!({"allowDeletionOfReplicatedLocations": true});
        let created = azure.put(&version("1.0.0"), &both);
        azure.wait(831);
        let operation = azure.operation(&created);
        assert_eq!(operation["status"], "Failed");
        assert!(operation["error"]["message"].as_str().unwrap().contains("{region:northeurope, detail:no capacity}"));
        assert_eq!(state(&mut azure, "1.0.0"), "Failed");
        assert_eq!(regions(&mut azure, "1.0.0")[0].1, "Completed", "healthy regions stay");
        let read = azure.get(&with_status(&version("1.0.0"))).body;
        assert_eq!(read["properties"]["replicationStatus"]["aggregatedState"], "Failed");
        assert_eq!(read["properties"]["replicationStatus"]["summary"][1]["details"], "no capacity");

        azure.put(&version("1.0.0"), &both);
        azure.wait(401);
        assert_eq!(state(&mut azure, "1.0.0"), if sticky { "Failed" } else { "Succeeded" });
        azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
        azure.wait(151);
        assert_eq!(state(&mut azure, "1.0.0"), "Succeeded");
        azure.put(&version("1.0.0"), &both);
        azure.wait(401);
        assert_eq!(state(&mut azure, "1.0.0"), "Succeeded");
    }
}

#[test]
fn a_stuck_region_goes_on_when_the_fault_ends() {
    let mut azure = Azure::new();
    let stuck = fault(
        &mut azure,
        json!({"azure": "RegionStuck", "resource": "1.0.0", "region": "northeurope", "atProgress": 40}),
    );
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope", "northeurope"]));
    azure.wait(9000);
    assert_eq!(regions(&mut azure, "1.0.0")[1], ("northeurope".into(), "Replicating".into(), 40));
    assert_eq!(state(&mut azure, "1.0.0"), "Creating");
    assert!(azure.simulator.remove_fault(stuck));
    azure.wait(239);
    assert_eq!(regions(&mut azure, "1.0.0")[1].1, "Replicating");
    azure.wait(2);
    assert_eq!(state(&mut azure, "1.0.0"), "Succeeded");
}

#[test]
fn a_failed_creation_can_only_be_deleted() {
    let mut azure = Azure::new();
    fault(&mut azure, json!({"azure": "VersionCreateFails", "resource": "1.0.0", "message": "broken", "times": 1}));
    let created = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(431);
    assert_eq!(azure.operation(&created)["error"]["message"], "broken");
    assert_eq!(state(&mut azure, "1.0.0"), "Failed");
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(600);
    assert_eq!(state(&mut azure, "1.0.0"), "Failed");
    azure.delete(&version("1.0.0"));
    azure.wait(101);
    let again = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    assert_eq!(again.status, 201);
    azure.wait(431);
    assert_eq!(state(&mut azure, "1.0.0"), "Succeeded");
}

#[test]
fn a_source_that_is_deleted_meanwhile_breaks_the_version() {
    let mut azure = Azure::new();
    let created = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    let second = azure.put(&version("1.0.1"), &body("sealed", &["westeurope"]));
    assert!(second.message().contains("Too many requests on source"), "{}", second.message());
    assert_eq!(azure.delete(&machine("sealed", "")).status, 202);
    azure.wait(500);
    assert_eq!(azure.operation(&created)["status"], "Failed");
    assert_eq!(state(&mut azure, "1.0.0"), "Failed");
}

#[test]
fn a_source_may_go_once_the_version_is_there() {
    let mut azure = Azure::new();
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(431);
    azure
        .simulator
        .change_machine(&id("virtualMachines/sealed"), MachineChange { deleted: true, ..MachineChange::default() })
        .unwrap();
    let update = azure.put(&version("1.0.0"), &body("sealed", &["westeurope", "northeurope"]));
    assert_eq!(update.status, 200, "{update:?}");
    let other = azure.put(&version("1.0.0"), &body("builder", &["westeurope"]));
    assert_eq!(other.status, 409);
}

#[test]
fn wrong_bodies_are_refused_in_azures_order_and_words() {
    let good = || body("sealed", &["westeurope"]);
    let mut missing = good();
    missing["properties"]["storageProfile"]["source"]["virtualMachineId"] = json!(id("virtualMachines/nobody"));
    let mut elsewhere = body("sealed", &["northeurope"]);
    elsewhere["location"] = json!("northeurope");
    let mut two = good();
    two["properties"]["storageProfile"]["source"]["id"] = json!(id("images/x"));
    let cases: Vec<(&str, &str, Value, u16, &str, &str)> = vec![
        ("a bad name", "1.0", good(), 400, "InvalidParameter", "Major(int).Minor(int).Patch(int)"),
        ("a missing source", "1.0.0", missing, 404, "NotFound", "does not exist in this Azure location"),
        ("a source elsewhere", "1.0.0", elsewhere, 400, "InvalidParameter", "in the same region"),
        (
            "the home region left out",
            "1.0.0",
            body("sealed", &["northeurope"]),
            400,
            "InvalidParameter",
            "must contain the location",
        ),
        ("two sources", "1.0.0", two, 400, "InvalidParameter", "Exactly one source"),
    ];
    for (name, version_name, body, status, code, text) in cases {
        let mut azure = Azure::new();
        let answer = azure.put(&version(version_name), &body);
        assert_eq!((answer.status, answer.code()), (status, code), "{name}: {}", answer.message());
        assert!(answer.message().contains(text), "{name}: {}", answer.message());
    }
}

#[test]
fn a_machine_must_fit_the_definition() {
    let cases = [
        ("generation", "hyperVGeneration: V1", "Conflict", "different Hypervisor generation ['V2']"),
        ("operating system", "osType: Windows", "InvalidParameter", "different OS type"),
        ("architecture", "architecture: Arm64", "InvalidParameter", "different architecture"),
        ("state", "osState: Specialized", "InvalidParameter", "since the OS State"),
        (
            "a security type without machine sources",
            "features: [{name: SecurityType, value: TrustedLaunchSupported}]",
            "InvalidParameter",
            "Currently only Vhd Blob",
        ),
        (
            "security type",
            "features: [{name: securitytype, value: TrustedLaunch}]",
            "InvalidParameter",
            "different security type",
        ),
    ];
    for (name, field, code, text) in cases {
        let mut azure = Azure::with(&format!(
            "subscriptions: [{{id: {}, resourceGroups: [{{name: images, galleries: [{{name: corp, definitions: [{{name: other, {field}}}]}}]}}]}}]",
            crate::azure::SUBSCRIPTION
        ));
        let path = version("1.0.0").replace("/images/web/", "/images/other/");
        let created = azure.put(&path, &body("sealed", &["westeurope"]));
        assert_eq!(created.status, 201, "{name}: accepted, and found out later");
        let mut written = created;
        for again in [false, true] {
            if again {
                written = azure.put(&path, &body("sealed", &["westeurope"]));
            }
            azure.wait(600);
            let read = azure.get(&with_status(&path)).body;
            assert_eq!(read["properties"]["provisioningState"], "Failed", "{name}");
            assert_eq!(read["properties"]["replicationStatus"]["summary"], json!([]), "{name}: no region tells why");
            let ended = azure.operation(&written);
            let error = &ended["error"];
            assert_eq!((&ended["status"], &error["code"]), (&json!("Failed"), &json!(code)), "{name}");
            assert!(error["message"].as_str().unwrap().contains(text), "{name}: {error}");
        }
    }
}

#[test]
fn an_end_of_life_that_has_passed_is_refused_or_not_by_the_seed() {
    for (seed, status) in [(1, 201), (2, 400)] {
        let mut azure = Azure::seeded(seed);
        let mut ended = body("sealed", &["westeurope"]);
        ended["properties"]["publishingProfile"]["endOfLifeDate"] = json!("2025-01-01T00:00:00Z");
        assert_eq!(azure.put(&version("1.0.0"), &ended).status, status, "seed {seed}");
    }
}

#[test]
fn a_blocked_version_is_deleted_only_after_its_end_of_life() {
    let mut azure = Azure::new();
    let mut blocked = body("sealed", &["westeurope"]);
    blocked["properties"]["publishingProfile"]["endOfLifeDate"] = json!("2026-01-01T01:00:00Z");
    blocked["properties"]["safetyProfile"] = json!({"blockDeletionBeforeEndOfLife": true});
    azure.put(&version("1.0.0"), &blocked);
    azure.wait(500);
    assert_eq!(azure.delete(&version("1.0.0")).code(), "DeleteGalleryImageVersionBlockedBeforeEndOfLife");
    azure.wait(3600);
    assert_eq!(azure.delete(&version("1.0.0")).status, 202);
}

#[test]
fn shallow_versions_are_quick_and_tags_can_be_patched() {
    let mut azure = Azure::new();
    let mut shallow = body("sealed", &["westeurope"]);
    shallow["properties"]["publishingProfile"]["replicationMode"] = json!("Shallow");
    azure.put(&version("1.0.0"), &shallow);
    azure.wait(47);
    assert_eq!(state(&mut azure, "1.0.0"), "Succeeded");
    let patched = azure.call(http::Method::PATCH, &version("1.0.0"), &json!({"tags": {"a": "b"}}));
    assert_eq!((patched.status, &patched.body["tags"]), (200, &json!({"a": "b"})), "{patched:?}");
    azure.wait(151);
    let read = azure.get(&version("1.0.0")).body;
    assert_eq!(read["properties"]["publishingProfile"]["replicationMode"], "Shallow");
}

#[test]
fn an_update_may_leave_the_source_out_but_a_new_version_may_not() {
    let mut azure = Azure::new();
    let mut without = body("sealed", &["westeurope"]);
    without["properties"]["storageProfile"]["source"] = json!({});
    assert_eq!(azure.put(&version("1.0.0"), &without).code(), "InvalidParameter");
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    azure.wait(431);
    let updated = azure.put(&version("1.0.0"), &without);
    assert_eq!(updated.status, 200, "{updated:?}");
    let source = &updated.body["properties"]["storageProfile"]["source"]["virtualMachineId"];
    assert_eq!(*source, id("virtualMachines/sealed"));
}

#[test]
fn a_copy_takes_longer_for_more_gibibytes_and_for_more_replicas() {
    let grown = |machine: &str, rate: &str| {
        format!(
            "durations: {{{rate}}}\nsubscriptions: [{{id: {}, resourceGroups: [{{name: images, virtualMachines: [\
             {{name: large, powerState: deallocated, generalized: true, deprovisioned: true, {machine}}}]}}]}}]",
            crate::azure::SUBSCRIPTION
        )
    };
    for (name, machine, rate, replicas, home, further) in [
        ("30 GiB", "osDiskSizeGb: 30", "", 1, 430, 400),
        ("120 GiB", "osDiskSizeGb: 120", "", 1, 430 + 1200, 400 + 1200),
        ("data disks count", "osDiskSizeGb: 30, dataDisks: [{lun: 0, sizeGb: 90}]", "", 1, 430 + 1200, 400 + 1200),
        ("a rate of its own", "osDiskSizeGb: 120", "gibPerMinute: 90", 1, 430 + 60, 400 + 60),
        ("size is nothing", "osDiskSizeGb: 120", "gibPerMinute: 0", 1, 430, 400),
        ("eleven replicas", "osDiskSizeGb: 30", "", 11, 645, 600),
    ] {
        let mut azure = Azure::with(&grown(machine, rate));
        let mut wanted = body("large", &["westeurope", "northeurope"]);
        wanted["properties"]["publishingProfile"]["replicaCount"] = json!(replicas);
        let created = azure.put(&version("1.0.0"), &wanted);
        assert_eq!(created.status, 201, "{name}: {created:?}");
        azure.wait(home - 1);
        assert_eq!(regions(&mut azure, "1.0.0")[0].1, "Replicating", "{name}");
        azure.wait(2);
        assert_eq!(regions(&mut azure, "1.0.0")[0].1, "Completed", "{name}");
        azure.wait(further - 2);
        assert_eq!(regions(&mut azure, "1.0.0")[1].1, "Replicating", "{name}");
        azure.wait(2);
        assert_eq!(state(&mut azure, "1.0.0"), "Succeeded", "{name}");
    }
}

//! What can stand in the way of a copy: rights, locks, policies, quotas, capacity, and reads that lie.

use azimage_simulator::{Fault, JournalQuery, Scenario};
use serde_json::{Value, json};

use crate::{
    azure::{Answer, Azure, id, network_id},
    copies::{
        self, closed_group, closed_network, compute, compute_id, copy_disk, copy_machine, copy_of, interface,
        machine_around, work_network,
    },
};

/// The writes of a copy, in their order: a name, and how it is asked for.
type Write = (&'static str, fn(&mut Azure) -> Answer);

const WRITES: [Write; 5] = [
    ("snapshot", |azure| azure.put(&compute("snapshots/copy"), &copy_of(&id("disks/builder_OsDisk_1")))),
    ("disk", |azure| azure.put(&compute("disks/copy"), &copy_of(&compute_id("snapshots/copy")))),
    ("security group", |azure| azure.put(&work_network("networkSecurityGroups/closed"), &closed_group())),
    ("interface", |azure| azure.put(&work_network("networkInterfaces/copy"), &interface("closed"))),
    ("machine", |azure| azure.put(&compute("virtualMachines/copy"), &machine_around("copy", "copy"))),
];

/// Makes a copy; the answer of the first write that is refused, by its name.
fn first_refusal(azure: &mut Azure) -> Option<(&'static str, Answer)> {
    for (name, write) in WRITES {
        let answer = write(azure);
        if answer.status >= 400 {
            return Some((name, answer));
        }
        azure.wait(5);
    }
    None
}

#[test]
fn each_write_of_a_copy_takes_its_rights() {
    const NEEDED: [(&str, &str); 10] = [
        ("snapshot", "Microsoft.Compute/snapshots/write"),
        ("snapshot", "Microsoft.Compute/disks/beginGetAccess/action"),
        ("disk", "Microsoft.Compute/snapshots/beginGetAccess/action"),
        ("security group", "Microsoft.Network/networkSecurityGroups/write"),
        ("interface", "Microsoft.Network/networkInterfaces/write"),
        ("interface", "Microsoft.Network/networkSecurityGroups/join/action"),
        ("interface", "Microsoft.Network/virtualNetworks/subnets/join/action"),
        ("machine", "Microsoft.Compute/virtualMachines/write"),
        ("machine", "Microsoft.Network/networkInterfaces/join/action"),
        ("disk", "Microsoft.Compute/disks/write"),
    ];
    for left_out in std::iter::once(None).chain(NEEDED.iter().map(Some)) {
        let actions: Vec<&str> = NEEDED
            .iter()
            .map(|(_, action)| *action)
            .filter(|action| left_out.is_none_or(|(_, left)| left != action))
            .collect();
        let mut azure = copies::azure(
            &json!({"clients": [{"id": "narrow", "secret": "s", "roles": [
                {"scope": "/subscriptions/11111111-1111-4111-8111-111111111111", "actions": actions}]}]})
            .to_string(),
        );
        azure.sign_in("narrow", "s");
        let refused = first_refusal(&mut azure);
        let Some((write, action)) = left_out else {
            assert!(refused.is_none(), "{refused:?}");
            continue;
        };
        let (name, answer) = refused.expect(action);
        assert_eq!((name, answer.status), (*write, 403), "{action}");
        assert!(answer.message().contains(action), "{action}: {}", answer.message());
    }
}

#[test]
fn locks_and_policies_hold_for_copies_too() {
    let work = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/work";
    for (scenario, write, code) in [
        (format!("locks: [{{scope: {work}, level: ReadOnly}}]"), "snapshot", "ScopeLocked"),
        (
            format!(
                "policies: [{{name: groups, scope: {work}, resourceTypes: [Microsoft.Network/networkSecurityGroups]}}]"
            ),
            "security group",
            "RequestDisallowedByPolicy",
        ),
        (
            format!("policies: [{{name: owners, scope: {work}, requiredTag: owner}}]"),
            "snapshot",
            "RequestDisallowedByPolicy",
        ),
    ] {
        let mut azure = copies::azure(&scenario);
        let (name, answer) = first_refusal(&mut azure).unwrap();
        assert_eq!((name, answer.code()), (write, code), "{scenario}");
    }
    let mut azure = copies::azure(&format!("locks: [{{scope: {work}, level: CanNotDelete}}]"));
    assert!(first_refusal(&mut azure).is_none());
    azure.wait(60);
    assert_eq!(azure.delete(&compute("virtualMachines/copy")).code(), "ScopeLocked");
    assert_eq!(azure.delete(&compute("snapshots/copy")).code(), "ScopeLocked");
}

#[test]
fn quotas_of_snapshots_and_disks_are_full_at_some_time() {
    let quota = |field: &str| {
        json!({"subscriptions": [{"id": "11111111-1111-4111-8111-111111111111", field: {"westeurope": 1}}]}).to_string()
    };
    let mut azure = copies::azure(&quota("snapshotQuotas"));
    assert_eq!(azure.put(&compute("snapshots/one"), &copy_of(&id("disks/builder_OsDisk_1"))).status, 202);
    let full = azure.put(&compute("snapshots/two"), &copy_of(&id("disks/builder_OsDisk_1")));
    assert_eq!((full.status, full.code()), (409, "OperationNotAllowed"));
    let mut azure = copies::azure(&quota("diskQuotas"));
    let full = azure.put(&compute("disks/two"), &copy_of(&id("disks/builder_OsDisk_1")));
    assert_eq!((full.status, full.code()), (409, "OperationNotAllowed"));
    assert!(full.message().contains("Current Usage: 2"), "{}", full.message());
}

#[test]
fn a_size_that_cannot_be_had_leaves_room_for_another() {
    let sold_out = |size: &str, code: &str| format!("{{region: westeurope, vmSize: {size}, code: {code}}}");
    let mut azure = copies::azure(&format!(
        "soldOut: [{}, {}, {}]",
        sold_out("Standard_D2s_v5", "SkuNotAvailable"),
        sold_out("Standard_D4s_v5", "QuotaExceeded"),
        "{region: westeurope, vmSize: Standard_D8s_v5, code: AllocationFailed, until: '2026-01-01T00:10:00Z'}"
    ));
    copy_disk(&mut azure, "builder_OsDisk_1", "copy");
    closed_network(&mut azure);
    let body = |size: &str| {
        let mut body = machine_around("copy", "copy");
        body["properties"]["hardwareProfile"]["vmSize"] = json!(size);
        body
    };
    let path = compute("virtualMachines/copy");
    for (size, code) in [("Standard_D2s_v5", "SkuNotAvailable"), ("Standard_D4s_v5", "QuotaExceeded")] {
        assert_eq!(azure.put(&path, &body(size)).code(), code);
        assert_eq!(azure.get(&path).status, 404);
        assert_eq!(azure.get(&compute("disks/copy")).body["properties"]["diskState"], "Unattached");
    }
    assert_eq!(azure.delete(&work_network("networkInterfaces/copy")).code(), "NicReservedForAnotherVm");
    assert_eq!(
        azure.put(&compute("virtualMachines/other"), &body("Standard_D2as_v5")).code(),
        "NicReservedForAnotherVm"
    );
    let taken = azure.put(&path, &body("Standard_D8s_v5"));
    assert_eq!(taken.status, 201, "the same machine may have it: {taken:?}");
    azure.wait(41);
    assert_eq!(azure.operation(&taken)["error"]["code"], "AllocationFailed");
    assert_eq!(azure.get(&compute("disks/copy")).body["properties"]["diskState"], "Reserved");
    assert_eq!(azure.get(&path).body["properties"]["provisioningState"], "Failed");
    azure.delete(&path);
    azure.wait(600);
    copy_disk(&mut azure, "builder_OsDisk_1", "more");
    assert_eq!(azure.put(&work_network("networkInterfaces/copy"), &interface("closed")).status, 201);
    azure.wait(5);
    let mut again = body("Standard_D8s_v5");
    again["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"] = json!(compute_id("disks/more"));
    let made = azure.put(&path, &again);
    azure.wait(41);
    assert_eq!(azure.operation(&made)["status"], "Succeeded", "its time is over");
}

#[test]
fn faults_reach_snapshots_and_security_groups() {
    let fault = |azure: &mut Azure, json: Value| azure.simulator.add_fault(Fault::from_json(json).unwrap()).unwrap();
    let mut azure = copies::azure("");
    fault(
        &mut azure,
        json!({"azure": "NotFoundAfterPut", "resource": "/snapshots/|/networkSecurityGroups/", "reads": 1}),
    );
    fault(
        &mut azure,
        json!({"azure": "OperationFails", "resource": "/snapshots/copy", "code": "InternalExecutionError", "times": 1}),
    );
    let made = azure.put(&compute("snapshots/copy"), &copy_of(&id("disks/builder_OsDisk_1")));
    assert_eq!(azure.get(&compute("snapshots/copy")).status, 404);
    azure.wait(4);
    assert_eq!(azure.operation(&made)["error"]["code"], "InternalExecutionError");
    assert_eq!(azure.get(&compute("snapshots/copy")).body["properties"]["provisioningState"], "Failed");
    azure.put(&work_network("networkSecurityGroups/closed"), &closed_group());
    assert_eq!(azure.get(&work_network("networkSecurityGroups/closed")).status, 404);
    assert_eq!(azure.get(&work_network("networkSecurityGroups/closed")).status, 200);
}

#[test]
fn nobody_writes_to_the_source_of_a_copy() {
    let mut azure = copies::azure("");
    copy_machine(&mut azure, "builder");
    let source = |path: &str| JournalQuery { writes: Some(true), path: Some(path.to_owned()), ..Default::default() };
    for path in ["/virtualMachines/builder", "/disks/builder_"] {
        assert!(azure.simulator.requests(&source(path)).is_empty(), "{path}");
    }
    assert_eq!(azure.simulator.requests(&source("/resourceGroups/work/")).len(), 5);
}

#[test]
fn a_public_address_and_a_subnet_count_for_the_network() {
    let mut azure = copies::azure("");
    copy_disk(&mut azure, "builder_OsDisk_1", "copy");
    closed_network(&mut azure);
    let subnet = json!({"properties": {"addressPrefix": "10.0.77.0/24",
        "networkSecurityGroup": {"id": copies::work_network_id("networkSecurityGroups/closed")}}});
    azure.put(&crate::azure::network("virtualNetworks/build/subnets/inner"), &subnet);
    azure.wait(4);
    let mut nic = interface("closed");
    let inner = network_id("virtualNetworks/build/subnets/inner");
    nic["properties"]["networkSecurityGroup"] = Value::Null;
    nic["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = json!(inner);
    azure.put(&work_network("networkInterfaces/copy"), &nic);
    azure.wait(1);
    azure.put(&compute("virtualMachines/copy"), &machine_around("copy", "copy"));
    azure.wait(41);
    azure.get(&compute("virtualMachines/copy"));
    assert!(azure.simulator.exposures().is_empty(), "its subnet is closed: {:?}", azure.simulator.exposures());
    nic["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] =
        json!({"id": copies::work_network_id("publicIPAddresses/open")});
    let seen = azure.put(&work_network("networkInterfaces/copy"), &nic);
    assert_eq!(seen.status, 200, "{seen:?}");
    let exposures = azure.simulator.exposures();
    assert_eq!(exposures[0].openings, ["interface copy: has a public address"]);
}

#[test]
fn a_scenario_brings_a_workspace() {
    let mut azure = Azure::new();
    let more = "
subscriptions:
- id: 11111111-1111-4111-8111-111111111111
  snapshotQuotas: {westeurope: 10}
  resourceGroups:
  - name: work
    location: westeurope
    networkSecurityGroups:
    - name: closed
      securityRules:
      - name: in
        properties: {priority: 100, direction: Inbound, access: Deny, protocol: '*', sourceAddressPrefix: '*', sourcePortRange: '*',
                     destinationAddressPrefix: '*', destinationPortRange: '*'}
    virtualNetworks:
    - name: inner
      subnets: [{name: default, networkSecurityGroup: /subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/work/providers/Microsoft.Network/networkSecurityGroups/closed}]
";
    azure.simulator.add(&Scenario::parse(more).unwrap()).unwrap();
    let group = azure.get(&work_network("networkSecurityGroups/closed")).body;
    assert!(group["properties"]["subnets"][0]["id"].as_str().unwrap().ends_with("/subnets/default"), "{group}");
    let wrong = more.replace("priority: 100", "priority: 1").replace("name: closed", "name: other");
    let error = azure.simulator.add(&Scenario::parse(&wrong).unwrap()).unwrap_err();
    assert!(error.to_string().contains("100-4096"), "{error}");
}

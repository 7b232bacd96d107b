//! What the API server refuses, in words that name the field; and that every rule can be kept and broken.

use azimage_crds::manifests;
use azimage_end_to_end::{Test, manifests::with};
use serde_json::{Value, json};

use crate::{schema_of_definitions as definitions, schema_of_sources as sources, schema_of_validation as validation};

/// One rule: where it stands, a part of its message, a change that keeps it and one that breaks it.
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    /// Path of the rule in the schema.
    pub(crate) path: &'static str,
    /// Part of the rule's message.
    pub(crate) message: &'static str,
    /// The field that the API server names.
    pub(crate) field: &'static str,
    pub(crate) accepted: Value,
    pub(crate) refused: Value,
}

pub(crate) const VERSION: &str = "ImageVersion";
const TARGET: &str = "ReplicationTarget";
pub(crate) const GUID: &str = "11111111-2222-3333-4444-555555555555";

pub(crate) fn version_base() -> Value {
    json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": VERSION, "metadata": {"name": "base"},
        "spec": {
            "gallery": {"subscriptionId": GUID, "resourceGroup": "images", "name": "corpGallery"},
            "definition": "ubuntu-web",
            "version": "1.4.0",
            "source": {"virtualMachine": {"resourceId": machine("builder"), "capture": "InPlace"}},
            // Defaults would be told apart from nothing in a rule about changes.
            "publish": {"storageAccountType": "Standard_LRS", "replicationMode": "Full"},
            "workspace": {"resourceGroup": "image-work", "subnets": [subnet("westeurope", "work")]},
        },
    })
}

fn subnet(region: &str, name: &str) -> Value {
    let network = format!("/subscriptions/{GUID}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub");
    json!({"region": region, "resourceId": format!("{network}/subnets/{name}")})
}

/// A machine that is cloned, with such settings.
fn cloned(settings: &Value) -> Value {
    let machine = json!({"virtualMachine": {"resourceId": machine("builder"), "clone": settings}});
    with(version_base(), "/spec/source", machine)
}

fn in_place(settings: &Value) -> Value {
    with(version_base(), "/spec/source/virtualMachine/inPlace", settings.clone())
}

pub(crate) fn without_workspace(mut object: Value) -> Value {
    object["spec"].as_object_mut().unwrap().remove("workspace");
    object
}

fn target_base() -> Value {
    json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": TARGET, "metadata": {"name": "base"},
        "spec": {"region": "northeurope", "imageSelector": {"matchLabels": {"tier": "prod"}}},
    })
}

fn machine(name: &str) -> String {
    format!("/subscriptions/{GUID}/resourceGroups/images/providers/Microsoft.Compute/virtualMachines/{name}")
}

/// A resource of Microsoft.Compute by its kind and name, such as `images/golden`.
fn compute(kind_and_name: &str) -> String {
    format!("/subscriptions/{GUID}/resourceGroups/images/providers/Microsoft.Compute/{kind_and_name}")
}

fn version_id(version: &str) -> String {
    format!(
        "/subscriptions/{GUID}/resourceGroups/images/providers/Microsoft.Compute/galleries/corpGallery/images/ubuntu-web/versions/{version}"
    )
}

fn base(kind: &str) -> Value {
    match kind {
        VERSION => version_base(),
        TARGET => target_base(),
        _ => definitions::base(),
    }
}

/// A rule on a list of the settings of a copy.
fn list_of_a_clone(list: &'static str, message: &'static str, accepted: &Value, refused: &Value) -> Case {
    let path = match list {
        "vmSizes" => ".spec.source.virtualMachine.clone.vmSizes",
        _ => ".spec.source.virtualMachine.clone.maskUnits",
    };
    let field = path.trim_start_matches('.');
    let (accepted, refused) = (cloned(&json!({list: accepted})), cloned(&json!({list: refused})));
    Case { kind: VERSION, path, message, field, accepted, refused }
}

/// Rules about a value as it is: the change is applied to a new object.
#[allow(clippy::too_many_lines, reason = "a table")]
fn values() -> Vec<Case> {
    let allow = |path: &str| json!({"allow": [{"path": path, "reason": "it belongs there"}]});
    let case = |kind, path: &'static str, message, accepted: Value, refused: Value| Case {
        kind,
        path,
        message,
        field: path.trim_start_matches('.'),
        accepted,
        refused,
    };
    let at = |base: Value, pointer: &str, good: Value, bad: Value| {
        (with(base.clone(), pointer, good), with(base, pointer, bad))
    };
    let version = |path: &'static str, message, good: Value, bad: Value| {
        let (accepted, refused) = at(version_base(), &path.replace('.', "/"), good, bad);
        case(VERSION, path, message, accepted, refused)
    };
    let target = |path: &'static str, message, good: Value, bad: Value| {
        let (accepted, refused) = at(target_base(), &path.replace('.', "/"), good, bad);
        case(TARGET, path, message, accepted, refused)
    };
    let allowed = |good: &str, bad: &str| Case {
        path: ".spec.source.virtualMachine.guest.allow[].path",
        field: "spec.source.virtualMachine.guest.allow[0].path",
        ..version(".spec.source.virtualMachine.guest", "whole path in the guest", allow(good), allow(bad))
    };
    let image = |id: &str| json!({"managedImage": {"resourceId": id}});
    let disks = |os: &str, data: &str| {
        let data = json!([{"lun": 1, "resourceId": data}]);
        json!({"disks": {"osDisk": {"resourceId": os}, "dataDisks": data, "prepare": "AlreadyGeneralized"}})
    };
    let of_source = |path: &'static str, field: &'static str, message, good: Value, bad: Value| Case {
        path,
        field,
        ..version(".spec.source", message, good, bad)
    };
    let vhd = "https://corp.blob.core.windows.net/vhds/golden.vhd";
    let copy = |id: &str| json!({"imageVersion": {"resourceId": id}});
    let labels = |path, message, good: Value, bad: Value| {
        let with = |labels| with(target_base(), "/spec/imageSelector/matchLabels", labels);
        Case { path, field: "spec.imageSelector.matchLabels", ..case(TARGET, ".spec", message, with(good), with(bad)) }
    };
    let both = json!({
        "virtualMachine": {"resourceId": machine("builder"), "capture": "InPlace"},
        "imageVersion": {"resourceId": version_id("1.0.0")},
    });
    let by_name = |name: &str| with(target_base(), "/spec", json!({"region": "northeurope", "imageVersionName": name}));
    let expressions = |list: Value| with(target_base(), "/spec/imageSelector", json!({"matchExpressions": list}));
    let exists = json!({"key": "app", "operator": "Exists"});
    vec![
        version(".spec.gallery.subscriptionId", "must be a GUID", GUID.into(), "x".repeat(36).into()),
        version(".spec.gallery.resourceGroup", "name of a resource group", "a.b_(c)-d".into(), "images.".into()),
        version(".spec.gallery.name", "has no dashes", "corp_Gallery.2".into(), "corp-gallery".into()),
        version(".spec.definition", "name of an image definition", "ubuntu-web.24_04".into(), "-web".into()),
        version(
            ".spec.serviceAccountName",
            "name of a ServiceAccount",
            "team-a.publisher".into(),
            "Publisher_1".into(),
        ),
        version(".spec.version", "three integers", "0.10.2147483647".into(), "1.4".to_owned().into()),
        version(".spec.version", "three integers", "20261123.1.0".into(), "1.4.2147483648".into()),
        version(".spec.version", "three integers", "1.0.0".into(), "v1.4.0".into()),
        version(".spec.version", "three integers", "10.20.30".into(), "01.4.0".into()),
        Case {
            refused: with(version_base(), "/spec/source", json!({})),
            ..version(".spec.source", "set exactly one of virtualMachine", copy(&version_id("1.0.0")), json!({}))
        },
        version(".spec.source", "set exactly one of virtualMachine", copy(&version_id("1.0.0")), both),
        version(
            ".spec.source.virtualMachine.resourceId",
            "resource id of a virtual machine",
            machine("Builder_7").to_uppercase().into(),
            machine("builder").replace("virtualMachines", "disks").into(),
        ),
        version(".spec.source.virtualMachine.guest.timeout", "between 25m and 24h", "1h30m".into(), "1499s".into()),
        version(".spec.source.virtualMachine.guest.timeout", "between 25m and 24h", "24h".into(), "soon".into()),
        version(".spec.source.virtualMachine.guest.scriptTimeout", "between 10s and 1h", "90s".into(), "9s".into()),
        version(".spec.source.virtualMachine.guest.scriptTimeout", "between 10s and 1h", "1h".into(), "61m".into()),
        allowed("/home/deploy/*", "deploy/*"),
        allowed("/home/deploy/key", "/home/deploy/"),
        version(
            ".spec.source.virtualMachine.guest.script",
            "at most 16384 bytes",
            "é".repeat(8192).into(),
            "é".repeat(8193).into(),
        ),
        version(
            ".spec.source.virtualMachine.guest",
            "leave out script",
            json!({"prepare": "AlreadyGeneralized"}),
            json!({"prepare": "AlreadyGeneralized", "script": "echo hello"}),
        ),
        version(
            ".spec.source.virtualMachine.guest",
            "leave out script",
            json!({"prepare": "AlreadyGeneralized", "hygiene": "Off"}),
            json!({"prepare": "AlreadyGeneralized", "allow": [{"path": "/opt/key", "reason": "test"}]}),
        ),
        Case {
            path: ".spec",
            field: "spec.workspace",
            ..case(VERSION, ".spec", "needs spec.workspace", cloned(&json!({})), without_workspace(cloned(&json!({}))))
        },
        Case {
            path: ".spec",
            field: "spec.publish.replicationMode",
            ..case(
                VERSION,
                ".spec",
                "with capture: Clone, the default, that is deleted",
                with(version_base(), "/spec/publish/replicationMode", "Shallow".into()),
                with(cloned(&json!({})), "/spec/publish/replicationMode", "Shallow".into()),
            )
        },
        Case {
            path: ".spec",
            field: "spec.publish.replicationMode",
            ..case(
                VERSION,
                ".spec",
                "inPlace.sourceCleanup: Delete deletes that",
                with(in_place(&json!({"sourceCleanup": "Keep"})), "/spec/publish/replicationMode", "Shallow".into()),
                with(in_place(&json!({"sourceCleanup": "Delete"})), "/spec/publish/replicationMode", "Shallow".into()),
            )
        },
        Case {
            path: ".spec.source.virtualMachine",
            field: "spec.source.virtualMachine",
            ..case(VERSION, ".spec", "clone is for capture: Clone", cloned(&json!({"keepOnFailure": "0s"})), {
                with(version_base(), "/spec/source/virtualMachine/clone", json!({}))
            })
        },
        Case {
            path: ".spec.source.virtualMachine",
            field: "spec.source.virtualMachine",
            ..case(VERSION, ".spec", "can't be cloned", cloned(&json!({})), {
                with(cloned(&json!({})), "/spec/source/virtualMachine/guest", json!({"prepare": "AlreadyGeneralized"}))
            })
        },
        list_of_a_clone(
            "vmSizes",
            "with their whole names",
            &json!(["Standard_D2s_v5", "Standard_B2s"]),
            &json!(["Standard_B2s", "D2s_v5"]),
        ),
        list_of_a_clone(
            "vmSizes",
            "case makes no difference",
            &json!(["Standard_D2s_v5", "Standard_D2ds_v5"]),
            &json!(["Standard_B2s", "standard_b2S"]),
        ),
        list_of_a_clone(
            "maskUnits",
            "with their endings",
            &json!(["backup.timer", "getty@tty1.service", r"srv-a\x2db.mount"]),
            &json!(["backup"]),
        ),
        list_of_a_clone(
            "maskUnits",
            "names a unit twice",
            &json!(["a.timer", "b.timer"]),
            &json!(["a.timer", "a.timer"]),
        ),
        list_of_a_clone(
            "maskUnits",
            "must not name the units of",
            &json!(["a.timer"]),
            &json!(["walinuxagent.service"]),
        ),
        Case {
            path: ".spec.source.virtualMachine.clone.keepOnFailure",
            field: "spec.source.virtualMachine.clone.keepOnFailure",
            ..case(
                VERSION,
                ".spec",
                "between 0s and 168h",
                cloned(&json!({"keepOnFailure": "168h"})),
                cloned(&json!({"keepOnFailure": "8 days"})),
            )
        },
        Case {
            path: ".spec.source.virtualMachine",
            field: "spec.source.virtualMachine",
            ..case(VERSION, ".spec", "inPlace is for capture: InPlace", in_place(&json!({})), {
                with(cloned(&json!({})), "/spec/source/virtualMachine/inPlace", json!({}))
            })
        },
        Case {
            path: ".spec.source.virtualMachine.inPlace.keepDiskSnapshotFor",
            field: "spec.source.virtualMachine.inPlace.keepDiskSnapshotFor",
            ..case(
                VERSION,
                ".spec",
                "between 1h and 720h",
                in_place(&json!({"keepDiskSnapshotFor": "0s"})),
                in_place(&json!({"keepDiskSnapshotFor": "59m"})),
            )
        },
        version(".spec.workspace.resourceGroup", "name of a resource group", "a.b_(c)-d".into(), "work.".into()),
        version(
            ".spec.workspace.subnets",
            "of the same region",
            json!([subnet("westeurope", "work"), subnet("northeurope", "work")]),
            json!([subnet("westeurope", "work"), subnet("West Europe", "other")]),
        ),
        Case {
            path: ".spec.workspace.subnets[].region",
            field: "spec.workspace.subnets[0].region",
            ..version(
                ".spec.workspace.subnets",
                "must be an Azure region",
                json!([subnet("North Europe", "work")]),
                json!([subnet("north-europe", "work")]),
            )
        },
        Case {
            path: ".spec.workspace.subnets[].resourceId",
            field: "spec.workspace.subnets[0].resourceId",
            ..version(
                ".spec.workspace.subnets",
                "resource id of a subnet",
                json!([subnet("westeurope", "Work_1.a")]),
                json!([{"region": "westeurope", "resourceId": "work"}]),
            )
        },
        version(".spec.workspace.tags", "1 to 512 characters", json!({"cost center": "42"}), json!({"a/b": "42"})),
        version(".spec.workspace.tags", "set by the controller", json!({"azure": "1"}), json!({"Azimage-owner": "me"})),
        version(
            ".spec.workspace.tags",
            "differ only in case",
            json!({"team": "a", "unit": "b"}),
            json!({"team": "a", "Team": "b"}),
        ),
        allowed("C:\\ProgramData\\agent\\id", "/home/*/.ssh"),
        allowed("/etc/my app/key", "/etc/two\nlines"),
        Case {
            path: ".spec.source.imageVersion.resourceId",
            field: "spec.source.imageVersion.resourceId",
            ..version(
                ".spec.source",
                "resource id of a gallery image version",
                copy(&version_id("1.0.0")),
                copy(&version_id("latest")),
            )
        },
        of_source(
            ".spec.source.managedImage.resourceId",
            "spec.source.managedImage.resourceId",
            "resource id of a managed image",
            image(&compute("images/golden")),
            image(&compute("disks/golden")),
        ),
        of_source(
            ".spec.source.disks.osDisk.resourceId",
            "spec.source.disks.osDisk.resourceId",
            "resource id of a managed disk or of a snapshot",
            disks(&compute("snapshots/os"), &compute("disks/data")),
            disks(&compute("images/os"), &compute("disks/data")),
        ),
        of_source(
            ".spec.source.disks.dataDisks[].resourceId",
            "spec.source.disks.dataDisks[0].resourceId",
            "resource id of a managed disk or of a snapshot",
            disks(&compute("DISKS/os"), &compute("Snapshots/data")),
            disks(&compute("disks/os"), &machine("data")),
        ),
        of_source(
            ".spec.source.virtualMachine.resourceId",
            "spec.source.virtualMachine.resourceId",
            "az disk create --source",
            json!({"virtualMachine": {"resourceId": machine("builder"), "capture": "InPlace"}}),
            json!({"virtualMachine": {"resourceId": vhd, "capture": "InPlace"}}),
        ),
        of_source(
            ".spec.source.imageVersion.resourceId",
            "spec.source.imageVersion.resourceId",
            "az disk create --source",
            copy(&version_id("1.0.0")),
            copy(vhd),
        ),
        of_source(
            ".spec.source.managedImage.resourceId",
            "spec.source.managedImage.resourceId",
            "az disk create --source",
            image(&compute("images/golden")),
            image(&vhd.to_uppercase()),
        ),
        of_source(
            ".spec.source.disks.osDisk.resourceId",
            "spec.source.disks.osDisk.resourceId",
            "az disk create --source",
            disks(&compute("snapshots/os"), &compute("disks/data")),
            disks(vhd, &compute("disks/data")),
        ),
        of_source(
            ".spec.source.disks.dataDisks[].resourceId",
            "spec.source.disks.dataDisks[0].resourceId",
            "az disk create --source",
            disks(&compute("snapshots/os"), &compute("disks/data")),
            disks(&compute("snapshots/os"), vhd),
        ),
        Case {
            field: "spec.publish.endOfLifeDate",
            ..version(
                ".spec.publish",
                "needs an endOfLifeDate",
                json!({"blockDeletionBeforeEndOfLife": true, "endOfLifeDate": "2027-11-01T00:00:00Z"}),
                json!({"blockDeletionBeforeEndOfLife": true}),
            )
        },
        version(".spec.publish.tags", "1 to 512 characters", json!({"cost center": "42"}), json!({"a/b": "42"})),
        version(".spec.publish.tags", "set by the controller", json!({"azure": "1"}), json!({"Azimage-owner": "me"})),
        version(
            ".spec.publish.tags",
            "differ only in case",
            json!({"team": "a", "unit": "b"}),
            json!({"team": "a", "Team": "b"}),
        ),
        target(".spec.region", "must be an Azure region", "North Europe".into(), "north-europe".into()),
        case(TARGET, ".spec", "exactly one of imageSelector", by_name("web"), {
            with(target_base(), "/spec/imageVersionName", "web".into())
        }),
        case(TARGET, ".spec", "exactly one of imageSelector", by_name("web-1.4.0"), {
            with(target_base(), "/spec", json!({"region": "northeurope"}))
        }),
        case(TARGET, ".spec.imageVersionName", "name of an ImageVersion", by_name("web-1.4.0"), by_name("Web")),
        Case {
            path: ".spec.imageSelector.matchExpressions",
            field: "spec.imageSelector.matchExpressions",
            ..case(
                TARGET,
                ".spec",
                "stands here twice",
                expressions(json!([exists, {"key": "tier", "operator": "In", "values": ["prod"]}])),
                expressions(json!([exists, exists])),
            )
        },
        Case {
            path: ".spec.imageSelector.matchExpressions[]",
            field: "spec.imageSelector.matchExpressions[0].values",
            ..case(
                TARGET,
                ".spec",
                "In and NotIn need values",
                expressions(json!([{"key": "tier", "operator": "NotIn", "values": ["dev"]}])),
                expressions(json!([{"key": "tier", "operator": "In"}])),
            )
        },
        labels(
            ".spec.imageSelector.matchLabels",
            "such a name",
            json!({"example.com/tier": "prod"}),
            json!({"tier!": "prod"}),
        ),
        labels(".spec.imageSelector.matchLabels", "such a value", json!({"tier": ""}), json!({"tier": "prod prod"})),
        Case {
            path: ".spec.imageSelector.matchExpressions[].key",
            field: "spec.imageSelector.matchExpressions[0].key",
            ..case(
                TARGET,
                ".spec",
                "such a name",
                expressions(json!([{"key": "a.b/tier_1", "operator": "Exists"}])),
                expressions(json!([{"key": "/tier", "operator": "Exists"}])),
            )
        },
        Case {
            path: ".spec.imageSelector.matchExpressions[].values",
            field: "spec.imageSelector.matchExpressions[0].values",
            ..case(
                TARGET,
                ".spec",
                "such a value",
                expressions(json!([{"key": "tier", "operator": "In", "values": ["prod", ""]}])),
                expressions(json!([{"key": "tier", "operator": "In", "values": ["prod", "-"]}])),
            )
        },
        Case {
            path: ".spec.removalDelay",
            field: "spec.removalDelay",
            ..case(
                TARGET,
                ".spec",
                "between 0s and 168h",
                with(target_base(), "/spec/removalDelay", "0s".into()),
                with(target_base(), "/spec/removalDelay", "169h".into()),
            )
        },
    ]
}

/// Rules about a change: the change is applied to an object that exists.
fn changes() -> Vec<Case> {
    let unchangeable = |path: &'static str, other: Value| Case {
        kind: VERSION,
        path,
        message: "can't be changed: a version is never replaced",
        field: path.trim_start_matches('.'),
        accepted: with(version_base(), "/spec/suspend", true.into()),
        refused: with(version_base(), &path.replace('.', "/"), other),
    };
    vec![
        unchangeable(".spec.gallery", json!({"subscriptionId": GUID, "resourceGroup": "images", "name": "other"})),
        unchangeable(".spec.definition", "other".into()),
        unchangeable(".spec.version", "1.4.1".into()),
        unchangeable(".spec.source", json!({"virtualMachine": {"resourceId": machine("other"), "capture": "InPlace"}})),
        unchangeable(
            ".spec.workspace",
            json!({"resourceGroup": "elsewhere", "subnets": [subnet("westeurope", "work")]}),
        ),
        Case {
            kind: VERSION,
            path: ".spec",
            message: "can't be taken away",
            field: "spec",
            accepted: with(version_base(), "/spec/suspend", true.into()),
            refused: without_workspace(version_base()),
        },
        unchangeable(".spec.publish.storageAccountType", "Standard_ZRS".into()),
        unchangeable(".spec.publish.replicationMode", "Shallow".into()),
        Case {
            kind: TARGET,
            path: ".spec.region",
            message: "the region of a target can't be changed",
            field: "spec.region",
            accepted: with(target_base(), "/spec/region", "North Europe".into()),
            refused: with(target_base(), "/spec/region", "westeurope".into()),
        },
    ]
}

/// A source of disks, those with data at these logical unit numbers.
fn of_disks(luns: &[u8]) -> Value {
    let data = luns.iter().map(|lun| json!({"lun": lun, "resourceId": compute("disks/data")}));
    let (os_disk, data) = (json!({"resourceId": compute("disks/os")}), data.collect::<Vec<_>>());
    json!({"disks": {"osDisk": os_disk, "dataDisks": data, "prepare": "AlreadyGeneralized"}})
}

/// Refused by the plain schema, without a rule.
fn plain() -> Vec<(Value, &'static str)> {
    vec![
        (with(version_base(), "/spec/publish/defaultReplicas", 0.into()), "spec.publish.defaultReplicas"),
        (with(version_base(), "/spec/publish/defaultReplicas", 101.into()), "spec.publish.defaultReplicas"),
        (with(version_base(), "/spec/publish/storageAccountType", "Fast".into()), "spec.publish.storageAccountType"),
        (
            with(version_base(), "/spec/source/virtualMachine/capture", "Copy".into()),
            "spec.source.virtualMachine.capture",
        ),
        (with(version_base(), "/spec/workspace/subnets", json!([])), "spec.workspace.subnets"),
        (with(version_base(), "/spec/source", of_disks(&[0, 0])), "spec.source.disks.dataDisks[1]"),
        (with(version_base(), "/spec/source", of_disks(&[64])), "spec.source.disks.dataDisks[0].lun"),
        (
            with(
                with(version_base(), "/spec/source", of_disks(&[])),
                "/spec/source/disks/prepare",
                "Deprovision".into(),
            ),
            "spec.source.disks.prepare",
        ),
        (with(version_base(), "/spec/definition", "d".repeat(81).into()), "spec.definition"),
        (with(version_base(), "/spec/deletionPolicy", "Keep".into()), "spec.deletionPolicy"),
        (with(target_base(), "/spec/replicas", 0.into()), "spec.replicas"),
        (with(target_base(), "/spec/region", "x".into()), "spec.region"),
    ]
}

fn all_values() -> Vec<Case> {
    values().into_iter().chain(validation::values()).chain(definitions::values()).chain(sources::values()).collect()
}

fn all_changes() -> Vec<Case> {
    changes().into_iter().chain(definitions::changes()).collect()
}

/// All rules of the specs in the definitions: kind, path and message.
fn rules() -> Vec<(String, String, String)> {
    fn walk(kind: &str, schema: &Value, path: &str, found: &mut Vec<(String, String, String)>) {
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            let message = rule["message"].as_str().expect("every rule has a message");
            found.push((kind.to_owned(), path.to_owned(), message.to_owned()));
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            walk(kind, property, &format!("{path}.{name}"), found);
        }
        if schema["items"].is_object() {
            walk(kind, &schema["items"], &format!("{path}[]"), found);
        }
        if schema["additionalProperties"].is_object() {
            walk(kind, &schema["additionalProperties"], &format!("{path}{{}}"), found);
        }
    }
    let mut found = Vec::new();
    for definition in manifests().unwrap() {
        let kind = definition.object["spec"]["names"]["kind"].as_str().unwrap().to_owned();
        for version in definition.object["spec"]["versions"].as_array().unwrap() {
            walk(&kind, &version["schema"]["openAPIV3Schema"], "", &mut found);
        }
    }
    found
}

#[test]
fn every_rule_has_an_example_that_keeps_it_and_one_that_breaks_it() {
    let cases: Vec<Case> = all_values().into_iter().chain(all_changes()).collect();
    let rules = rules();
    assert!(rules.len() >= 25, "{rules:?}");
    let has = |kind: &str, path: &str, message: &str| {
        cases.iter().any(|case| case.kind == kind && case.path == path && message.contains(case.message))
    };
    let without: Vec<_> = rules.iter().filter(|(kind, path, message)| !has(kind, path, message)).collect();
    assert_eq!(without, Vec::<&(String, String, String)>::new(), "rules without examples");
}

/// kubectl's answer to each of the objects, which are applied in one call: what it says of an object, by its name.
async fn apply(test: &Test, objects: Vec<Value>, dry_run: bool) -> Vec<String> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    // The API server makes this anew after definitions came, and kubectl asks for it with a limit of half a minute.
    test.kubectl(&["get", "--raw", "/openapi/v2"]).await;
    let mut arguments = vec!["-n", &test.namespace, "apply", "-f", "-"];
    if dry_run {
        arguments.push("--dry-run=server");
    }
    let output = test.environment.cluster.kubectl_with_input(&arguments, &list.to_string()).await.unwrap();
    // Each answer about an object begins with its kind, or with "Error" when kubectl itself wants to say something.
    let said = format!("{}\n{}", output.stdout, output.stderr);
    let mut answers: Vec<String> = Vec::new();
    for line in said.lines() {
        let begins = line.starts_with("The ") || line.starts_with("Error") || line.contains(".azimage.dev/");
        match answers.last_mut() {
            Some(answer) if !begins => {
                answer.push('\n');
                answer.push_str(line);
            }
            _ => answers.push(line.to_owned()),
        }
    }
    answers.into_iter().map(|answer| answer.trim().to_owned()).collect()
}

fn named(mut object: Value, name: &str) -> Value {
    object["metadata"]["name"] = name.into();
    object
}

/// The answer about an object.
fn about<'a>(answers: &'a [String], name: &str) -> &'a str {
    let of = |answer: &&String| answer.contains(&format!("\"{name}\"")) || answer.contains(&format!("/{name} "));
    answers.iter().find(of).unwrap_or_else(|| panic!("nothing is said of {name}: {answers:#?}"))
}

#[tokio::test]
async fn the_api_server_refuses_bad_input_in_words_that_name_the_field() {
    let test = Test::new("schema").await;
    let values = all_values();
    let mut objects = Vec::new();
    for (index, case) in values.iter().enumerate() {
        objects.push(named(case.accepted.clone(), &format!("good-{index}")));
        objects.push(named(case.refused.clone(), &format!("bad-{index}")));
    }
    let plain: Vec<_> = plain().into_iter().chain(definitions::plain()).collect();
    objects
        .extend(plain.iter().enumerate().map(|(index, (object, _))| named(object.clone(), &format!("plain-{index}"))));
    let answers = apply(&test, objects, true).await;
    for (index, case) in values.iter().enumerate() {
        let good = about(&answers, &format!("good-{index}"));
        assert!(good.contains("created (server dry run)"), "{} {}: {good}", case.path, case.accepted["spec"]);
        let bad = about(&answers, &format!("bad-{index}"));
        assert!(
            bad.contains(case.message) && bad.contains(case.field),
            "{} {}: {bad}",
            case.path,
            case.refused["spec"]
        );
    }
    for (index, (object, field)) in plain.iter().enumerate() {
        let answer = about(&answers, &format!("plain-{index}"));
        assert!(answer.contains(field) && !answer.contains("created"), "{}: {answer}", object["spec"]);
    }
}

#[tokio::test]
async fn a_misspelt_field_is_refused_by_its_name() {
    let test = Test::new("misspelt").await;
    let answers = apply(&test, vec![with(target_base(), "/spec/regoin", "x".into())], true).await;
    assert!(answers.iter().any(|answer| answer.contains("unknown field") && answer.contains("regoin")), "{answers:?}");
}

#[tokio::test]
async fn the_api_server_refuses_changes_of_what_cannot_be_changed() {
    let test = Test::new("immutable").await;
    let cases = all_changes();
    let names: Vec<String> = (0..cases.len()).map(|index| format!("change-{index}")).collect();
    let named_bases = cases.iter().zip(&names).map(|(case, name)| named(base(case.kind), name)).collect();
    let answers = apply(&test, named_bases, false).await;
    assert!(names.iter().all(|name| about(&answers, name).ends_with("created")), "{answers:#?}");
    let accepted = cases.iter().zip(&names).map(|(case, name)| named(case.accepted.clone(), name)).collect();
    let accepted = apply(&test, accepted, true).await;
    let refused = cases.iter().zip(&names).map(|(case, name)| named(case.refused.clone(), name)).collect();
    let refused = apply(&test, refused, true).await;
    for (case, name) in cases.iter().zip(&names) {
        let good = about(&accepted, name);
        assert!(good.contains("configured (server dry run)"), "{}: {good}", case.path);
        let bad = about(&refused, name);
        assert!(bad.contains(case.message) && bad.contains(case.field), "{}: {bad}", case.path);
    }
}
